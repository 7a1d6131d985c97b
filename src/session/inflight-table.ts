const HIGHEST_IDENTIFIER = 65_535;
const SMALLEST_TABLE = 8;
/** Every identifier has a slot of its own. */
const LARGEST_TABLE = 65_536;

/**
 * What is in flight, by Packet Identifier. Identifiers are given out in turn, so that one is reused as late as possible
 * (TH29), and so that each falls on a free slot: a look-up is one array access. A Map would do the same and, as entries
 * come and go all the time, leave a trail of discarded tables that the garbage collector takes for living.
 */
export class InflightTable<Entry> {
  #slots: (Entry | undefined)[] = [];
  #identifiers: number[] = [];
  #mask = -1;
  #size = 0;
  #last = 0;

  get size(): number {
    return this.#size;
  }

  get(packetId: number): Entry | undefined {
    const slot = packetId & this.#mask;
    return this.#identifiers[slot] === packetId ? this.#slots[slot] : undefined;
  }

  /** Enters under an identifier that is not in use [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1]; 0 when all 65,535 are. */
  add(entry: Entry): number {
    if (this.#size >= HIGHEST_IDENTIFIER) return 0;
    if (this.#size * 2 >= this.#slots.length && this.#slots.length < LARGEST_TABLE) this.#grow();
    do {
      this.#last = this.#last === HIGHEST_IDENTIFIER ? 1 : this.#last + 1;
    } while (this.#slots[this.#last & this.#mask] !== undefined);
    this.#put(this.#last, entry);
    return this.#last;
  }

  /** Enters under an identifier that an earlier connection gave out; it is not in use here. */
  restore(packetId: number, entry: Entry): void {
    while (this.#slots.length === 0 || this.#slots[packetId & this.#mask] !== undefined) this.#grow();
    this.#put(packetId, entry);
  }

  delete(packetId: number): void {
    const slot = packetId & this.#mask;
    if (this.#identifiers[slot] !== packetId || this.#slots[slot] === undefined) return;
    this.#slots[slot] = undefined;
    this.#size--;
  }

  #put(packetId: number, entry: Entry): void {
    const slot = packetId & this.#mask;
    this.#identifiers[slot] = packetId;
    this.#slots[slot] = entry;
    this.#size++;
  }

  /** Identifiers that differ in the lower bits of a small table differ in those of a larger one too. */
  #grow(): void {
    const slots = this.#slots;
    const identifiers = this.#identifiers;
    const length = Math.max(SMALLEST_TABLE, slots.length * 2);
    this.#slots = new Array<Entry | undefined>(length).fill(undefined);
    this.#identifiers = new Array<number>(length).fill(0);
    this.#mask = length - 1;
    this.#size = 0;
    slots.forEach((entry, slot) => {
      if (entry !== undefined) this.#put(identifiers[slot] as number, entry);
    });
  }
}
