/** Something with output to hand to the operating system. */
export interface Flushable {
  flush(): void;
}

/**
 * Gathers what a turn of the event loop produced: each write queue is flushed once, after all packets that arrived
 * together were handled. Fewer and larger writes are where the broker's speed lies.
 */
export class FlushScheduler {
  #waiting: Flushable[] = [];
  #scheduled = false;

  /** Flushes `queue` at the end of this turn. The caller adds itself once per turn. */
  add(queue: Flushable): void {
    this.#waiting.push(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const queues = this.#waiting;
    this.#waiting = [];
    this.#scheduled = false;
    for (const queue of queues) queue.flush();
  };
}
