import type { Unsubscribe } from '../codec/control-packet.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import type { Broker } from './broker.ts';
import type { Accepted, ClientConnection } from './client-connection.ts';

/** UNSUBSCRIBE: filters are compared character by character [MQTT-3.10.4-1]. Needs no permission. */
export function handleUnsubscribe(broker: Broker, client: ClientConnection, packet: Unsubscribe): void {
  const { session } = client.accepted as Accepted;
  const codes = packet.filters.map((filter) => {
    const subscription = session.subscriptions.get(filter);
    if (subscription === undefined) return reasonCodes.noSubscriptionExisted;
    session.subscriptions.delete(filter);
    broker.router.unsubscribe(session, subscription.filter, subscription.group);
    client.replays.delete(filter);
    if (session.stored) {
      const { clientId, epoch } = session;
      broker.writer.add({ kind: 'delete-subscription', clientId, epoch, filter });
    }
    return reasonCodes.success;
  });
  const { packetId } = packet;
  // [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-2.2.1-6]; no properties [MQTT-3.11.2-1] [MQTT-3.11.2-2].
  const unsuback = (): void => {
    client.connection.send({ type: 'unsuback', packetId, reasonCodes: codes, properties: {} });
  };
  if (!session.stored) {
    client.connection.acknowledgements.send(unsuback);
    return;
  }
  const acknowledge = client.connection.acknowledgements.hold();
  broker.writer.whenDurable((error) => {
    acknowledge(() => {
      if (error === undefined) unsuback();
      else client.disconnect(reasonCodes.quotaExceeded, 'the store failed');
    });
    client.relieve();
  });
}
