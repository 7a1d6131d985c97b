import type { Broker } from './broker.ts';

/**
 * Counts network connections from accept on, handshakes included (row P10): one above a limit is closed before a byte of
 * it is read.
 */
export class Admission {
  readonly #broker: Broker;
  #open = 0;
  #waiting: (() => void)[] = [];

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** A place for one more connection of this listener, or undefined. `release` gives it back. */
  admit(listener: string): { release(): void } | undefined {
    const limit = this.#exceeded();
    if (limit !== undefined) {
      this.#broker.log('connection_refused', { listener, limit });
      return undefined;
    }
    this.#open++;
    return {
      release: () => {
        this.#open--;
        if (this.#open > 0) return;
        for (const gone of this.#waiting) gone();
        this.#waiting = [];
      },
    };
  }

  /** Resolves when every admitted connection is gone. */
  allGone(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #exceeded(): string | undefined {
    const { limits, counters, draining } = this.#broker;
    if (draining) return 'draining';
    if (this.#open >= limits.connections) return 'connections';
    const unauthenticated = this.#open - counters.clientsConnected;
    return unauthenticated >= limits.unauthenticatedConnections ? 'unauthenticated_connections' : undefined;
  }
}
