/**
 * Keeps acknowledgements in the order in which their packets arrived [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-4],
 * although some have to wait for the disk and others have not.
 */
export class AcknowledgementQueue {
  #waiting: PendingAcknowledgement[] = [];
  #first = 0;

  /** Acknowledgements not yet sent. */
  get length(): number {
    return this.#waiting.length - this.#first;
  }

  /** Sends now if nothing is before it, else in its turn. */
  send(send: () => void): void {
    if (this.length === 0) send();
    else this.#waiting.push({ send, ready: true });
  }

  /** Takes a place in the order; the returned function says that the acknowledgement may leave, and how. */
  hold(): (send: () => void) => void {
    const pending: PendingAcknowledgement = { send: undefined, ready: false };
    this.#waiting.push(pending);
    return (send) => {
      pending.send = send;
      pending.ready = true;
      this.#release();
    };
  }

  #release(): void {
    while (this.#first < this.#waiting.length) {
      const next = this.#waiting[this.#first] as PendingAcknowledgement;
      if (!next.ready) break;
      this.#first++;
      next.send?.();
    }
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
    } else if (this.#first > 1024) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
  }
}

interface PendingAcknowledgement {
  send: (() => void) | undefined;
  ready: boolean;
}
