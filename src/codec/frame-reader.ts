import { CodecError } from './codec-error.ts';
import { reasonCodes } from './reason-codes.ts';
import { noBytes } from './wire-types.ts';

/** Bytes of a frame's beginning for which the first buffer of its own has room. */
const GATHERED_MINIMUM = 64;

/**
 * Cuts a stream of bytes into MQTT frames, pulled one by one:
 *
 *     reader.push(chunk);
 *     while (reader.next()) use(reader.buffer, reader.bodyStart, reader.end);
 *
 * A frame that lies in one chunk is left there, so that neighbours stay neighbours; one that straddles chunks is
 * gathered in a buffer of its own.
 *
 * **Invariant**: memory follows the bytes that came, at most twice as many, never the length that a header declares.
 */
export class FrameReader {
  /** Largest whole packet in bytes, fixed header included. May be changed between two packets. */
  maximumPacketSize: number;

  /** The frame of the last `next()` that returned true: bytes `start` to `end`, body from `bodyStart`. */
  buffer: Buffer = noBytes;
  start = 0;
  bodyStart = 0;
  end = 0;
  /** MQTT Control Packet type, 1..15. */
  type = 0;
  /** The low four bits of the first byte. */
  flags = 0;

  /** What `next()` reads from, from `#offset` on, and the chunks that follow it. */
  #chunk: Buffer = noBytes;
  #offset = 0;
  #waiting: Buffer[] = [];
  /** The first bytes of a frame that straddles chunks. */
  #gathered: Buffer = noBytes;
  #gatheredLength = 0;
  #bufferedBytes = 0;
  /** Length of the fixed header that `#frameLength` has read last. */
  #headerLength = 0;

  constructor(maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
  }

  /** Bytes pushed that `next()` has not given out yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Hands over the next bytes of the stream. The reader keeps `chunk` itself; it must not be written to any more. */
  push(chunk: Buffer): void {
    this.#bufferedBytes += chunk.length;
    this.#waiting.push(chunk);
  }

  /**
   * Advances to the next frame; false when it has not wholly come yet.
   *
   * @throws CodecError 0x81 for a bad fixed header, 0x95 for a packet above `maximumPacketSize`, as soon as the header
   * is there. Nothing can be read after that.
   */
  next(): boolean {
    while (this.#gatheredLength === 0) {
      const available = this.#chunk.length - this.#offset;
      if (available === 0) {
        if (!this.#nextChunk()) return false;
        continue;
      }
      const length = this.#frameLength(this.#chunk, this.#offset, this.#chunk.length);
      if (length > 0 && length <= available) {
        this.#giveOut(this.#chunk, this.#offset, length);
        this.#offset += length;
        return true;
      }
      this.#gather(available, length);
    }
    return this.#completeGathered();
  }

  /** Moves on to the next chunk; without one it lets go of the last, so that an idle reader pins no memory. */
  #nextChunk(): boolean {
    const chunk = this.#waiting.shift();
    this.#chunk = chunk ?? noBytes;
    this.#offset = 0;
    if (chunk !== undefined) return true;
    this.buffer = noBytes;
    return false;
  }

  /** Takes chunk after chunk until the frame that has been begun is complete. */
  #completeGathered(): boolean {
    for (;;) {
      const length = this.#frameLength(this.#gathered, 0, this.#gatheredLength);
      if (length > 0 && length === this.#gatheredLength) {
        this.#giveOut(this.#gathered, 0, length);
        this.#gathered = noBytes;
        this.#gatheredLength = 0;
        return true;
      }
      const available = this.#chunk.length - this.#offset;
      if (available === 0) {
        if (!this.#nextChunk()) return false;
        continue;
      }
      // While the length is unknown byte by byte, so that nothing behind the frame is taken.
      this.#gather(length === 0 ? 1 : Math.min(available, length - this.#gatheredLength), length);
    }
  }

  /** Moves `count` bytes of the chunk behind those already gathered. `frameLength` is 0 while it is unknown. */
  #gather(count: number, frameLength: number): void {
    const length = this.#gatheredLength + count;
    if (length > this.#gathered.length) {
      const doubled = Math.max(GATHERED_MINIMUM, 2 * length);
      const grown = Buffer.allocUnsafe(frameLength === 0 ? doubled : Math.min(doubled, frameLength));
      this.#gathered.copy(grown, 0, 0, this.#gatheredLength);
      this.#gathered = grown;
    }
    this.#chunk.copy(this.#gathered, this.#gatheredLength, this.#offset, this.#offset + count);
    this.#gatheredLength = length;
    this.#offset += count;
  }

  #giveOut(buffer: Buffer, start: number, length: number): void {
    const first = buffer[start]!;
    this.buffer = buffer;
    this.start = start;
    this.bodyStart = start + this.#headerLength;
    this.end = start + length;
    this.type = first >> 4;
    this.flags = first & 0x0f;
    this.#bufferedBytes -= length;
  }

  /** Length of the whole frame whose fixed header begins at `offset`; 0 while that header is incomplete. */
  #frameLength(buffer: Buffer, offset: number, end: number): number {
    if (buffer[offset]! >> 4 === 0)
      throw headerFault(reasonCodes.malformedPacket, 'packet type is 0; it is 1 to 15');
    let remaining = 0;
    for (let index = 0; index < 4; index++) {
      const position = offset + 1 + index;
      if (position >= end) return 0;
      const byte = buffer[position]!;
      remaining |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) {
        // [MQTT-1.5.5-1]
        if (byte === 0 && index > 0) {
          throw headerFault(
            reasonCodes.malformedPacket,
            'Remaining Length is not encoded in the fewest bytes',
          );
        }
        this.#headerLength = index + 2;
        return this.#accepted(index + 2 + remaining);
      }
    }
    throw headerFault(reasonCodes.malformedPacket, 'Remaining Length has more than four bytes');
  }

  #accepted(length: number): number {
    if (length <= this.maximumPacketSize) return length;
    throw headerFault(
      reasonCodes.packetTooLarge,
      `packet of ${length} bytes is larger than the ${this.maximumPacketSize} allowed here`,
    );
  }
}

function headerFault(reasonCode: number, fault: string): CodecError {
  return new CodecError(reasonCode, `fixed header: ${fault}`);
}
