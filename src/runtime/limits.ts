/**
 * Every limit of the broker: name, default, unit, bounds and what happens at it. The configuration schema reads this
 * table, docs/reference/limits.md has a line for each entry, and code takes its values from `Limits`.
 */
export type LimitUnit = 'count' | 'bytes' | 'duration';

export interface LimitDefinition {
  /** The key below `limits:` in portcullis.yaml. */
  readonly key: string;
  readonly unit: LimitUnit;
  /** In items, bytes or milliseconds. */
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly description: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;

export const limitDefinitions = {
  connectPacketBytes: {
    key: 'connect_packet_bytes',
    unit: 'bytes',
    default: 128 * KIB,
    minimum: KIB,
    maximum: 512 * KIB,
    description: 'Largest CONNECT. A larger one is closed before it is read: nobody has proven anything yet.',
  },
  pipelinedBytes: {
    key: 'pipelined_bytes',
    unit: 'bytes',
    default: 64 * KIB,
    minimum: KIB,
    maximum: 16 * MIB,
    description:
      'Bytes a client may send behind CONNECT while it is decided; above it the socket is no longer read.',
  },
  pendingAuthentications: {
    key: 'pending_authentications',
    unit: 'count',
    default: 1000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Authentications under way at once. A CONNECT above it is refused with 0x89 (3.x: 3).',
  },
  concurrentPasswordHashes: {
    key: 'concurrent_password_hashes',
    unit: 'count',
    default: 2,
    minimum: 1,
    maximum: 128,
    description: 'Argon2 computations at once; others wait their turn off the event loop.',
  },
  failureReplyDelay: {
    key: 'failure_reply_delay',
    unit: 'duration',
    default: 250,
    minimum: 0,
    maximum: 10 * SECOND,
    description:
      'A failed CONNECT is answered at this time after it arrived, or at its next multiple (row P4).',
  },
  connections: {
    key: 'connections',
    unit: 'count',
    default: 100_000,
    minimum: 1,
    maximum: 10_000_000,
    description: 'Network connections of all listeners. One above it is closed at accept.',
  },
  unauthenticatedConnections: {
    key: 'unauthenticated_connections',
    unit: 'count',
    default: 10_000,
    minimum: 1,
    maximum: 10_000_000,
    description:
      'Connections without an accepted CONNECT, TLS handshakes included. One above it is closed at accept.',
  },
  writeQueueBytes: {
    key: 'write_queue_bytes',
    unit: 'bytes',
    default: 4 * MIB,
    minimum: 16 * KIB,
    maximum: 1024 * MIB,
    description:
      'Bytes waiting for one slow reader. Above it QoS 0 is dropped and counted, QoS 1 and 2 stay in the session queue.',
  },
  stalledWorkBytes: {
    key: 'stalled_work_bytes',
    unit: 'bytes',
    default: 256 * KIB,
    minimum: 16 * KIB,
    maximum: 64 * MIB,
    description:
      'Packets of one client kept while its work must wait; above it the socket is no longer read.',
  },
  queuedBytes: {
    key: 'queued_bytes',
    unit: 'bytes',
    default: 64 * MIB,
    minimum: KIB,
    maximum: 1024 * 1024 * MIB,
    description:
      'Payload and topic bytes queued for one session; above it the oldest message is dropped and counted.',
  },
  inboundQos2: {
    key: 'inbound_qos2',
    unit: 'count',
    default: 1024,
    minimum: 1,
    maximum: 65_535,
    description: 'Unfinished QoS 2 messages from one client; one more closes the connection (5.0: 0x93).',
  },
  subscriptionsPerSession: {
    key: 'subscriptions_per_session',
    unit: 'count',
    default: 10_000,
    minimum: 1,
    maximum: 10_000_000,
    description: 'Subscriptions of one session; one more is refused with 0x97 (3.x: 0x80).',
  },
  topicBytes: {
    key: 'topic_bytes',
    unit: 'bytes',
    default: 4 * KIB,
    minimum: 16,
    maximum: 65_535,
    description:
      'Length of a topic in UTF-8 bytes; a longer topic name is refused with 0x90 (3.x: closed), a longer filter with 0x8F (3.x: 0x80).',
  },
  topicLevels: {
    key: 'topic_levels',
    unit: 'count',
    default: 100,
    minimum: 1,
    maximum: 65_536,
    description:
      'Levels of a topic; a topic name with more is refused with 0x90 (3.x: closed), a filter with 0x8F (3.x: 0x80).',
  },
  userProperties: {
    key: 'user_properties',
    unit: 'count',
    default: 100,
    minimum: 0,
    maximum: 65_535,
    description: 'User properties of one packet; more close the connection with 0x97.',
  },
  retainedMessages: {
    key: 'retained_messages',
    unit: 'count',
    default: 1_000_000,
    minimum: 0,
    maximum: 100_000_000,
    description:
      'Retained messages in all; a new one above it is refused with 0x97 (3.x: delivered, not retained, and the one before it goes).',
  },
  retainedBytes: {
    key: 'retained_bytes',
    unit: 'bytes',
    default: 1024 * MIB,
    minimum: 0,
    maximum: 1024 * 1024 * MIB,
    description: 'Topic and payload bytes retained in all; above it as for retained_messages.',
  },
  sessions: {
    key: 'sessions',
    unit: 'count',
    default: 1_000_000,
    minimum: 1,
    maximum: 100_000_000,
    description:
      'Sessions, connected or stored; a CONNECT that needs one more is refused with 0x97 (3.x: 3).',
  },
  routeCacheReceivers: {
    key: 'route_cache_receivers',
    unit: 'count',
    default: 1_000_000,
    minimum: 1_000,
    maximum: 100_000_000,
    description:
      'Receivers remembered over all cached topics; above it the oldest topics are looked up anew.',
  },
  decisionCacheTopics: {
    key: 'decision_cache_topics',
    unit: 'count',
    default: 1024,
    minimum: 16,
    maximum: 1_000_000,
    description: 'Topics whose write decision one connection remembers; above it a slot is reused.',
  },
  drainTime: {
    key: 'drain_time',
    unit: 'duration',
    default: 5 * SECOND,
    minimum: 0,
    maximum: 9 * SECOND,
    description: 'Time that connections get at shutdown to take what is queued and the DISCONNECT.',
  },
  closeLinger: {
    key: 'close_linger',
    unit: 'duration',
    default: SECOND,
    minimum: 0,
    maximum: 30 * SECOND,
    description:
      'After a final packet (CONNACK refusal, DISCONNECT) the peer gets this long to read it and close.',
  },
} as const satisfies Record<string, LimitDefinition>;

export type LimitName = keyof typeof limitDefinitions;
/** Values in items, bytes or milliseconds by the limit's unit. */
export type Limits = { readonly [Name in LimitName]: number };

/** The defaults of every limit, with the given ones replaced. */
export function limitsWith(overrides: Partial<Limits> = {}): Limits {
  const defaults = Object.fromEntries(
    Object.entries(limitDefinitions).map(([name, definition]) => [name, definition.default]),
  ) as Record<LimitName, number>;
  return { ...defaults, ...overrides };
}
