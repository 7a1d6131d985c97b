import type {
  ClaimOutcome,
  QueuedRecord,
  RetainedRecord,
  SessionContents,
  SessionRecord,
  SessionStore,
  StoreWrite,
  WriteOutcome,
} from '../session-store.ts';
import { StoreError } from '../session-store.ts';
import { StoredSession } from './stored-session.ts';

/**
 * The session port in this process's memory: durable as long as the process lives. It keeps the records it is given
 * and hands them out again, which is safe because nobody changes a record.
 */
export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<string, StoredSession>();
  /** Epochs in force, from claim to release. */
  readonly #epochs = new Map<string, number>();
  /** The highest epoch ever released: one number keeps all departed owners out. */
  #released = 0;
  readonly #retained = new Map<string, RetainedRecord>();
  #closed = false;

  async find(clientId: string): Promise<SessionRecord | undefined> {
    this.#checkOpen();
    const session = this.#sessions.get(clientId);
    const epoch = this.#epochs.get(clientId);
    return session === undefined || epoch === undefined ? undefined : { ...session.record, clientId, epoch };
  }

  async claim(clientId: string, epoch: number): Promise<ClaimOutcome> {
    this.#checkOpen();
    const inForce = this.#epochs.get(clientId) ?? this.#released;
    if (epoch <= inForce) return { kind: 'stale', epoch: inForce };
    this.#epochs.set(clientId, epoch);
    return { kind: 'claimed' };
  }

  async load(clientId: string, epoch: number): Promise<SessionContents | 'stale' | undefined> {
    this.#checkOpen();
    if (this.#isStale(clientId, epoch)) return 'stale';
    return this.#sessions.get(clientId)?.contents(clientId, epoch);
  }

  async readQueue(
    clientId: string,
    epoch: number,
    after: number,
    limit: number,
  ): Promise<QueuedRecord[] | 'stale'> {
    this.#checkOpen();
    if (this.#isStale(clientId, epoch)) return 'stale';
    return this.#sessions.get(clientId)?.queue.read(after, limit) ?? [];
  }

  /** Nothing can fail once the epochs are compared, which makes the batch a transaction. */
  async write(batch: readonly StoreWrite[]): Promise<WriteOutcome> {
    this.#checkOpen();
    const stale = new Set<string>();
    for (const write of batch) {
      if ('epoch' in write && this.#isStale(write.clientId, write.epoch)) stale.add(write.clientId);
    }
    for (const write of batch) {
      if (!('epoch' in write) || !stale.has(write.clientId)) this.#apply(write);
    }
    return { stale: [...stale] };
  }

  async *sessions(): AsyncGenerator<SessionContents> {
    this.#checkOpen();
    for (const clientId of [...this.#sessions.keys()]) {
      const contents = this.#sessions.get(clientId)?.contents(clientId, this.#epochs.get(clientId)!);
      if (contents !== undefined) yield contents;
    }
  }

  async *retained(): AsyncGenerator<RetainedRecord> {
    this.#checkOpen();
    yield* [...this.#retained.values()];
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #isStale(clientId: string, epoch: number): boolean {
    return this.#epochs.get(clientId) !== epoch;
  }

  #apply(write: StoreWrite): void {
    switch (write.kind) {
      case 'put-retained':
        this.#retained.set(write.retained.message.topic, write.retained);
        return;
      case 'delete-retained':
        this.#retained.delete(write.topic);
        return;
      case 'delete-session':
        this.#sessions.delete(write.clientId);
        return;
      case 'release':
        this.#epochs.delete(write.clientId);
        this.#sessions.delete(write.clientId);
        this.#released = Math.max(this.#released, write.epoch);
        return;
      case 'put-session': {
        const session = this.#sessions.get(write.clientId);
        if (session === undefined) this.#sessions.set(write.clientId, new StoredSession(write.session));
        else session.record = write.session;
        return;
      }
      default:
        this.#sessions.get(write.clientId)?.apply(write);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreError('session store "memory" is closed; open a new one');
  }
}
