import type {
  SessionContents,
  SessionRecord,
  StoreWrite,
  SubscriptionRecord,
  WillRecord,
} from '../session-store.ts';
import { MessageQueue } from './message-queue.ts';

/** The writes that need a session to be there. */
export type ContentWrite = Exclude<
  StoreWrite,
  { readonly kind: 'put-session' | 'delete-session' | 'release' | 'put-retained' | 'delete-retained' }
>;

/** One session with all that belongs to it. Records are shared with the caller and never changed. */
export class StoredSession {
  record: Omit<SessionRecord, 'clientId' | 'epoch'>;
  readonly queue = new MessageQueue();
  readonly #subscriptions = new Map<string, SubscriptionRecord>();
  readonly #inboundQos2 = new Set<number>();
  #will: WillRecord | undefined;

  constructor(record: Omit<SessionRecord, 'clientId' | 'epoch'>) {
    this.record = record;
  }

  apply(write: ContentWrite): void {
    switch (write.kind) {
      case 'put-subscription':
        this.#subscriptions.set(write.subscription.filter, write.subscription);
        return;
      case 'delete-subscription':
        this.#subscriptions.delete(write.filter);
        return;
      case 'enqueue':
        this.queue.put(write.queued);
        return;
      case 'set-inflight':
        this.queue.setInflight(write.position, write.inflight);
        return;
      case 'dequeue':
        this.queue.remove(write.position);
        return;
      case 'put-inbound-qos2':
        this.#inboundQos2.add(write.packetId);
        return;
      case 'delete-inbound-qos2':
        this.#inboundQos2.delete(write.packetId);
        return;
      case 'put-will':
        this.#will = write.will;
        return;
      case 'delete-will':
        this.#will = undefined;
        return;
      default:
        write satisfies never;
    }
  }

  /** A snapshot that later writes leave as it is. */
  contents(clientId: string, epoch: number): SessionContents {
    return {
      session: { ...this.record, clientId, epoch },
      subscriptions: [...this.#subscriptions.values()],
      inflight: this.queue.inflight(),
      inboundQos2: [...this.#inboundQos2],
      ...(this.#will === undefined ? {} : { will: this.#will }),
      lastPosition: this.queue.lastPosition,
      queued: this.queue.queued,
    };
  }
}
