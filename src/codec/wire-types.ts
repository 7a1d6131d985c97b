import { isUtf8 } from 'node:buffer';
import type { PacketPart } from './codec-error.ts';
import { malformed } from './codec-error.ts';

/**
 * The data types of the wire [5.0 section 1.5], read in place. `start` and `end` are offsets into the buffer, `end`
 * exclusive; readers that can fail take the packet and field that the error shall name.
 */

/** Largest Variable Byte Integer, four bytes. */
export const VARIABLE_BYTE_INTEGER_MAXIMUM = 268_435_455;

/** The caller has checked that two bytes are there. */
export function readUint16(buffer: Buffer, offset: number): number {
  return (buffer[offset]! << 8) | buffer[offset + 1]!;
}

/** The caller has checked that four bytes are there. */
export function readUint32(buffer: Buffer, offset: number): number {
  return buffer[offset]! * 0x1000000 + ((buffer[offset + 1]! << 16) | readUint16(buffer, offset + 2));
}

export function writeUint16(target: Buffer, offset: number, value: number): number {
  target[offset] = value >>> 8;
  target[offset + 1] = value;
  return offset + 2;
}

export function writeUint32(target: Buffer, offset: number, value: number): number {
  return writeUint16(target, writeUint16(target, offset, value >>> 16), value & 0xffff);
}

/** Bytes that `value` takes as a Variable Byte Integer. */
export function variableByteIntegerLength(value: number): 1 | 2 | 3 | 4 {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x200000 ? 3 : 4;
}

/**
 * Reads a Variable Byte Integer of the fewest possible bytes [MQTT-1.5.5-1], so that its length follows from its value.
 *
 * @throws CodecError 0x81 when bytes are missing, more than four or more than needed.
 */
export function readVariableByteInteger(
  buffer: Buffer,
  offset: number,
  end: number,
  packet: PacketPart,
  field: string,
): number {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    if (offset + index >= end) throw malformed(packet, `${field} is cut off`);
    const byte = buffer[offset + index]!;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) {
      if (byte === 0 && index > 0) throw malformed(packet, `${field} is not encoded in the fewest bytes`);
      return value;
    }
  }
  throw malformed(packet, `${field} has more than four bytes`);
}

/** Returns the offset behind it. */
export function writeVariableByteInteger(target: Buffer, offset: number, value: number): number {
  let rest = value;
  let position = offset;
  while (rest > 0x7f) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position;
}

/**
 * Where the string or binary data whose two-byte length stands at `offset` ends; it starts at `offset + 2`.
 *
 * @throws CodecError 0x81 when it does not end before `end`.
 */
export function lengthPrefixedEnd(
  buffer: Buffer,
  offset: number,
  end: number,
  packet: PacketPart,
  field: string,
): number {
  if (offset + 2 > end) throw malformed(packet, `the length of ${field} is cut off`);
  const dataEnd = offset + 2 + readUint16(buffer, offset);
  if (dataEnd > end) {
    throw malformed(
      packet,
      `${field} has ${dataEnd - offset - 2} bytes, of which ${end - offset - 2} are there`,
    );
  }
  return dataEnd;
}

/** First byte that is not plain ASCII or is NUL; `end` when all are. */
function asciiEnd(buffer: Buffer, start: number, end: number): number {
  let offset = start;
  while (offset < end) {
    const byte = buffer[offset]!;
    if (byte === 0 || byte > 0x7f) return offset;
    offset++;
  }
  return end;
}

/** Judged on the bytes: decoders fold bad sequences and drop U+FEFF, and thus hide what was sent. */
function checkBeyondAscii(
  buffer: Buffer,
  start: number,
  end: number,
  packet: PacketPart,
  field: string,
): void {
  const bytes = buffer.subarray(start, end);
  // [MQTT-1.5.4-1] No surrogates, overlong forms or other ill-formed sequences.
  if (!isUtf8(bytes)) throw malformed(packet, `${field} is not well-formed UTF-8`);
  // [MQTT-1.5.4-2]
  if (bytes.includes(0)) throw malformed(packet, `${field} contains U+0000`);
}

/** @throws CodecError 0x81 unless the bytes are a UTF-8 Encoded String [5.0 section 1.5.4]. */
export function checkText(
  buffer: Buffer,
  start: number,
  end: number,
  packet: PacketPart,
  field: string,
): void {
  const offset = asciiEnd(buffer, start, end);
  if (offset < end) checkBeyondAscii(buffer, offset, end, packet, field);
}

/**
 * The checked bytes as a string, code point for code point: U+FEFF stays [MQTT-1.5.4-3], nothing is normalized.
 *
 * @throws CodecError 0x81 unless they are a UTF-8 Encoded String.
 */
export function decodeText(
  buffer: Buffer,
  start: number,
  end: number,
  packet: PacketPart,
  field: string,
): string {
  const offset = asciiEnd(buffer, start, end);
  if (offset === end) return buffer.toString('latin1', start, end);
  checkBeyondAscii(buffer, offset, end, packet, field);
  return buffer.toString('utf8', start, end);
}

export const noBytes = Buffer.alloc(0);

/** A copy that owns its memory exactly and so pins no larger chunk. */
export function ownedCopy(buffer: Buffer, start: number, end: number): Buffer {
  if (start === end) return noBytes;
  const copy = Buffer.allocUnsafeSlow(end - start);
  buffer.copy(copy, 0, start, end);
  return copy;
}
