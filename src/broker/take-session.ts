import type { Principal } from '../authentication/principal.ts';
import type { Connect } from '../codec/control-packet.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import { PacketIdentifierSet } from '../session/packet-identifier-set.ts';
import { Session } from '../session/session.ts';
import type { QueuedRecord } from '../stores/session-store.ts';
import { StoreError, StoreFullError } from '../stores/session-store.ts';
import type { Broker } from './broker.ts';
import type { ClientConnection } from './client-connection.ts';
import { purgeSession, removeSession, scheduleExpiry } from './end-session.ts';
import type { Will } from './will-schedule.ts';

/** Claims lost to another owner before the client is asked to come again later. */
const CLAIM_ATTEMPTS = 3;

export interface SessionRequest {
  readonly connect: Connect;
  readonly clientId: string;
  readonly principal: Principal;
  /** Milliseconds. */
  readonly expiryInterval: number;
  readonly will: Will | undefined;
}

/** A session that is this connection's, though nothing is sent yet. */
export interface TakenSession {
  readonly session: Session;
  /** Session Present of CONNACK [MQTT-3.2.2-2] [MQTT-3.2.2-3]. */
  readonly present: boolean;
  /** What an earlier connection left unacknowledged. */
  readonly inflight: readonly QueuedRecord[];
  /** There will be no connection: a session that was there goes on as it was, a new one ends. */
  abandon(): void;
}

export interface SessionRefusal {
  readonly reasonCode: number;
  readonly cause: string;
}

/** What CONNECT decides about the session on the way. */
export interface TakeDecision {
  /** Whether the client may still come in: asked before anything happens to the session, and before it is attached. */
  judge(): SessionRefusal | undefined;
  accept(taken: TakenSession): void;
}

/**
 * Makes the session of a client id this connection's: ownership (row A8) → `judge` → the old connection goes → claim →
 * Clean Start purges, or the session is taken up → durable → `judge` → `accept`. One at a time per client id, so that no
 * other CONNECT comes between these steps; there is no await between `judge` and what rests on it (TH28).
 */
export function takeSession(
  broker: Broker,
  client: ClientConnection,
  request: SessionRequest,
  decision: TakeDecision,
): Promise<SessionRefusal | 'accepted' | 'closed'> {
  return broker.sessions.inTurn(request.clientId, async () => {
    const taken = await take(broker, client, request, decision);
    if (taken === 'closed' || !('session' in taken)) return taken;
    const outcome = client.connection.isClosed ? 'closed' : (decision.judge() ?? 'accepted');
    if (outcome === 'accepted') decision.accept(taken);
    else taken.abandon();
    return outcome;
  });
}

async function take(
  broker: Broker,
  client: ClientConnection,
  request: SessionRequest,
  decision: TakeDecision,
): Promise<TakenSession | SessionRefusal | 'closed'> {
  const { clientId, principal, connect } = request;
  const known = broker.sessions.get(clientId);
  const record = known ?? (await broker.store.find(clientId));
  if (client.connection.isClosed) return 'closed';
  const refusal = decision.judge();
  if (refusal !== undefined) return refusal;
  // [MQTT-3.1.3-8]
  if (record !== undefined && record.identityKey !== principal.identityKey && !client.sharedClientIds) {
    return { reasonCode: reasonCodes.clientIdentifierNotValid, cause: 'not-owner' };
  }
  if (known === undefined && broker.sessions.size >= broker.limits.sessions) {
    return { reasonCode: reasonCodes.quotaExceeded, cause: 'sessions' };
  }
  displaceOldConnection(broker, known);
  // What is left is a stored session; one that ended with its connection is gone.
  const old = broker.sessions.get(clientId);
  // [MQTT-3.1.2-6] [3.1.1:MQTT-3.1.2-4] [3.1.1:MQTT-3.1.2-6]
  const resumable = old?.stored === true && !connect.cleanStart && old.identityKey === principal.identityKey;
  const taking = resumable ? resume(broker, old, request) : begin(broker, old, request, record?.epoch ?? 0);
  const taken = await taking.catch((error: unknown) => storeFailed(broker, clientId, error));
  if ('session' in taken) return taken;
  // The attempt may have stopped the time of a session that is still there.
  const left = broker.sessions.get(clientId);
  if (left !== undefined) scheduleExpiry(broker, left);
  return taken;
}

