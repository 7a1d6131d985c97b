/** Parts of packets written by hand, for tests of bytes that our encoder would refuse to write. */

/** A string or bytes with its two-byte length. */
export function prefixed(value: string | Buffer | readonly number[]): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** Bytes with their length as a one-byte Variable Byte Integer, as properties have. */
export function shortProperties(...parts: readonly (Buffer | number)[]): Buffer {
  const bytes = joined(parts);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** A whole packet: first byte, Remaining Length of what follows (below 128), body. */
export function packet(firstByte: number, ...parts: readonly (Buffer | number)[]): Buffer {
  const body = joined(parts);
  if (body.length > 127)
    throw new RangeError(`a body of ${body.length} bytes needs a longer Remaining Length`);
  return Buffer.concat([Buffer.from([firstByte, body.length]), body]);
}

function joined(parts: readonly (Buffer | number)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)));
}
