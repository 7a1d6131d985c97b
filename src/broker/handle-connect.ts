import type { Authenticator } from '../authentication/authenticator.ts';
import type { RefusalCause } from '../authentication/chain.ts';
import type { Principal } from '../authentication/principal.ts';
import type { Credentials } from '../authentication/provider.ts';
import type { Connack, Connect, Properties } from '../codec/control-packet.ts';
import { forwardablePropertiesOf } from '../codec/properties.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import { isTopicName, levelCount } from '../routing/topic.ts';
import { Message } from '../session/message.ts';
import type { Broker } from './broker.ts';
import type { ClientConnection } from './client-connection.ts';
import { mayUseListener } from './connection-type.ts';
import { PrincipalPolicy } from './policy.ts';
import { DEFAULT_ACK_PENDING } from './settings.ts';
import { judgeSubscriptions } from './subscription-rights.ts';
import type { TakenSession } from './take-session.ts';
import { takeSession } from './take-session.ts';
import { hasTooMany } from './user-properties.ts';
import type { Will } from './will-schedule.ts';

const ASSIGNED_ID_BYTES = 16;
const NEVER_EXPIRES = 0xffff_ffff;

/** A refusal: what the peer is told, and what the operator reads. */
interface Refusal {
  /** 5.0's; 3.x gets the return code that goes with it (SPEC.md §4). */
  readonly reasonCode: number;
  readonly cause: string;
  readonly detail?: unknown;
  /** A failed credential: answered at a fixed time, whatever it was that failed (row P4). */
  readonly failedCredential?: boolean;
}

/**
 * CONNECT, from the first packet to CONNACK. The order of the steps is the order of the security checks; after each
 * await the connection and the rights are looked at again.
 *
 * 1. well-formed for its version   2. admission   3. authentication   4. connection type   5. client id
 * 6. will topic   7. ownership and takeover of the session   8. CONNACK, and only now the packets behind CONNECT
 */
export async function handleConnect(
  broker: Broker,
  client: ClientConnection,
  connect: Connect,
): Promise<void> {
  const malformed = checkConnect(broker, connect);
  if (malformed !== undefined) return refuse(broker, client, connect, malformed);
  if (broker.draining) {
    return refuse(broker, client, connect, {
      reasonCode: reasonCodes.serverUnavailable,
      cause: 'shutting-down',
    });
  }
  if (broker.pendingAuthentications >= broker.limits.pendingAuthentications) {
    return refuse(broker, client, connect, { reasonCode: reasonCodes.serverBusy, cause: 'overload' });
  }

  const { authenticator } = broker;
  const authenticated = await authenticate(broker, client, connect);
  if (client.connection.isClosed) return;
  if ('reasonCode' in authenticated) return refuse(broker, client, connect, authenticated);
  const principal = authenticated;

  const clientId = connect.clientId === '' ? assignedClientId(broker) : connect.clientId;
  const policy = new PrincipalPolicy(principal, clientId, broker.settings.policy.trustClientId);
  const denied = judgeRights(client, policy, connect);
  if (denied !== undefined) return refuse(broker, client, connect, denied);

  const expiryInterval = sessionExpiry(client, connect);
  // [MQTT-3.1.2-24]: who cannot even be sent the CONNACK cannot be served.
  if (!client.connection.fits(connack(client, connect, clientId, expiryInterval, false))) {
    const reasonCode = reasonCodes.packetTooLarge;
    return refuse(broker, client, connect, { reasonCode, cause: 'connack-too-large' });
  }
  const will = willOf(connect, policy, clientId);
  const request = { connect, clientId, principal, expiryInterval, will };
  const outcome = await takeSession(broker, client, request, {
    judge: () => judgeAgain(broker, client, authenticator, policy, connect),
    accept: (taken) => accept(broker, client, { ...request, taken, policy }),
  });
  if (typeof outcome !== 'string') refuse(broker, client, connect, outcome);
}

/** Steps 4 and 6: what was proven is not enough for this listener, or for this will (row A9). */
function judgeRights(
  client: ClientConnection,
  { principal, compiled }: PrincipalPolicy,
  { will }: Connect,
): Refusal | undefined {
  const reasonCode = reasonCodes.notAuthorized;
  if (!mayUseListener(principal, client.connection.channel.peer.protocol))
    return { reasonCode, cause: 'connection-type' };
  if (will === undefined || compiled.permits('write', will.topic)) return undefined;
  return { reasonCode, cause: 'will-denied', detail: { will_topic: will.topic } };
}

/** The checks of steps 2 to 6 again, where a reload came between: under the configuration that is in force now (TH28). */
function judgeAgain(
  broker: Broker,
  client: ClientConnection,
  authenticatedBy: Authenticator,
  policy: PrincipalPolicy,
  connect: Connect,
): Refusal | undefined {
  if (broker.draining) return { reasonCode: reasonCodes.serverUnavailable, cause: 'shutting-down' };
  if (broker.authenticator === authenticatedBy) return undefined;
  const principal = broker.authenticator.refresh(policy.principal);
  if ('gone' in principal) {
    const reasonCode = reasonCodes.badUserNameOrPassword;
    return { reasonCode, cause: principal.gone, failedCredential: true };
  }
  policy.replace(principal, broker.settings.policy.trustClientId);
  return judgeRights(client, policy, connect);
}

