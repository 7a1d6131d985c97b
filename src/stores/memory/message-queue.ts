import type { InflightState, QueuedRecord } from '../session-store.ts';

type InflightRecord = QueuedRecord & { readonly inflight: InflightState };

/** Places left empty by `remove` are taken out when they are this many and half of all. */
const HOLES_WORTH_COMPACTING = 64;

/**
 * Messages of one session by position. They come with ascending positions and leave near the front, in any order:
 * adding is an append, everything else a binary search. Records are shared with the caller and never changed.
 */
export class MessageQueue {
  #positions: number[] = [];
  /** Undefined where a message has left. */
  #records: (QueuedRecord | undefined)[] = [];
  #holes = 0;
  /** Positions in flight, in the order first sent. */
  readonly #inflight = new Set<number>();
  #lastPosition = 0;

  /** Highest position ever put. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  /** Messages that are not in flight. */
  get queued(): number {
    return this.#records.length - this.#holes - this.#inflight.size;
  }

  /** Adds a message at its position, or replaces the one that is there. */
  put(record: QueuedRecord): void {
    const { position } = record;
    const index = this.#indexFrom(position);
    if (index === this.#positions.length) {
      this.#positions.push(position);
      this.#records.push(record);
    } else if (this.#positions[index] !== position) {
      this.#positions.splice(index, 0, position);
      this.#records.splice(index, 0, record);
    } else {
      if (this.#records[index] === undefined) this.#holes -= 1;
      this.#records[index] = record;
    }
    this.#lastPosition = Math.max(this.#lastPosition, position);
    if (record.inflight === undefined) this.#inflight.delete(position);
    else this.#inflight.add(position);
  }

  setInflight(position: number, inflight: InflightState): void {
    const record = this.#at(position);
    if (record !== undefined) this.put({ ...record, inflight });
  }

  remove(position: number): void {
    if (this.#at(position) === undefined) return;
    this.#records[this.#indexFrom(position)] = undefined;
    this.#inflight.delete(position);
    this.#holes += 1;
    if (this.#holes >= HOLES_WORTH_COMPACTING && this.#holes * 2 >= this.#records.length) this.#compact();
  }

  /** Messages not in flight with a position above `after`, at most `limit`, in order. */
  read(after: number, limit: number): QueuedRecord[] {
    const page: QueuedRecord[] = [];
    for (
      let index = this.#indexFrom(after);
      index < this.#records.length && page.length < limit;
      index += 1
    ) {
      const record = this.#records[index];
      if (record !== undefined && record.inflight === undefined && record.position > after) page.push(record);
    }
    return page;
  }

  /** Messages in flight, in the order first sent. */
  inflight(): InflightRecord[] {
    const records: InflightRecord[] = [];
    for (const position of this.#inflight) {
      const record = this.#at(position);
      if (record?.inflight !== undefined) records.push({ ...record, inflight: record.inflight });
    }
    return records;
  }

  #at(position: number): QueuedRecord | undefined {
    const index = this.#indexFrom(position);
    return this.#positions[index] === position ? this.#records[index] : undefined;
  }

  /** Index of the first position that is not below the given one. */
  #indexFrom(position: number): number {
    let low = 0;
    let high = this.#positions.length;
    if (high === 0 || position > this.#positions[high - 1]!) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    this.#records = this.#records.filter((record) => record !== undefined);
    this.#positions = this.#records.map((record) => record!.position);
    this.#holes = 0;
  }
}
