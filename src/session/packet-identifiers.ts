const HIGHEST = 65_535;

/** Gives out Packet Identifiers 1..65535 that are not in use [MQTT-2.2.1-3], in turn, so that one is reused late. */
export class PacketIdentifiers {
  #last = 0;

  /** The next free identifier, or 0 when all are in use. */
  next(inUse: { has(packetId: number): boolean; readonly size: number }): number {
    if (inUse.size >= HIGHEST) return 0;
    do {
      this.#last = this.#last === HIGHEST ? 1 : this.#last + 1;
    } while (inUse.has(this.#last));
    return this.#last;
  }
}
