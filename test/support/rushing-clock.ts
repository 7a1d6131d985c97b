import type { CancelTimer, Clock } from '../../src/runtime/clock.ts';

interface Timer {
  readonly due: number;
  readonly action: () => void;
}

/** A clock whose time jumps to the next timer as soon as the event loop has nothing else to do. */
export class RushingClock implements Clock {
  #time = 0;
  #timers: Timer[] = [];
  #scheduled = false;

  now(): number {
    return this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  after(milliseconds: number, action: () => void): CancelTimer {
    const timer = { due: this.#time + Math.max(0, milliseconds), action };
    const later = this.#timers.findIndex((other) => other.due > timer.due);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    this.#schedule();
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const next = this.#timers.shift();
      if (next === undefined) return;
      if (this.#timers.length > 0) this.#schedule();
      this.#time = next.due;
      next.action();
    });
  }
}
