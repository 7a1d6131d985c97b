import type { Session } from '../session/session.ts';
import type { Broker } from './broker.ts';

/** Ends a session for good, and gives its client id free. */
export function removeSession(broker: Broker, session: Session): void {
  purgeSession(broker, session);
  if (!session.stored) return;
  const { clientId, epoch } = session;
  broker.writer.add({ kind: 'release', clientId, epoch });
}

/** Ends a session: its will, its subscriptions, its queue and what the store has of it. The claim stays. */
export function purgeSession(broker: Broker, session: Session): void {
  broker.cancelExpiry(session);
  broker.wills.fireNow(session); // The end of the session is the latest time for a will [MQTT-3.1.2-8].
  for (const { filter, group } of session.subscriptions.values())
    broker.router.unsubscribe(session, filter, group);
  session.subscriptions.clear();
  session.detach();
  broker.sessions.delete(session);
  if (!session.stored) return;
  const { clientId, epoch } = session;
  broker.writer.add({ kind: 'delete-session', clientId, epoch });
}

/** Nobody is connected: from now on the expiry interval runs. */
export function scheduleExpiry(broker: Broker, session: Session): void {
  const { clientId, epoch, expiryInterval } = session;
  const expiresAt = broker.clock.now() + expiryInterval;
  broker.writer.add({ kind: 'put-session', clientId, epoch, session: session.record(expiresAt) });
  if (expiryInterval === Number.POSITIVE_INFINITY) return;
  broker.expireAfter(session, expiryInterval, () => {
    broker.log('session_expired', { client_id: clientId });
    removeSession(broker, session);
  });
}
