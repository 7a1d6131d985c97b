import type { ClientType } from '../authentication/principal.ts';
import type { QueuedRecord, SessionRecord } from '../stores/session-store.ts';
import type { Message } from './message.ts';
import type { DeliveryTarget, OutboxJournal } from './outbox.ts';
import { Outbox } from './outbox.ts';
import { PacketIdentifierSet } from './packet-identifier-set.ts';
import type { StoreWriter } from './store-writer.ts';
import type { SessionSubscription } from './subscription.ts';

/** What bounds the queue of one session. */
export interface QueueBounds {
  readonly messages: number;
  readonly bytes: number;
}

/** What sessions need from their surroundings. */
export interface SessionContext {
  readonly writer: StoreWriter;
  readonly bounds: QueueBounds;
  /** Messages behind `after`; a failed store is the context's to report, and answers 'stale'. */
  readQueue(session: Session, after: number, limit: number): Promise<readonly QueuedRecord[] | 'stale'>;
  /** A queue was over its bounds and lost its oldest message. */
  dropped(session: Session): void;
}

/** One and the same QoS 0 message for many receivers: frames are encoded once per class of receivers. */
export interface SharedFrames {
  readonly topic: string;
}

/** The connected client of a session: where its messages go. */
export interface SessionTarget<Frames extends SharedFrames = SharedFrames> extends DeliveryTarget {
  /** Under which rights this client reads; a new number whenever they change. */
  readonly policyEpoch: number;
  mayRead(topic: string): boolean;
  sendQos0(frames: Frames, retain: boolean, identifiers: readonly number[]): void;
}

export interface SessionIdentity {
  readonly clientId: string;
  /** Row A8: the only principal that may resume, take over or purge the session. */
  readonly identityKey: string;
  readonly epoch: number;
  readonly clientType: ClientType;
  /** Milliseconds that the session outlives its connection; 0 ends it with the connection. */
  readonly expiryInterval: number;
}

/**
 * A session [5.0 section 4.1]: subscriptions, and the messages of both directions whose flow is not complete. One that
 * outlives its connection keeps everything in the store and is resumed from there; one that does not never touches it.
 */
export class Session {
  readonly clientId: string;
  readonly identityKey: string;
  readonly clientType: ClientType;
  /** Whether it was made to outlive its connection, so that the store has it. */
  readonly stored: boolean;
  /** Of the claim under which its writes are made. */
  epoch: number;
  expiryInterval: number;
  readonly subscriptions = new Map<string, SessionSubscription>();
  /** Identifiers of QoS 2 messages received and not yet released [MQTT-4.3.3-10]. */
  inboundQos2 = new PacketIdentifierSet();
  /** Both set while a client is connected. */
  target: SessionTarget | undefined;
  outbox: Outbox | undefined;
  droppedMessages = 0;
  /** Another owner has claimed it: nothing is kept any more until it is claimed back. */
  lost = false;

  readonly #context: SessionContext;
  /** Bytes of each message that waits, by position, oldest first. */
  readonly #queued = new Map<number, number>();
  #queuedBytes = 0;
  #lastPosition: number;

  constructor(identity: SessionIdentity, context: SessionContext, lastPosition = 0) {
    this.clientId = identity.clientId;
    this.identityKey = identity.identityKey;
    this.clientType = identity.clientType;
    this.epoch = identity.epoch;
    this.expiryInterval = identity.expiryInterval;
    this.stored = identity.expiryInterval > 0;
    this.#context = context;
    this.#lastPosition = lastPosition;
  }

  /** Messages that wait and are not in flight. */
  get queuedCount(): number {
    return this.#queued.size;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** As the store keeps it. `expiresAt`: Infinity while connected. */
  record(expiresAt: number, expiryInterval = this.expiryInterval): Omit<SessionRecord, 'clientId' | 'epoch'> {
    const { identityKey, clientType } = this;
    return { identityKey, clientType, expiryInterval, expiresAt };
  }

  /** A client is connected; `quota` is the most it takes unacknowledged. Nothing is sent before `outbox.resume`. */
  attach(target: SessionTarget, quota: number): Outbox {
    this.target = target;
    this.outbox = new Outbox(target, this.#journal, quota, this.stored);
    return this.outbox;
  }

  detach(): void {
    this.outbox?.close();
    this.outbox = undefined;
    this.target = undefined;
  }

  /**
   * Puts a QoS 1 or 2 message in the queue. For a stored session it joins the store writer's current batch; call the
   * returned function when that is durable, and the message goes to the client.
   */
  enqueue(
    message: Message,
    qos: 1 | 2,
    retain: boolean,
    identifiers: readonly number[],
    now: number,
  ): (() => void) | undefined {
    const position = ++this.#lastPosition;
    const queued: QueuedRecord = { position, message, qos, retain, identifiers, queuedAt: now };
    if (!this.stored) {
      if (this.outbox?.offer(queued) === false) {
        message.settle();
        this.#countWaiting(queued);
      }
      return undefined;
    }
    message.settle();
    this.#context.writer.add({ kind: 'enqueue', clientId: this.clientId, epoch: this.epoch, queued });
    this.#countWaiting(queued);
    return () => this.outbox?.offer(queued);
  }

  #countWaiting({ position, message }: QueuedRecord): void {
    const { bytes } = message as Message;
    this.#queued.set(position, bytes);
    this.#queuedBytes += bytes;
    this.#enforceBounds();
  }

  /** The oldest go first, and are counted (row T11). */
  #enforceBounds(): void {
    const { messages, bytes } = this.#context.bounds;
    while (this.#queued.size > messages || (this.#queuedBytes > bytes && this.#queued.size > 1)) {
      const oldest = this.#queued.keys().next().value as number;
      if (this.outbox?.oldest?.position === oldest) this.outbox.dropOldest();
      this.#forget(oldest);
      this.#dequeue(oldest);
      this.droppedMessages++;
      this.#context.dropped(this);
    }
  }

  #forget(position: number): void {
    const bytes = this.#queued.get(position);
    if (bytes === undefined) return;
    this.#queued.delete(position);
    this.#queuedBytes -= bytes;
  }

  /** The store is done with the message. */
  #dequeue(position: number): void {
    if (!this.stored) return;
    this.#context.writer.add({ kind: 'dequeue', clientId: this.clientId, epoch: this.epoch, position });
  }

  readonly #journal: OutboxJournal = {
    inflight: (record, packetId, phase, durable) => {
      const { clientId, epoch } = this;
      const { position } = record;
      this.#context.writer.add({
        kind: 'set-inflight',
        clientId,
        epoch,
        position,
        inflight: { packetId, phase },
      });
      this.#context.writer.whenDurable((error) => {
        // Without the store's word the next packet of the flow does not leave; a later connection takes the flow up.
        if (error === undefined) durable();
      });
    },
    done: (record) => this.#dequeue(record.position),
    read: (after, limit) => this.#context.readQueue(this, after, limit),
    leftQueue: (record) => this.#forget(record.position),
  };
}
