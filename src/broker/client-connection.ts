import type { CodecError } from '../codec/codec-error.ts';
import type { Connect, ControlPacket, Properties } from '../codec/control-packet.ts';
import type { PublishHead } from '../codec/publish-frame.ts';
import { publishFrameLength, writePublishFrame } from '../codec/publish-frame.ts';
import type { PublishView } from '../codec/publish-view.ts';
import { connackReturnCode, reasonCodes } from '../codec/reason-codes.ts';
import type { Connection, EndCause, PacketHandler } from '../connection/connection.ts';
import { InboundTopicAliases, OutboundTopicAliases } from '../connection/topic-aliases.ts';
import type { TopicEntry } from '../connection/topic-memory.ts';
import { TopicMemory } from '../connection/topic-memory.ts';
import type { Route } from '../routing/router.ts';
import { Message } from '../session/message.ts';
import { PacketIdentifierSet } from '../session/packet-identifier-set.ts';
import type { Session, SessionTarget } from '../session/session.ts';
import type { QueuedRecord } from '../stores/session-store.ts';
import type { Broker } from './broker.ts';
import { endConnection } from './end-connection.ts';
import { errorText } from './error-text.ts';
import { handleAcknowledgement } from './handle-acknowledgement.ts';
import { handleConnect } from './handle-connect.ts';
import { handleDisconnect } from './handle-disconnect.ts';
import { handlePublish } from './handle-publish.ts';
import { handlePubrel } from './handle-pubrel.ts';
import { handleSubscribe } from './handle-subscribe.ts';
import { handleUnsubscribe } from './handle-unsubscribe.ts';
import type { PrincipalPolicy } from './policy.ts';
import type { Publication, Publisher } from './publication.ts';
import { remainingSeconds } from './publication.ts';
import type { RetainedReplay } from './retained-replay.ts';
import type { BrokerSettings } from './settings.ts';
import { checkUserProperties } from './user-properties.ts';
import type { Will } from './will-schedule.ts';

/** What a connection remembers about a topic that it publishes to. */
export interface PublishTopic extends TopicEntry {
  readonly topic: string;
  /** Policy epoch of `allowed`. */
  epoch: number;
  allowed: boolean;
  route: Route<Session>;
}

/** What a client that was let in has, all of it decided by CONNECT. */
export interface Accepted {
  readonly session: Session;
  readonly policy: PrincipalPolicy;
  readonly connect: Connect;
  readonly will?: Will;
}

/** Refusals of a will for which 3.x has no word: its CONNECT is closed like a malformed one (SPEC.md §4). */
const closedWithoutReturnCode: ReadonlySet<number> = new Set([
  reasonCodes.qosNotSupported,
  reasonCodes.retainNotSupported,
  reasonCodes.topicNameInvalid,
]);

let lastConnectionId = 0;

/**
 * One client's connection as the broker sees it: the protocol's meaning on top of `Connection`. Each packet goes to its
 * `handle-*.ts`, where the order of the checks can be read.
 */
export class ClientConnection implements PacketHandler, SessionTarget<Publication> {
  readonly broker: Broker;
  readonly connection: Connection;
  /** For the log: tells connections of one process apart. */
  readonly id: string;
  /** As they were at CONNECT; a reload concerns later connections. */
  readonly settings: BrokerSettings;
  /** Row A8 is off on this listener. */
  readonly sharedClientIds: boolean;
  /** Monotonic milliseconds at which CONNECT was complete. */
  connectedAt = 0;
  readonly topics: TopicMemory<PublishTopic>;
  inboundAliases: InboundTopicAliases;
  /** Set once CONNACK has said yes. */
  accepted: Accepted | undefined;
  publisher: Publisher = { clientId: '', identityKey: '' };
  /** QoS 1 messages received whose PUBACK waits for the store. */
  unacknowledged = 0;
  /** QoS 2 messages received on this connection and not yet released: Receive Maximum counts by connection [5.0 section 4.9]. */
  readonly unreleased = new PacketIdentifierSet();
  /** Retained messages still to be sent to new subscriptions. */
  /** By the filter as it was sent: a subscription made anew begins its replay anew [MQTT-3.8.4-3]. */
  readonly replays = new Map<string, RetainedReplay>();
  /** Why we closed it, for the log. */
  closeReason = '';
  /** The will is not to be published: DISCONNECT said so. */
  willDiscarded = false;
  #outboundAliases: OutboundTopicAliases | undefined;
  /** The last topic judged for reading, as the same topic often comes again. */
  #judgedTopic = '';
  #judgedEpoch = -1;
  #judgedReadable = false;

