const SMALLEST_TABLE = 8;

/**
 * A set of Packet Identifiers 1..65535 that come and go all the time. Open addressing in one small array: nothing is
 * allocated for an identifier, and a departed one leaves nothing behind.
 */
export class PacketIdentifierSet {
  /** 0 is an empty slot: no packet has identifier 0. */
  #slots: Uint16Array = new Uint16Array(0);
  #mask = -1;
  #size = 0;

  constructor(identifiers: Iterable<number> = []) {
    for (const identifier of identifiers) this.add(identifier);
  }

  get size(): number {
    return this.#size;
  }

  has(identifier: number): boolean {
    return this.#size > 0 && this.#slots[this.#find(identifier)] === identifier;
  }

  add(identifier: number): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    const slot = this.#find(identifier);
    if (this.#slots[slot] === identifier) return;
    this.#slots[slot] = identifier;
    this.#size++;
  }

  /** False when it was not there. */
  delete(identifier: number): boolean {
    if (!this.has(identifier)) return false;
    this.#closeGap(this.#find(identifier));
    this.#size--;
    return true;
  }

  /** Spreads identifiers given out in turn, which would else make one long run to search. */
  #home(identifier: number): number {
    return (Math.imul(identifier, 0x9e37_79b1) >>> 15) & this.#mask;
  }

  /** The slot that holds the identifier, or the empty one where it would go. */
  #find(identifier: number): number {
    let slot = this.#home(identifier);
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== identifier) slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** Moves later identifiers of the same run forward, so that a search never meets a gap before its goal. */
  #closeGap(gap: number): void {
    let empty = gap;
    for (let slot = (gap + 1) & this.#mask; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const identifier = this.#slots[slot] as number;
      const distanceToHome = (slot - this.#home(identifier)) & this.#mask;
      const distanceToGap = (slot - empty) & this.#mask;
      if (distanceToHome < distanceToGap) continue;
      this.#slots[empty] = identifier;
      empty = slot;
    }
    this.#slots[empty] = 0;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint16Array(Math.max(SMALLEST_TABLE, old.length * 2));
    this.#mask = this.#slots.length - 1;
    this.#size = 0;
    for (const identifier of old) if (identifier !== 0) this.add(identifier);
  }
}
