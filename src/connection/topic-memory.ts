/** What a connection remembers about a topic it publishes to. `bytes` is an owned copy. */
export interface TopicEntry {
  readonly bytes: Buffer;
}

const INITIAL_SLOTS = 8;

/**
 * Finds what is known about a topic by its bytes in a received packet, without making a string. Direct-mapped: two
 * topics that fall on one slot displace each other, so a hostile choice of topics costs its sender speed and nobody
 * memory. Grows with the number of displacements, up to `maximumSlots`.
 */
export class TopicMemory<Entry extends TopicEntry> {
  readonly #maximumSlots: number;
  #slots: (Entry | undefined)[] = [];
  #mask = 0;
  #displaced = 0;

  constructor(maximumSlots: number) {
    this.#maximumSlots = maximumSlots;
  }

  /** The entry for the topic in buffer[start, end), if it is remembered. */
  find(buffer: Buffer, start: number, end: number): Entry | undefined {
    if (this.#slots.length === 0) return undefined;
    const entry = this.#slots[hash(buffer, start, end) & this.#mask];
    if (entry === undefined || entry.bytes.length !== end - start) return undefined;
    const bytes = entry.bytes;
    for (let index = 0, at = start; at < end; index++, at++) {
      if (bytes[index] !== buffer[at]) return undefined;
    }
    return entry;
  }

  add(entry: Entry): void {
    if (this.#slots.length === 0) this.#resize(INITIAL_SLOTS);
    let slot = hash(entry.bytes, 0, entry.bytes.length) & this.#mask;
    if (this.#slots[slot] !== undefined) {
      this.#displaced++;
      if (this.#displaced > this.#slots.length >> 1 && this.#slots.length * 2 <= this.#maximumSlots) {
        this.#resize(this.#slots.length * 2);
        slot = hash(entry.bytes, 0, entry.bytes.length) & this.#mask;
      }
    }
    this.#slots[slot] = entry;
  }

  #resize(count: number): void {
    const old = this.#slots;
    this.#slots = new Array<Entry | undefined>(count).fill(undefined);
    this.#mask = count - 1;
    this.#displaced = 0;
    for (const entry of old) {
      if (entry !== undefined) this.#slots[hash(entry.bytes, 0, entry.bytes.length) & this.#mask] = entry;
    }
  }
}

/** FNV-1a over the bytes, folded so that the low bits depend on all of them. */
function hash(buffer: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let at = start; at < end; at++) value = Math.imul(value ^ (buffer[at] as number), 0x01000193);
  return value ^ (value >>> 15);
}
