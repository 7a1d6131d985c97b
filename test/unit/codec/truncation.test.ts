import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodecError } from '../../../src/codec/codec-error.ts';
import type { ControlPacket, ProtocolVersion } from '../../../src/codec/control-packet.ts';
import { decodePacket } from '../../../src/codec/decode-packet.ts';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { FrameReader } from '../../../src/codec/frame-reader.ts';
import { LARGEST_PACKET } from './support/decode-frame.ts';
import { corpus } from './support/packet-corpus.ts';

/** Lengths of the bodies of `count` packets, each with one more of the list that ends this packet. */
function bodyLengths(shorter: readonly ControlPacket[], version: ProtocolVersion): number[] {
  return shorter.map((packet) => bodyOf(encodePacket(packet, version)).length);
}

function bodyOf(frame: Buffer): Buffer {
  const reader = new FrameReader(LARGEST_PACKET);
  reader.push(frame);
  assert.ok(reader.next());
  return reader.buffer.subarray(reader.bodyStart, reader.end);
}

/** Beginnings of a list, without the empty one and the whole. */
function properPrefixes<Item>(list: readonly Item[]): Item[][] {
  return list.slice(1).map((_, index) => list.slice(0, index + 1));
}

/** Shorter packets whose bodies are the beginnings of this one's: lists and payloads carry no length of their own. */
function shorterPackets(packet: ControlPacket, version: ProtocolVersion): ControlPacket[] {
  switch (packet.type) {
    case 'publish':
      return [...packet.payload.keys()].map((length) => ({
        ...packet,
        payload: packet.payload.subarray(0, length),
      }));
    case 'subscribe':
      return properPrefixes(packet.subscriptions).map((subscriptions) => ({ ...packet, subscriptions }));
    case 'unsubscribe':
      return properPrefixes(packet.filters).map((filters) => ({ ...packet, filters }));
    case 'suback':
    case 'unsuback':
      return properPrefixes(packet.reasonCodes).map((reasonCodes) => ({ ...packet, reasonCodes }));
    case 'connect': {
      // 3.1: user name and password may be missing although their flags are set.
      if (version !== 3) return [];
      const { password, ...withoutPassword } = packet;
      const { username, ...withoutBoth } = withoutPassword;
      if (username === undefined) return [];
      return password === undefined ? [withoutBoth] : [withoutBoth, withoutPassword];
    }
    default:
      return [];
  }
}

/** The short forms of 5.0: after the Packet Identifier and after the Reason Code. */
function shortForms(packet: ControlPacket, bodyLength: number): number[] {
  switch (packet.type) {
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return [2, 3].filter((length) => length < bodyLength);
    case 'disconnect':
      return [0, 1].filter((length) => length < bodyLength);
    case 'auth':
      return [0].filter((length) => length < bodyLength);
    default:
      return [];
  }
}

function isAccepted(frame: Buffer, body: Buffer, version: ProtocolVersion): boolean {
  try {
    decodePacket(frame[0]! >> 4, frame[0]! & 15, body, 0, body.length, version);
    return true;
  } catch (error) {
    assert.ok(error instanceof CodecError, `not a CodecError: ${String(error)}`);
    return false;
  }
}

test('TH20: a body that is cut off is refused, unless what is left is a packet of its own', () => {
  for (const { version, packet, frame } of corpus) {
    const body = bodyOf(frame);
    const accepted = [...body.keys()].filter((length) =>
      isAccepted(frame, body.subarray(0, length), version),
    );
    const expected = [
      ...bodyLengths(shorterPackets(packet, version), version),
      ...shortForms(packet, body.length),
    ];
    assert.deepEqual(accepted, expected, `${packet.type} of level ${version}: ${body.toString('hex')}`);
  }
});

test('TH20: bytes behind the last field are refused where no list or payload ends the packet', () => {
  const openEnded = new Set(['publish', 'subscribe', 'suback', 'unsubscribe']);
  for (const { version, packet, frame } of corpus) {
    if (openEnded.has(packet.type) || (packet.type === 'unsuback' && version === 5)) continue;
    // Not 0: behind the short forms that would be a reason code or a property length.
    const body = Buffer.concat([bodyOf(frame), Buffer.from([0x7e, 0x7e])]);
    assert.equal(isAccepted(frame, body, version), false, `${packet.type}: ${body.toString('hex')}`);
  }
});
