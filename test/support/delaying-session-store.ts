import type { Clock } from '../../src/runtime/clock.ts';
import type {
  ClaimOutcome,
  QueuedRecord,
  RetainedRecord,
  SessionContents,
  SessionRecord,
  SessionStore,
  StoreWrite,
  WriteOutcome,
} from '../../src/stores/session-store.ts';
import { collected } from './collected.ts';
import { seededRandom } from './seeded-random.ts';

const LONGEST_DELAY_MS = 20;
const MOST_TURNS = 4;

export interface DelayOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** The same seed gives the same delays for the same calls. */
  readonly seed: number;
}

/**
 * Another store, as slow and moody as the port allows: each call takes effect after a random delay, behind the calls
 * made before it, and is answered after another one, so that answers overtake each other. Delays are some turns of the
 * microtask queue or some milliseconds of the clock.
 */
export class DelayingSessionStore implements SessionStore {
  readonly #inner: SessionStore;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #random: () => number;
  /** Settles when the last call has taken effect. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(inner: SessionStore, options: DelayOptions) {
    this.#inner = inner;
    this.#clock = options.clock;
    this.#random = seededRandom(options.seed);
  }

  find(clientId: string): Promise<SessionRecord | undefined> {
    return this.#call(() => this.#inner.find(clientId));
  }

  claim(clientId: string, epoch: number): Promise<ClaimOutcome> {
    return this.#call(() => this.#inner.claim(clientId, epoch));
  }

  load(clientId: string, epoch: number): Promise<SessionContents | 'stale' | undefined> {
    return this.#call(() => this.#inner.load(clientId, epoch));
  }

  readQueue(
    clientId: string,
    epoch: number,
    after: number,
    limit: number,
  ): Promise<QueuedRecord[] | 'stale'> {
    return this.#call(() => this.#inner.readQueue(clientId, epoch, after, limit));
  }

  write(batch: readonly StoreWrite[]): Promise<WriteOutcome> {
    return this.#call(() => this.#inner.write(batch));
  }

  sessions(): AsyncIterable<SessionContents> {
    return this.#iterate(this.#call(() => collected(this.#inner.sessions())));
  }

  retained(): AsyncIterable<RetainedRecord> {
    return this.#iterate(this.#call(() => collected(this.#inner.retained())));
  }

  close(): Promise<void> {
    return this.#call(() => this.#inner.close());
  }

  async #call<T>(effect: () => Promise<T>): Promise<T> {
    const outcome = this.#line.then(() => this.#delay()).then(effect);
    this.#line = outcome.catch(() => undefined);
    try {
      return await outcome;
    } finally {
      await this.#delay();
    }
  }

  async *#iterate<T>(items: Promise<T[]>): AsyncGenerator<T> {
    for (const item of await items) {
      await this.#delay();
      yield item;
    }
  }

  async #delay(): Promise<void> {
    if (this.#random() < 0.5) {
      const turns = Math.floor(this.#random() * MOST_TURNS);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    } else {
      const milliseconds = Math.floor(this.#random() * LONGEST_DELAY_MS);
      await new Promise<void>((resolve) => this.#clock.after(milliseconds, resolve));
    }
  }
}
