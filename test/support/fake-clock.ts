import type { CancelTimer, Clock } from '../../src/runtime/clock.ts';

interface Timer {
  readonly due: number;
  readonly action: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  /** In the order in which they were set, so that of two due at one time the earlier set goes first. */
  readonly #timers = new Set<Timer>();
  readonly #start: number;
  #elapsed = 0;

  /** `start` is the wall clock's first time, in milliseconds since the Unix epoch. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(milliseconds: number, action: () => void): CancelTimer {
    const timer = { due: this.#elapsed + Math.max(0, milliseconds), action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set and have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers fire at their times and in their order, also those that others set on the way. */
  advance(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    for (let timer = this.#nextUntil(end); timer !== undefined; timer = this.#nextUntil(end)) {
      this.#timers.delete(timer);
      this.#elapsed = timer.due;
      timer.action();
    }
    this.#elapsed = end;
  }

  #nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