  constructor(broker: Broker, connection: Connection, sharedClientIds: boolean) {
    this.broker = broker;
    this.connection = connection;
    this.settings = broker.settings;
    this.id = (++lastConnectionId).toString(36);
    this.sharedClientIds = sharedClientIds;
    this.topics = new TopicMemory(broker.limits.decisionCacheTopics);
    this.inboundAliases = new InboundTopicAliases(0);
    broker.connections.add(this);
    broker.counters.connectionsAccepted++;
  }

  get session(): Session | undefined {
    return this.accepted?.session;
  }

  /** For log lines about this connection. */
  get logFields(): Record<string, unknown> {
    const { peer } = this.connection.channel;
    const principal = this.accepted?.policy.principal;
    return {
      connection: this.id,
      client_id: this.accepted?.session.clientId,
      username: principal?.username,
      client: principal?.client,
      listener: peer.listener,
      address: peer.address,
    };
  }

  // --- PacketHandler -----------------------------------------------------------------------------------------------

  connect(packet: Connect): void {
    this.connectedAt = this.broker.clock.monotonic();
    const { maximumPacketSize } = packet.properties;
    if (maximumPacketSize !== undefined) this.connection.maximumOutgoingPacket = maximumPacketSize;
    handleConnect(this.broker, this, packet).catch((error: unknown) => this.failed(error));
  }

  publish(view: PublishView, buffer: Buffer, start: number): number {
    const deliveries = handlePublish(this.broker, this, view, buffer, start);
    this.burden();
    return deliveries;
  }

  packet(packet: Exclude<ControlPacket, Connect>): void {
    this.broker.counters.messagesReceived++;
    if ('properties' in packet) checkUserProperties(this.broker.limits, packet.type, packet.properties);
    this.#handle(packet);
    this.burden();
  }

