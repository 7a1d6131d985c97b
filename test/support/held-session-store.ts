import type { SessionStore } from '../../src/stores/session-store.ts';

type Operation = 'find' | 'claim' | 'load' | 'readQueue' | 'write';

/** A call of the store whose answer waits. */
export interface HeldCall {
  /** Resolves when the call has been made, and has taken effect. */
  readonly reached: Promise<void>;
  release(): void;
}

/**
 * Another store that withholds the answers a test asks it to withhold: so that a test decides what happens at an await.
 * What is called takes effect at once, as the port wants it; only its answer waits.
 */
export class HeldSessionStore implements SessionStore {
  readonly #inner: SessionStore;
  readonly #next = new Map<Operation, (effect: () => Promise<unknown>) => Promise<unknown>>();

  constructor(inner: SessionStore) {
    this.#inner = inner;
  }

  /** Withholds the answer of the next call of this kind. */
  hold(operation: Operation): HeldCall {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#next.set(operation, async (effect) => {
      const answer = await effect();
      reached.resolve();
      await released.promise;
      return answer;
    });
    return { reached: reached.promise, release: released.resolve };
  }

  /** The next call of this kind fails without having taken effect. */
  fail(operation: Operation, error: Error): void {
    this.#next.set(operation, () => Promise.reject(error));
  }

  find(...given: Parameters<SessionStore['find']>): ReturnType<SessionStore['find']> {
    return this.#call('find', () => this.#inner.find(...given));
  }

  claim(...given: Parameters<SessionStore['claim']>): ReturnType<SessionStore['claim']> {
    return this.#call('claim', () => this.#inner.claim(...given));
  }

  load(...given: Parameters<SessionStore['load']>): ReturnType<SessionStore['load']> {
    return this.#call('load', () => this.#inner.load(...given));
  }

  readQueue(...given: Parameters<SessionStore['readQueue']>): ReturnType<SessionStore['readQueue']> {
    return this.#call('readQueue', () => this.#inner.readQueue(...given));
  }

  write(...given: Parameters<SessionStore['write']>): ReturnType<SessionStore['write']> {
    return this.#call('write', () => this.#inner.write(...given));
  }

  sessions(): ReturnType<SessionStore['sessions']> {
    return this.#inner.sessions();
  }

  retained(): ReturnType<SessionStore['retained']> {
    return this.#inner.retained();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #call<Answer>(operation: Operation, effect: () => Promise<Answer>): Promise<Answer> {
    const asked = this.#next.get(operation);
    if (asked === undefined) return effect();
    this.#next.delete(operation);
    return asked(effect) as Promise<Answer>;
  }
}
