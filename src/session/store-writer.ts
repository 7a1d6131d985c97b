import type { SessionStore, StoreWrite } from '../stores/session-store.ts';

/** Called when what was written is durable, or with the error that says that it is not. */
export type DurableCallback = (error?: Error) => void;

interface Batch {
  readonly writes: StoreWrite[];
  readonly callbacks: DurableCallback[];
  done: boolean;
  failure?: Error;
}

/**
 * Groups writes: all of one turn of the event loop, and all that come while the store is busy, go as one batch.
 * Callbacks come in the order of the writes.
 */
export class StoreWriter {
  readonly #store: SessionStore;
  readonly #onStale: (clientId: string, epoch: number) => void;
  readonly #onError: (error: unknown) => void;
  #gathering: Batch = newBatch();
  #underWay: Batch[] = [];
  #scheduled = false;

  /**
   * `onStale` hears of sessions that another owner has claimed, with the epoch that is void; `onError` of callbacks that
   * throw.
   */
  constructor(
    store: SessionStore,
    onStale: (clientId: string, epoch: number) => void,
    onError: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#onStale = onStale;
    this.#onError = onError;
  }

  add(write: StoreWrite): void {
    this.#gathering.writes.push(write);
    this.#schedule();
  }

  /** Calls back once everything added so far is durable; at once when there is nothing to wait for. */
  whenDurable(callback: DurableCallback): void {
    if (this.#gathering.writes.length > 0) this.#gathering.callbacks.push(callback);
    else if (this.#underWay.length > 0) (this.#underWay.at(-1) as Batch).callbacks.push(callback);
    else callback();
  }

  /** Resolves when everything added so far is durable. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenDurable((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /**
   * Hands what was gathered to the store now. Whatever the caller asks of the store next comes behind it: a claim made
   * right after cannot make these writes stale.
   */
  submit(): void {
    if (this.#gathering.writes.length === 0) return;
    const batch = this.#gathering;
    this.#gathering = newBatch();
    this.#underWay.push(batch);
    void this.#write(batch);
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay.length > 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.submit();
    });
  }

  /** What goes wrong in one callback does not keep the others from theirs. */
  #call(callback: DurableCallback, failure: Error | undefined): void {
    try {
      callback(failure);
    } catch (error) {
      this.#onError(error);
    }
  }

  #reportStale(batch: Batch, clientId: string): void {
    const epochs = new Set<number>();
    for (const write of batch.writes) {
      if ('epoch' in write && write.clientId === clientId) epochs.add(write.epoch);
    }
    for (const epoch of epochs) this.#onStale(clientId, epoch);
  }

  async #write(batch: Batch): Promise<void> {
    try {
      const { stale } = await this.#store.write(batch.writes);
      for (const clientId of stale) this.#reportStale(batch, clientId);
    } catch (error) {
      batch.failure = error instanceof Error ? error : new Error(String(error));
    }
    batch.done = true;
    while (this.#underWay[0]?.done) {
      const first = this.#underWay.shift() as Batch;
      for (const callback of first.callbacks) this.#call(callback, first.failure);
    }
    if (this.#gathering.writes.length > 0) this.#schedule();
  }
}

function newBatch(): Batch {
  return { writes: [], callbacks: [], done: false };
}