  #handle(packet: Exclude<ControlPacket, Connect>): void {
    switch (packet.type) {
      case 'pingreq':
        this.connection.send({ type: 'pingresp' }); // [MQTT-3.12.4-1]
        return;
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        handleAcknowledgement(this, packet);
        return;
      case 'pubrel':
        handlePubrel(this.broker, this, packet);
        return;
      case 'subscribe':
        handleSubscribe(this.broker, this, packet);
        return;
      case 'unsubscribe':
        handleUnsubscribe(this.broker, this, packet);
        return;
      case 'disconnect':
        handleDisconnect(this, packet);
        return;
      case 'auth':
        // No method was agreed upon at CONNECT, so there is nothing to go on with [MQTT-4.12.0-7].
        this.disconnect(reasonCodes.protocolError, 'AUTH without an authentication method');
        return;
      case 'connack':
      case 'publish':
      case 'suback':
      case 'unsuback':
      case 'pingresp':
        // Only a server sends these; PUBLISH has its own way in.
        this.disconnect(reasonCodes.protocolError, `${packet.type.toUpperCase()} from a client`);
        return;
      default:
        packet satisfies never;
    }
  }

  /** [MQTT-3.1.4-1] [MQTT-4.13.1-1] */
  violation(error: CodecError): void {
    this.broker.log('protocol_violation', {
      ...this.logFields,
      reason_code: error.reasonCode,
      fault: error.message,
    });
    this.closeReason = error.message;
    if (this.accepted !== undefined) this.#closeWith(error.reasonCode);
    else if (this.connection.version === 5) this.refuseNow(error.reasonCode);
    else if (error.connackReturnCode !== undefined) this.#sendConnack(error.connackReturnCode);
    else this.connection.close(); // [3.1.1:MQTT-3.1.4-1] [3.1.1:MQTT-3.2.2-6]
  }

  timedOut(what: 'connect' | 'keep-alive'): void {
    if (what === 'keep-alive') {
      this.disconnect(reasonCodes.keepAliveTimeout, 'keep alive timed out'); // [MQTT-3.1.2-22]
    } else {
      this.closeReason = 'no complete CONNECT in time';
      this.connection.close(); // Section 3.1.4 leaves the time to us: mqtt.connect_timeout
    }
  }

  drained(): void {
    this.proceed();
  }

  failed(error: unknown): void {
    this.broker.log('internal_error', { ...this.logFields, error: errorText(error) });
    if (this.accepted === undefined) this.refuseNow(reasonCodes.serverUnavailable);
    else this.disconnect(reasonCodes.implementationSpecificError, 'internal error');
  }

  ended(cause: EndCause, error?: Error): void {
    endConnection(this.broker, this, cause, error);
  }

  // --- closing -----------------------------------------------------------------------------------------------------

  /** Closes a connection after CONNACK: 5.0 is told why, 3.x cannot be (SPEC.md §4). */
  disconnect(reasonCode: number, reason: string): void {
    this.closeReason ||= reason;
    this.#closeWith(reasonCode);
  }

  /** Another connection takes the session over [MQTT-3.1.4-3]. */
  displace(): void {
    this.disconnect(reasonCodes.sessionTakenOver, 'session taken over');
  }

  /** CONNACK with a refusal, then close [MQTT-3.1.4-2] [MQTT-4.12.0-4]. `reasonCode` is 5.0's; 3.x gets its own. */
  refuseNow(reasonCode: number): void {
    if (this.connection.version === 5) this.#sendConnack(reasonCode);
    else if (closedWithoutReturnCode.has(reasonCode)) this.connection.close();
    else this.#sendConnack(connackReturnCode(reasonCode));
  }

  #sendConnack(reasonCode: number): void {
    // [MQTT-3.2.2-6]: a refusal says that no session is present, and has no properties [MQTT-3.2.2-19] [MQTT-3.2.2-20].
    // It closes although CONNACK may be too large to be sent [MQTT-3.2.2-7] [MQTT-4.13.2-1].
    this.connection.close({ type: 'connack', sessionPresent: false, reasonCode, properties: {} });
  }

  /** DISCONNECT has no properties [MQTT-3.14.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4], and closes [MQTT-4.13.2-1]. */
  #closeWith(reasonCode: number): void {
    if (this.connection.version !== 5) this.connection.close();
    else this.connection.close({ type: 'disconnect', reasonCode, properties: {} });
  }

  // --- SessionTarget -----------------------------------------------------------------------------------------------

  get policyEpoch(): number {
    return this.accepted?.policy.epoch ?? -1;
  }

  get writable(): boolean {
    return this.connection.writable;
  }

  mayRead(topic: string): boolean {
    const policy = (this.accepted as Accepted).policy;
    if (topic === this.#judgedTopic && policy.epoch === this.#judgedEpoch) return this.#judgedReadable;
    this.#judgedTopic = topic;
    this.#judgedEpoch = policy.epoch;
    this.#judgedReadable = policy.compiled.permits('read', topic);
    return this.#judgedReadable;
  }

  /** What this client asked for at CONNECT about the packets it is sent. */
  adopt(accepted: Accepted): void {
    const { properties, protocolVersion } = accepted.connect;
    this.accepted = accepted;
    this.publisher = accepted.session;
    if (protocolVersion !== 5) return;
    this.inboundAliases = new InboundTopicAliases(this.settings.mqtt.topicAliasMaximum);
    const maximum = Math.min(properties.topicAliasMaximum ?? 0, this.settings.mqtt.topicAliasMaximum);
    if (maximum > 0) this.#outboundAliases = new OutboundTopicAliases(maximum);
  }

  sendQos0(publication: Publication, retain: boolean, identifiers: readonly number[]): void {
    const { connection } = this;
    if (!connection.writable) {
      connection.droppedQos0++;
      this.broker.counters.publishDropped++;
      return;
    }
    this.broker.counters.publishSent++;
    if (connection.version !== 5 || (identifiers.length === 0 && this.#outboundAliases === undefined)) {
      publication.frameFor(connection.version, retain);
      const { frameBuffer, frameStart, frameEnd } = publication;
      if (frameEnd - frameStart > connection.maximumOutgoingPacket) return; // [MQTT-3.1.2-24] [MQTT-3.1.2-25]
      connection.sendFrame(frameBuffer, frameStart, frameEnd);
      return;
    }
    const head = publication.qos0Head(connection.version, retain);
    head.subscriptionIdentifiers = identifiers;
    this.#sendOwnFrame(publication.topic, publication.content, head);
  }

  sendPublish(record: QueuedRecord, packetId: number, dup: boolean): 'sent' | 'withheld' {
    const message = Message.from(record.message);
    const { version } = this.connection;
    const now = this.broker.clock.now();
    const expiry = remainingSeconds(message.expiresAt, now);
    // [MQTT-3.3.2-5]: expired before its delivery began. A delivery that has begun is finished.
    const stale = message.expiresAt <= now || now - record.queuedAt > this.settings.mqtt.maxQueuedAge;
    if ((stale && !dup) || !this.mayRead(message.topic)) return 'withheld';
    const head: PublishHead = {
      version,
      qos: record.qos,
      retain: record.retain,
      dup,
      packetId,
      topicAlias: 0,
      omitTopic: false,
      // [MQTT-3.3.2-6]: what is left of the expiry interval.
      messageExpiryInterval:
        version === 5 && message.expiresAt !== Number.POSITIVE_INFINITY ? Math.max(0, expiry) : -1,
      subscriptionIdentifiers: version === 5 ? record.identifiers : [],
    };
    this.broker.counters.publishSent++;
    return this.#sendOwnFrame(message.topic, message.content, head) ? 'sent' : 'withheld';
  }

  sendPubrel(packetId: number): void {
    this.connection.sendAcknowledgement('pubrel', packetId);
  }

  /** A frame for this receiver alone. False: it is larger than the client takes [MQTT-3.1.2-24]. */
  #sendOwnFrame(topic: string, content: Publication['content'], head: PublishHead): boolean {
    const aliases = this.#outboundAliases;
    let newAlias = false;
    if (aliases !== undefined) {
      const known = aliases.known(topic);
      newAlias = known === undefined;
      head.topicAlias = known ?? aliases.next();
      head.omitTopic = known !== undefined;
    }
    const length = publishFrameLength(content, head);
    if (length > this.connection.maximumOutgoingPacket) return false;
    if (newAlias && head.topicAlias > 0) aliases?.assign(topic);
    const { slab } = this.broker;
    const offset = slab.reserve(length);
    const { buffer } = slab;
    writePublishFrame(buffer, offset, content, head);
    this.connection.sendFrame(buffer, offset, offset + length);
    return true;
  }

  /** Goes on with what waited for the reader or for acknowledgements. */
  proceed(): void {
    this.session?.outbox?.pump();
    for (const [filter, replay] of this.replays) {
      if (replay.proceed() !== 'finished') break;
      this.replays.delete(filter);
    }
    this.relieve();
  }

  /** Takes on work again once the client reads and the store keeps up (see `burden`). */
  relieve(): void {
    if (this.connection.stalled && !this.overburdened) this.connection.unstall();
  }

  /** Called after each packet: a client that does not read its answers, or outruns the store, has to wait. */
  burden(): void {
    if (this.overburdened) this.connection.stall();
  }

  get overburdened(): boolean {
    return (
      !this.connection.writable ||
      this.connection.acknowledgements.length >= this.settings.mqtt.receiveMaximum
    );
  }

  /**
   * An acknowledgement with a reason; in 3.x the reason is left out. There is no Reason String or User Property in it
   * [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.1.2-29].
   */
  acknowledge(
    type: 'puback' | 'pubrec' | 'pubcomp',
    packetId: number,
    reasonCode: number,
    properties: Properties = {},
  ): void {
    if (reasonCode === reasonCodes.success) this.connection.sendAcknowledgement(type, packetId);
    else this.connection.send({ type, packetId, reasonCode, properties });
  }
}
