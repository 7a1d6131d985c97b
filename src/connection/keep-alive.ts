import type { CancelTimer, Clock } from '../runtime/clock.ts';

/** A client is gone when it is silent for one and a half times its Keep Alive [MQTT-3.1.2-22]. */
const GRACE = 1.5;

/** Watches one connection's silence. While the broker itself is not reading, the client cannot be blamed. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #expired: () => void;
  #lastHeard: number;
  #cancel: CancelTimer | undefined;
  #suspended = false;

  /** Starts watching; `seconds` > 0. `expired` is called once. */
  constructor(clock: Clock, seconds: number, expired: () => void) {
    this.#clock = clock;
    this.#limit = seconds * 1000 * GRACE;
    this.#expired = expired;
    this.#lastHeard = clock.monotonic();
    this.#arm(this.#limit);
  }

  heard(): void {
    this.#lastHeard = this.#clock.monotonic();
  }

  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
    this.heard();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(delay: number): void {
    this.#cancel = this.#clock.after(delay, () => {
      const silence = this.#suspended ? 0 : this.#clock.monotonic() - this.#lastHeard;
      if (silence >= this.#limit) this.#expired();
      else this.#arm(this.#limit - silence);
    });
  }
}
