const SLAB_BYTES = 64 * 1024;

/**
 * Room for small frames that belong to one connection only: acknowledgements, and PUBLISH packets with an identifier.
 * Frames of one connection written one after the other lie side by side, so that the write queue joins them for free.
 * A full slab is let go; it lives until the last socket has sent its part.
 */
export class WriteSlab {
  buffer: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;

  /** Reserves `length` bytes and returns their offset in `buffer`, which may be a new one. */
  reserve(length: number): number {
    if (this.#used + length > this.buffer.length) {
      this.buffer = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, length));
      this.#used = 0;
    }
    const offset = this.#used;
    this.#used += length;
    return offset;
  }
}
