import type { Session } from './session.ts';

/** All sessions, connected or stored, by client id; and the order in which connections may claim one. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  readonly #turns = new Map<string, Promise<void>>();

  get size(): number {
    return this.#sessions.size;
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  set(session: Session): void {
    this.#sessions.set(session.clientId, session);
  }

  /** Forgets this very session; another one of the same client id stays. */
  delete(session: Session): void {
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
  }

  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** Resolves when every action that is under way, or waits for its turn now, is over. */
  async turnsOver(): Promise<void> {
    await Promise.all(this.#turns.values());
  }

  /** Runs `action` when all earlier ones for this client id are over: claims of one session never interleave. */
  async inTurn<Result>(clientId: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(clientId);
    let over: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      over = resolve;
    });
    this.#turns.set(clientId, turn);
    try {
      await before;
      return await action();
    } finally {
      over();
      if (this.#turns.get(clientId) === turn) this.#turns.delete(clientId);
    }
  }
}
