import type { EndCause } from '../connection/connection.ts';
import type { Broker } from './broker.ts';
import type { ClientConnection } from './client-connection.ts';
import { removeSession, scheduleExpiry } from './end-session.ts';

/** A network connection is over, from whichever side: the will, and what becomes of the session. */
export function endConnection(
  broker: Broker,
  client: ClientConnection,
  cause: EndCause,
  error?: Error,
): void {
  broker.connections.delete(client);
  client.replays.clear();
  const { accepted } = client;
  if (accepted === undefined) return;
  broker.counters.clientsConnected--;
  const { session, will } = accepted;
  const reason = client.closeReason === '' ? cause : client.closeReason;
  broker.log('client_disconnected', { ...client.logFields, reason, error: error?.message });
  if (session.target !== client) return;
  session.detach();
  if (will !== undefined) {
    // [MQTT-3.1.2-10]
    if (client.willDiscarded) broker.wills.forget(session);
    else broker.wills.connectionEnded(session, will);
  }
  if (session.expiryInterval === 0) removeSession(broker, session);
  else scheduleExpiry(broker, session);
}