interface Acceptance {
  readonly connect: Connect;
  readonly clientId: string;
  readonly expiryInterval: number;
  readonly will: Will | undefined;
  readonly taken: TakenSession;
  readonly policy: PrincipalPolicy;
}

/** The client is in: its session is attached, CONNACK leaves first, then what the session has for it. */
function accept(broker: Broker, client: ClientConnection, acceptance: Acceptance): void {
  const { connect, clientId, expiryInterval, will, taken, policy } = acceptance;
  const { session, present, inflight } = taken;
  session.expiryInterval = expiryInterval;
  client.adopt({ session, policy, connect, ...(will && { will }) }); // [MQTT-3.1.2-7]
  const outbox = session.attach(client, sendQuota(client, connect));
  judgeSubscriptions(broker, session, policy);

  const { counters } = broker;
  counters.clientsConnected++;
  counters.clientsMaximum = Math.max(counters.clientsMaximum, counters.clientsConnected);
  broker.log('client_connected', {
    ...client.logFields,
    ...connectFields(client, connect),
    session_present: present,
  });
  client.connection.send(connack(client, connect, clientId, expiryInterval, present));
  outbox.resume(inflight);
  client.connection.open(keepAlive(client, connect));
}

/** What the packet itself gets wrong beyond its syntax. */
function checkConnect(broker: Broker, connect: Connect): Refusal | undefined {
  const { clientId, protocolVersion, cleanStart, will, properties } = connect;
  // [3.1.1:MQTT-3.1.3-8] [3.1.1:MQTT-3.1.3-9]: an empty client id needs Clean Session; 3.1 knows no empty one.
  if (clientId === '' && (protocolVersion === 3 || (protocolVersion === 4 && !cleanStart))) {
    return { reasonCode: reasonCodes.clientIdentifierNotValid, cause: 'client-id-empty' };
  }
  if (hasTooMany(broker.limits, properties) || (will && hasTooMany(broker.limits, will.properties))) {
    return { reasonCode: reasonCodes.quotaExceeded, cause: 'user-properties' };
  }
  if (will === undefined) return undefined;
  const { topicBytes, topicLevels } = broker.limits;
  const tooLong = Buffer.byteLength(will.topic) > topicBytes || levelCount(will.topic) > topicLevels;
  if (!isTopicName(will.topic) || tooLong)
    return { reasonCode: reasonCodes.topicNameInvalid, cause: 'will-topic' };
  return undefined;
}

async function authenticate(
  broker: Broker,
  client: ClientConnection,
  connect: Connect,
): Promise<Principal | Refusal> {
  broker.pendingAuthentications++;
  try {
    const outcome = await broker.authenticator.authenticate(credentialsOf(client, connect));
    switch (outcome.kind) {
      case 'authenticated':
        return outcome.principal;
      case 'refused':
        return refusalFor(outcome.cause, outcome.attempts);
      case 'challenge':
        // No provider that exists so far challenges; one that does needs AUTH here.
        return { reasonCode: reasonCodes.badAuthenticationMethod, cause: 'unknown-method' };
    }
  } finally {
    broker.pendingAuthentications--;
  }
}

function credentialsOf(client: ClientConnection, connect: Connect): Credentials {
  const { clientId, username, password, properties } = connect;
  const { authenticationMethod, authenticationData } = properties;
  return {
    clientId,
    peer: client.connection.channel.peer,
    isWanted: () => !client.connection.isClosed,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(authenticationMethod !== undefined && { authenticationMethod }),
    ...(authenticationData !== undefined && { authenticationData }),
  };
}

/** One code for every failed credential; what it was is for the log alone (row P4). */
const refusalCodes: Record<RefusalCause, number> = {
  'bad-credentials': reasonCodes.badUserNameOrPassword,
  disabled: reasonCodes.badUserNameOrPassword,
  revoked: reasonCodes.badUserNameOrPassword,
  expired: reasonCodes.badUserNameOrPassword,
  banned: reasonCodes.badUserNameOrPassword,
  'not-owner': reasonCodes.clientIdentifierNotValid,
  unavailable: reasonCodes.serverUnavailable,
  overload: reasonCodes.serverBusy,
  'unknown-method': reasonCodes.badAuthenticationMethod,
};

function refusalFor(cause: RefusalCause, detail: unknown): Refusal {
  const reasonCode = refusalCodes[cause];
  return { reasonCode, cause, detail, failedCredential: reasonCode === reasonCodes.badUserNameOrPassword };
}

/** Row A8: not to be guessed, so that nobody can squat on it. [MQTT-3.1.3-6] */
function assignedClientId(broker: Broker): string {
  return `auto-${broker.random.bytes(ASSIGNED_ID_BYTES).toString('base64url')}`;
}

