import type { Dice } from './seeded-random.ts';

/** Bytes that parsers stumble over: ends of ranges, lengths, continuation bits, bad UTF-8. */
const telling = [0x00, 0x01, 0x7f, 0x80, 0xc0, 0xed, 0xf4, 0xff];

type Damage = (frame: Buffer, dice: Dice) => Buffer;

const damages: readonly Damage[] = [
  function flippedBit(frame, dice) {
    const index = dice.below(frame.length);
    frame[index] = (frame[index] ?? 0) ^ (1 << dice.below(8));
    return frame;
  },
  function otherByte(frame, dice) {
    frame[dice.below(frame.length)] = dice.chance(0.5) ? dice.oneOf(telling) : dice.below(256);
    return frame;
  },
  function otherFirstByte(frame, dice) {
    frame[0] = dice.below(256);
    return frame;
  },
  function otherRemainingLength(frame, dice) {
    const length = dice.oneOf([frame.length - 2 + dice.below(5) - 2, dice.below(300), dice.below(2 ** 28)]);
    return framed(frame[0] ?? 0, bodyOf(frame), Math.max(0, length));
  },
  function truncated(frame, dice) {
    return frame.subarray(0, dice.below(frame.length));
  },
  function truncatedBody(frame, dice) {
    const body = bodyOf(frame);
    return framed(frame[0] ?? 0, body.subarray(0, dice.below(body.length + 1)));
  },
  function withMoreBody(frame, dice) {
    return framed(frame[0] ?? 0, Buffer.concat([bodyOf(frame), dice.bytes(1 + dice.below(16))]));
  },
  function withPieceRemoved(frame, dice) {
    const body = bodyOf(frame);
    const start = dice.below(body.length + 1);
    const end = start + dice.below(Math.min(8, body.length - start) + 1);
    return framed(frame[0] ?? 0, Buffer.concat([body.subarray(0, start), body.subarray(end)]));
  },
  function withPieceRepeated(frame, dice) {
    const body = bodyOf(frame);
    const start = dice.below(body.length + 1);
    const piece = body.subarray(start, start + 1 + dice.below(12));
    const parts = [body.subarray(0, start), piece, piece, body.subarray(start + piece.length)];
    return framed(frame[0] ?? 0, Buffer.concat(parts));
  },
  function withBytesInserted(frame, dice) {
    const body = bodyOf(frame);
    const start = dice.below(body.length + 1);
    const parts = [body.subarray(0, start), dice.bytes(1 + dice.below(8)), body.subarray(start)];
    return framed(frame[0] ?? 0, Buffer.concat(parts));
  },
];

/** A copy of an MQTT frame with one to three faults in it; half of them keep the Remaining Length right. */
export function damaged(frame: Buffer, dice: Dice): Buffer {
  let result = Buffer.from(frame);
  const faults = 1 + dice.below(3);
  for (let count = 0; count < faults && result.length > 0; count++) {
    result = Buffer.from(dice.oneOf(damages)(result, dice));
  }
  return result;
}

/** What follows the fixed header, as far as there is one. */
function bodyOf(frame: Buffer): Buffer {
  let start = 1;
  while (start < Math.min(4, frame.length) && (frame[start] ?? 0) >= 0x80) start++;
  return frame.subarray(Math.min(start + 1, frame.length));
}

function framed(firstByte: number, body: Buffer, remainingLength = body.length): Buffer {
  const header = [firstByte];
  let rest = remainingLength;
  do {
    header.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), body]);
}