function storeFailed(broker: Broker, clientId: string, error: unknown): SessionRefusal {
  if (!(error instanceof StoreError || error instanceof StoreFullError)) throw error;
  broker.log('store_failed', { operation: 'connect', client_id: clientId, error: error.message });
  return unavailable('store');
}

/** The old connection is told and closed [MQTT-3.1.4-3]. */
function displaceOldConnection(broker: Broker, session: Session | undefined): void {
  const old = broker.clientOf(session);
  if (old === undefined) return;
  broker.log('session_taken_over', old.logFields);
  old.displace();
}

/** A new session in place of whatever there was [MQTT-3.1.2-4]. */
async function begin(
  broker: Broker,
  old: Session | undefined,
  request: SessionRequest,
  lastEpoch: number,
): Promise<TakenSession | SessionRefusal> {
  const { clientId, principal, expiryInterval } = request;
  const touchesStore = expiryInterval > 0 || old?.stored === true;
  let epoch = lastEpoch + 1;
  if (touchesStore) {
    if (old !== undefined) broker.cancelExpiry(old);
    const claimed = await claim(broker, clientId, old?.epoch ?? lastEpoch, old);
    if (typeof claimed !== 'number') return claimed;
    epoch = claimed;
  }
  // Its will fires before it is purged.
  if (old !== undefined && expiryInterval > 0) purgeSession(broker, old);
  else if (old !== undefined) removeSession(broker, old);
  const { identityKey, clientType } = principal;
  const session = new Session(
    { clientId, identityKey, clientType, epoch, expiryInterval },
    broker.sessionContext,
  );
  broker.sessions.set(session);
  const abandon = (): void => removeSession(broker, session);
  const kept = await keep(broker, session, request).catch(undoing(abandon));
  if (kept !== 'kept') abandon();
  return kept === 'kept' ? { session, present: false, inflight: [], abandon } : kept;
}

/** The stored session goes on where it was [MQTT-3.1.2-5]. */
async function resume(
  broker: Broker,
  session: Session,
  request: SessionRequest,
): Promise<TakenSession | SessionRefusal> {
  const { clientId } = request;
  broker.cancelExpiry(session);
  const claimed = await claim(broker, clientId, session.epoch, session);
  if (typeof claimed !== 'number') return claimed;
  const contents = await broker.store.load(clientId, session.epoch);
  if (contents === 'stale' || contents === undefined) return unavailable('claim lost');
  session.inboundQos2 = new PacketIdentifierSet(contents.inboundQos2);
  const withdrawn = broker.wills.withdraw(session);
  const abandon = (): void => {
    if (withdrawn !== undefined) broker.wills.reinstate(session, withdrawn);
    scheduleExpiry(broker, session);
  };
  const kept = await keep(broker, session, request).catch(undoing(abandon));
  if (kept !== 'kept') abandon();
  return kept === 'kept' ? { session, present: true, inflight: contents.inflight, abandon } : kept;
}

/** What CONNACK promises is durable before it is sent: the session under its new expiry interval, and the will. */
async function keep(
  broker: Broker,
  session: Session,
  { expiryInterval, will }: SessionRequest,
): Promise<'kept' | SessionRefusal> {
  if (!session.stored) return 'kept';
  const { clientId, epoch } = session;
  const record = session.record(Number.POSITIVE_INFINITY, expiryInterval);
  broker.writer.add({ kind: 'put-session', clientId, epoch, session: record });
  broker.wills.keep(session, will);
  await broker.writer.durable();
  return session.lost ? unavailable('claim lost') : 'kept';
}

/** Passes an error on after `undo`. */
function undoing(undo: () => void): (error: unknown) => never {
  return (error) => {
    undo();
    throw error;
  };
}

/**
 * Fences off earlier owners. What was gathered for the session before is handed to the store first, so that the claim
 * cannot make it stale, and what comes after carries the new epoch.
 */
async function claim(
  broker: Broker,
  clientId: string,
  lastEpoch: number,
  session: Session | undefined,
): Promise<number | SessionRefusal> {
  let epoch = lastEpoch + 1;
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    broker.writer.submit();
    if (session !== undefined) session.epoch = epoch;
    const outcome = await broker.store.claim(clientId, epoch);
    if (outcome.kind === 'claimed') {
      if (session !== undefined) session.lost = false;
      return epoch;
    }
    epoch = outcome.epoch + 1;
  }
  return unavailable('claim contested');
}

function unavailable(cause: string): SessionRefusal {
  return { reasonCode: reasonCodes.serverUnavailable, cause };
}
