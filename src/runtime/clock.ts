/**
 * Time as an effect: everything that needs it gets a Clock by constructor, so that tests decide what time it is.
 */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump; use it only for times that outlive the process. */
  now(): number;
  /** Milliseconds that never go backwards; use it for intervals and deadlines within the process. */
  monotonic(): number;
  /** Calls `action` once after `milliseconds`; the returned function cancels it. */
  after(milliseconds: number, action: () => void): CancelTimer;
}

export type CancelTimer = () => void;

/** setTimeout fires at once above this delay, so longer waits are cut into pieces. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The clock of a running process. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, action) {
    let timer: NodeJS.Timeout;
    const wait = (remaining: number): void => {
      timer =
        remaining > LONGEST_TIMEOUT
          ? setTimeout(() => wait(remaining - LONGEST_TIMEOUT), LONGEST_TIMEOUT)
          : setTimeout(action, remaining);
      timer.unref();
    };
    wait(Math.max(0, milliseconds));
    return () => clearTimeout(timer);
  },
};
