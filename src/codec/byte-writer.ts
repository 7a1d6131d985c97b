import type { PacketPart } from './codec-error.ts';
import { malformed } from './codec-error.ts';
import {
  ownedCopy,
  VARIABLE_BYTE_INTEGER_MAXIMUM,
  variableByteIntegerLength,
  writeUint16,
  writeUint32,
  writeVariableByteInteger,
} from './wire-types.ts';

const STRING_BYTES_MAXIMUM = 65_535;
const INITIAL_BYTES = 128;

/**
 * Writes the data types of the wire into memory that grows. What the types cannot hold is refused with a CodecError
 * 0x81 that names the field: it would reach the peer as a malformed packet.
 */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  readonly #packet: PacketPart;

  constructor(packet: PacketPart) {
    this.#packet = packet;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  uint16(value: number, field: string): void {
    this.#checkRange(value, 0xffff, field);
    this.#reserve(2);
    this.#length = writeUint16(this.#buffer, this.#length, value);
  }

  uint32(value: number, field: string): void {
    this.#checkRange(value, 0xffffffff, field);
    this.#reserve(4);
    this.#length = writeUint32(this.#buffer, this.#length, value);
  }

  variableByteInteger(value: number, field: string): void {
    this.#checkRange(value, VARIABLE_BYTE_INTEGER_MAXIMUM, field);
    this.#reserve(4);
    this.#length = writeVariableByteInteger(this.#buffer, this.#length, value);
  }

  /** A UTF-8 Encoded String with its length [5.0 section 1.5.4]. */
  text(value: string, field: string): void {
    // [MQTT-1.5.4-1]
    if (!value.isWellFormed()) throw malformed(this.#packet, `${field} contains a lone surrogate`);
    // [MQTT-1.5.4-2]
    if (value.includes('\0')) throw malformed(this.#packet, `${field} contains U+0000`);
    const length = Buffer.byteLength(value);
    this.#dataLength(length, field);
    this.#reserve(length);
    this.#buffer.write(value, this.#length);
    this.#length += length;
  }

  /** Binary Data with its length [5.0 section 1.5.6]. */
  binary(value: Buffer, field: string): void {
    this.#dataLength(value.length, field);
    this.bytes(value);
  }

  /** Bytes as they are. */
  bytes(value: Buffer): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** What has been written, in memory of its own. */
  written(): Buffer {
    return ownedCopy(this.#buffer, 0, this.#length);
  }

  /** What has been written as the body of a packet whose fixed header starts with `firstByte`. */
  framed(firstByte: number): Buffer {
    this.#checkRange(this.#length, VARIABLE_BYTE_INTEGER_MAXIMUM, 'Remaining Length');
    const frame = Buffer.allocUnsafe(1 + variableByteIntegerLength(this.#length) + this.#length);
    frame[0] = firstByte;
    const bodyStart = writeVariableByteInteger(frame, 1, this.#length);
    this.#buffer.copy(frame, bodyStart, 0, this.#length);
    return frame;
  }

  #dataLength(length: number, field: string): void {
    if (length > STRING_BYTES_MAXIMUM) {
      throw malformed(this.#packet, `${field} has ${length} bytes; at most ${STRING_BYTES_MAXIMUM} fit`);
    }
    this.#reserve(2);
    this.#length = writeUint16(this.#buffer, this.#length, length);
  }

  #checkRange(value: number, maximum: number, field: string): void {
    if (!Number.isInteger(value) || value < 0 || value > maximum) {
      throw malformed(this.#packet, `${field} is ${value}; it is a whole number from 0 to ${maximum}`);
    }
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
