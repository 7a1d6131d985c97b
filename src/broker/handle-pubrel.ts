import type { PublishAcknowledgement } from '../codec/control-packet.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import type { Broker } from './broker.ts';
import type { ClientConnection } from './client-connection.ts';

/** PUBREL frees the identifier of a QoS 2 message; PUBCOMP says so once that is durable [MQTT-4.3.3-11]. */
export function handlePubrel(broker: Broker, client: ClientConnection, packet: PublishAcknowledgement): void {
  const { session } = client;
  if (session === undefined) return;
  const { packetId } = packet;
  const { acknowledgements } = client.connection;
  const known = session.inboundQos2.delete(packetId);
  client.unreleased.delete(packetId);
  if (!known) {
    const code = client.connection.version === 5 ? reasonCodes.packetIdentifierNotFound : reasonCodes.success;
    acknowledgements.send(() => client.acknowledge('pubcomp', packetId, code));
    return;
  }
  if (!session.stored) {
    acknowledgements.send(() => client.acknowledge('pubcomp', packetId, reasonCodes.success));
    return;
  }
  const { clientId, epoch } = session;
  broker.writer.add({ kind: 'delete-inbound-qos2', clientId, epoch, packetId });
  const acknowledge = acknowledgements.hold();
  broker.writer.whenDurable((error) => {
    acknowledge(() => {
      if (error === undefined) client.acknowledge('pubcomp', packetId, reasonCodes.success);
      else client.disconnect(reasonCodes.quotaExceeded, 'the store failed');
    });
    client.relieve();
  });
}