/** Milliseconds that the session outlives its connection, capped by `max_session_expiry`. */
function sessionExpiry(client: ClientConnection, connect: Connect): number {
  const { maxSessionExpiry } = client.settings.mqtt;
  // [3.1.1:MQTT-3.1.2-4]
  if (connect.protocolVersion !== 5) return connect.cleanStart ? 0 : maxSessionExpiry;
  const seconds = connect.properties.sessionExpiryInterval ?? 0;
  return Math.min(seconds === NEVER_EXPIRES ? Number.POSITIVE_INFINITY : seconds * 1000, maxSessionExpiry);
}

function willOf(connect: Connect, policy: PrincipalPolicy, clientId: string): Will | undefined {
  const { will } = connect;
  if (will === undefined) return undefined; // [3.1.1:MQTT-3.1.2-12]
  const { messageExpiryInterval, willDelayInterval } = will.properties;
  const messageExpiry =
    messageExpiryInterval === undefined ? Number.POSITIVE_INFINITY : messageExpiryInterval * 1000;
  const message = new Message({
    topic: will.topic,
    payload: will.payload,
    qos: will.qos,
    retain: will.retain,
    properties: forwardablePropertiesOf(will.properties),
    expiresAt: Number.POSITIVE_INFINITY,
    publisher: clientId,
    publisherIdentity: policy.principal.identityKey,
  });
  return { message, messageExpiry, delay: (willDelayInterval ?? 0) * 1000, policy };
}

/** [MQTT-3.3.4-9] [MQTT-4.9.0-1]: the client's Receive Maximum, and ours per session. */
function sendQuota(client: ClientConnection, connect: Connect): number {
  const ours = client.settings.mqtt.maxAckPending ?? DEFAULT_ACK_PENDING;
  return Math.min(connect.properties.receiveMaximum ?? 65_535, ours);
}

/** Seconds in force. `max_keep_alive` binds 5.0 clients, who are told; 3.x clients cannot be and keep what they asked. */
function keepAlive(client: ClientConnection, connect: Connect): number {
  const { maxKeepAlive } = client.settings.mqtt;
  if (connect.protocolVersion !== 5 || maxKeepAlive === undefined) return connect.keepAlive;
  return connect.keepAlive === 0 ? maxKeepAlive : Math.min(connect.keepAlive, maxKeepAlive);
}

function connack(
  client: ClientConnection,
  connect: Connect,
  clientId: string,
  expiryInterval: number,
  sessionPresent: boolean,
): Connack {
  const properties: Properties = {};
  if (connect.protocolVersion === 5) {
    const { mqtt } = client.settings;
    properties.receiveMaximum = mqtt.receiveMaximum;
    properties.maximumPacketSize = mqtt.maxPacketSize;
    properties.topicAliasMaximum = mqtt.topicAliasMaximum;
    if (connect.clientId === '') properties.assignedClientIdentifier = clientId; // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
    const inForce =
      expiryInterval === Number.POSITIVE_INFINITY ? NEVER_EXPIRES : Math.floor(expiryInterval / 1000);
    if (inForce !== (connect.properties.sessionExpiryInterval ?? 0))
      properties.sessionExpiryInterval = inForce;
    const seconds = keepAlive(client, connect);
    if (seconds !== connect.keepAlive) properties.serverKeepAlive = seconds; // [MQTT-3.2.2-22]
  }
  return { type: 'connack', sessionPresent, reasonCode: reasonCodes.success, properties };
}

function connectFields(client: ClientConnection, connect: Connect): Record<string, unknown> {
  const { protocolVersion, cleanStart, keepAlive: asked, bridge } = connect;
  const { protocol } = client.connection.channel.peer;
  return { protocol, protocol_version: protocolVersion, clean_start: cleanStart, keep_alive: asked, bridge };
}

function refuse(broker: Broker, client: ClientConnection, connect: Connect, refusal: Refusal): void {
  const { reasonCode, cause, detail, failedCredential } = refusal;
  broker.counters.connectsRefused++;
  broker.log('connect_refused', {
    ...client.logFields,
    client_id: connect.clientId,
    username: connect.username,
    reason_code: reasonCode,
    cause,
    detail,
  });
  client.closeReason = `CONNECT refused: ${cause}`;
  const delay = failedCredential === true ? untilReply(broker, client) : 0;
  if (delay === 0) client.refuseNow(reasonCode);
  else broker.clock.after(delay, () => client.refuseNow(reasonCode));
}

/** Row P4: failures are answered at whole multiples of the delay after CONNECT, so that their time tells nothing. */
function untilReply(broker: Broker, client: ClientConnection): number {
  const step = broker.limits.failureReplyDelay;
  if (step === 0) return 0;
  const elapsed = broker.clock.monotonic() - client.connectedAt;
  return Math.ceil(elapsed / step) * step - elapsed;
}
