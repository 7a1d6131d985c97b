import type { ClientType } from '../authentication/principal.ts';
import type { QoS } from '../codec/control-packet.ts';

/**
 * The session port. Memory, SQLite and NATS are adapters of it; one suite (test/stores) holds all of them to it, also
 * over an adapter that delays every answer at random.
 *
 * - Writes come in batches, a batch is one transaction, and the promise resolves when the batch is durable.
 * - Every session write carries the owner's epoch. A batch with a stale epoch changes nothing of that session and names
 *   it in `stale`; the other sessions of the batch are written. Stale is every epoch but the one in force: one that
 *   nobody claimed too.
 * - Calls take effect in the order they are made, whenever their answers come.
 * - A write to a client id without a session changes nothing, `put-session` apart, and is not stale.
 * - Records are never changed, by neither side.
 * - Times are wall-clock milliseconds; `Infinity` means never.
 */
export interface SessionStore {
  /** The stored session of a client id, or undefined. */
  find(clientId: string): Promise<SessionRecord | undefined>;
  /**
   * Makes `epoch` the owner's epoch of this client id, if it is above the one in force (compare and set). Earlier
   * owners' writes fail from here on. For a client id that has none, the epoch must be above that of every `release`.
   */
  claim(clientId: string, epoch: number): Promise<ClaimOutcome>;
  /**
   * Everything of a session but its queue: for a resume, after `claim`. Undefined when there is no session: it may have
   * been deleted since `find`.
   */
  load(clientId: string, epoch: number): Promise<SessionContents | 'stale' | undefined>;
  /** Queued messages that are not in flight, in order from the first with `position` > `after`, at most `limit`. */
  readQueue(clientId: string, epoch: number, after: number, limit: number): Promise<QueuedRecord[] | 'stale'>;
  /** Applies a batch in order as one transaction. Rejects with StoreFullError or StoreError: then nothing was written. */
  write(batch: readonly StoreWrite[]): Promise<WriteOutcome>;
  /**
   * All sessions, each once, for start-up: wills, expiry and subscriptions; in pages inside the adapter. What is written
   * during the iteration may or may not be seen, here and in `retained`.
   */
  sessions(): AsyncIterable<SessionContents>;
  /** All retained messages, for start-up. */
  retained(): AsyncIterable<RetainedRecord>;
  /** Waits for what was written; every later call rejects with StoreError. */
  close(): Promise<void>;
}

export type ClaimOutcome = { readonly kind: 'claimed' } | { readonly kind: 'stale'; readonly epoch: number };

export interface WriteOutcome {
  /** Client ids whose writes were refused because their epoch is no longer the owner's. */
  readonly stale: readonly string[];
}

export interface SessionRecord {
  readonly clientId: string;
  readonly epoch: number;
  /** Row A8: the only principal that may resume, take over or purge the session. */
  readonly identityKey: string;
  readonly clientType: ClientType;
  /** Milliseconds that the session outlives its connection. */
  readonly expiryInterval: number;
  /** When the session ends, as long as nobody connects; Infinity while connected. */
  readonly expiresAt: number;
}

export interface SubscriptionRecord {
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly identifier?: number;
}

/** A message as it outlives the packet that brought it. Buffers are owned copies. */
export interface MessageRecord {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Encoded properties to pass on unchanged: without topic alias, expiry and subscription identifiers. */
  readonly properties: Buffer;
  /** Infinity when the message does not expire. */
  readonly expiresAt: number;
  /** Client id of the publisher, for No Local. */
  readonly publisher: string;
  /** Identity key of the publisher, for row A9. */
  readonly publisherIdentity: string;
}

export interface QueuedRecord {
  /** Ascending per session, never reused within it. */
  readonly position: number;
  readonly message: MessageRecord;
  /** QoS of the delivery: the smaller of the message's and the subscription's. */
  readonly qos: 1 | 2;
  /** RETAIN as it will be sent. */
  readonly retain: boolean;
  readonly identifiers: readonly number[];
  /** When it was queued: `max_queued_age` counts from here. */
  readonly queuedAt: number;
  /** Set while the message is in flight to the client. */
  readonly inflight?: InflightState;
}

export interface InflightState {
  readonly packetId: number;
  /** `publish`: waiting for PUBACK or PUBREC; `pubrel`: PUBREC seen, waiting for PUBCOMP. */
  readonly phase: 'publish' | 'pubrel';
}

export interface WillRecord {
  /** Never expires as it is kept: `messageExpiry` begins when the will is published. */
  readonly message: MessageRecord;
  /** Milliseconds that the message lives once published; absent means for ever. */
  readonly messageExpiry?: number;
  /** Milliseconds after the connection ends. */
  readonly delay: number;
  /** When it fires; Infinity while connected. */
  readonly firesAt: number;
}

export interface RetainedRecord {
  readonly message: MessageRecord;
}

export interface SessionContents {
  readonly session: SessionRecord;
  readonly subscriptions: readonly SubscriptionRecord[];
  /** In flight to the client, in the order first sent. */
  readonly inflight: readonly (QueuedRecord & { readonly inflight: InflightState })[];
  /** Identifiers of QoS 2 messages received and not yet released. */
  readonly inboundQos2: readonly number[];
  readonly will?: WillRecord;
  /** Highest position ever given in this session. */
  readonly lastPosition: number;
  /** Messages queued and not in flight. */
  readonly queued: number;
}

interface OwnedWrite {
  readonly clientId: string;
  readonly epoch: number;
}

export type StoreWrite =
  | (OwnedWrite & {
      readonly kind: 'put-session';
      readonly session: Omit<SessionRecord, 'clientId' | 'epoch'>;
    })
  /** Removes the session with all that belongs to it; the epoch stays in force until it is released. */
  | (OwnedWrite & { readonly kind: 'delete-session' })
  | (OwnedWrite & { readonly kind: 'put-subscription'; readonly subscription: SubscriptionRecord })
  | (OwnedWrite & { readonly kind: 'delete-subscription'; readonly filter: string })
  /**
   * The one kind that another session's owner writes: the publisher's broker puts a message in the queue of a session.
   * Fenced by the epoch under which the subscription was routed.
   */
  | (OwnedWrite & { readonly kind: 'enqueue'; readonly queued: QueuedRecord })
  | (OwnedWrite & {
      readonly kind: 'set-inflight';
      readonly position: number;
      readonly inflight: InflightState;
    })
  /** Delivered, expired, dropped or no longer readable. */
  | (OwnedWrite & { readonly kind: 'dequeue'; readonly position: number })
  | (OwnedWrite & { readonly kind: 'put-inbound-qos2'; readonly packetId: number })
  | (OwnedWrite & { readonly kind: 'delete-inbound-qos2'; readonly packetId: number })
  | (OwnedWrite & { readonly kind: 'put-will'; readonly will: WillRecord })
  | (OwnedWrite & { readonly kind: 'delete-will' })
  /**
   * Removes the session, if there is one, and ends the claim: nothing more is written under the epoch. Client ids that
   * come and go cost the store nothing; later owners still get a higher epoch.
   */
  | (OwnedWrite & { readonly kind: 'release' })
  | { readonly kind: 'put-retained'; readonly retained: RetainedRecord }
  | { readonly kind: 'delete-retained'; readonly topic: string };

/** The store has no room: nothing of the batch was written, and what it promised is not acknowledged (5.0: 0x97). */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}

/** The store failed; nothing of the batch is known to be durable. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
