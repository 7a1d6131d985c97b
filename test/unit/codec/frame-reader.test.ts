import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { FrameReader } from '../../../src/codec/frame-reader.ts';
import { reasonCodes } from '../../../src/codec/reason-codes.ts';
import { codecErrorOf, decodeStream, LARGEST_PACKET } from './support/decode-frame.ts';
import { packetOfVersion, versions } from './support/packet-arbitraries.ts';
import { corpus } from './support/packet-corpus.ts';

const MIB = 1024 * 1024;
const pingreq = Buffer.from([0xc0, 0]);

/** A PUBLISH of QoS 0 to "t" with a payload of this many bytes. */
function publishOf(payloadLength: number): Buffer {
  const payload = Buffer.alloc(payloadLength, 7);
  const head = { dup: false, retain: false, packetId: 0, properties: {} };
  return encodePacket({ type: 'publish', qos: 0, topic: 't', payload, ...head }, 4);
}

function readerOf(...chunks: Buffer[]): FrameReader {
  const reader = new FrameReader(LARGEST_PACKET);
  for (const chunk of chunks) reader.push(chunk);
  return reader;
}

function cutAt(bytes: Buffer, ...offsets: number[]): Buffer[] {
  const edges = [0, ...offsets, bytes.length];
  return edges.slice(1).map((edge, index) => Buffer.from(bytes.subarray(edges[index], edge)));
}

describe('splits', () => {
  test('every packet of the corpus, cut in two at every offset, stays the same', () => {
    for (const { version, packet, frame } of corpus) {
      for (let offset = 0; offset <= frame.length; offset++) {
        assert.deepEqual(decodeStream(cutAt(frame, offset), version), [packet]);
      }
    }
  });

  test('every packet of the corpus, byte by byte, stays the same', () => {
    for (const { version, packet, frame } of corpus) {
      assert.deepEqual(decodeStream(cutAt(frame, ...frame.keys()), version), [packet]);
    }
  });

  test('a stream of packets in chunks of any size gives the same packets', () => {
    for (const version of versions) {
      const streams = fc.tuple(fc.array(packetOfVersion(version), { maxLength: 12 }), fc.array(fc.nat(2000)));
      const property = fc.property(streams, ([packets, cuts]) => {
        const stream = Buffer.concat(packets.map((packet) => encodePacket(packet, version)));
        const offsets = cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b);
        assert.deepEqual(decodeStream(cutAt(stream, ...offsets), version), packets);
      });
      fc.assert(property, { numRuns: 100, seed: 17 });
    }
  });

  test('remaining lengths of one to four bytes, each cut in the header', () => {
    for (const payloadLength of [0, 124, 125, 16_380, 16_381, 2_097_148, 2_097_149]) {
      const frame = publishOf(payloadLength);
      for (const offset of [1, 2, 3, 4, 5, 6]) {
        const reader = readerOf(...cutAt(frame, offset));
        assert.ok(reader.next());
        assert.ok(frame.equals(reader.buffer.subarray(reader.start, reader.end)));
        assert.equal(reader.bodyStart - reader.start, frame.length - payloadLength - 3);
        assert.equal(reader.next(), false);
      }
    }
  });
});

describe('memory', () => {
  test('frames inside one chunk are not copied and stay neighbours', () => {
    const chunk = Buffer.concat([publishOf(10), pingreq, publishOf(20)]);
    const reader = readerOf(chunk);
    let expectedStart = 0;
    while (reader.next()) {
      assert.equal(reader.buffer, chunk);
      assert.equal(reader.start, expectedStart);
      expectedStart = reader.end;
    }
    assert.equal(expectedStart, chunk.length);
  });

  test('after a frame that straddles chunks the rest of the chunk is read in place', () => {
    const [first, second] = cutAt(Buffer.concat([publishOf(10), publishOf(20), pingreq]), 5);
    const reader = readerOf(first!, second!);
    assert.ok(reader.next());
    assert.notEqual(reader.buffer, second);
    assert.ok(reader.next());
    assert.equal(reader.buffer, second);
    assert.equal(reader.start, 15 - 5);
  });

  test('a frame that straddles chunks is in memory that the next one does not overwrite', () => {
    const [first, second, third] = cutAt(Buffer.concat([publishOf(50), publishOf(60)]), 30, 80);
    const reader = readerOf(first!, second!, third!);
    assert.ok(reader.next());
    const kept = reader.buffer.subarray(reader.start, reader.end);
    assert.ok(reader.next());
    assert.deepEqual(kept, publishOf(50));
    assert.deepEqual(reader.buffer.subarray(reader.start, reader.end), publishOf(60));
  });

  test('TH19: a declared length of 256 MB costs no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 20 }, () =>
      readerOf(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1])),
    );
    for (const reader of readers) assert.equal(reader.next(), false);
    assert.ok(process.memoryUsage().arrayBuffers - before < MIB);
  });

  test('TH19: a large packet that drips in holds memory for what came', () => {
    const before = process.memoryUsage().arrayBuffers;
    const reader = readerOf(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
    const drop = Buffer.alloc(1024);
    for (let dropped = 0; dropped < 512; dropped++) {
      reader.push(drop);
      assert.equal(reader.next(), false);
    }
    assert.equal(reader.bufferedBytes, 5 + 512 * 1024);
    // Twice the 0.5 MB that came, and the smaller buffers before the last, which may still await collection.
    assert.ok(process.memoryUsage().arrayBuffers - before < 3 * MIB);
  });

  test('an idle reader holds on to no chunk', () => {
    const reader = readerOf(Buffer.concat([pingreq, pingreq]));
    while (reader.next());
    assert.equal(reader.buffer.length, 0);
  });
});

describe('pulling', () => {
  test('chunks may be pushed before the frames of earlier ones are pulled', () => {
    const reader = readerOf(Buffer.concat([pingreq, pingreq]));
    assert.ok(reader.next());
    reader.push(publishOf(3));
    reader.push(Buffer.alloc(0));
    reader.push(pingreq);
    assert.equal(reader.bufferedBytes, 2 + 8 + 2);
    const types = [];
    while (reader.next()) types.push(reader.type);
    assert.deepEqual(types, [12, 3, 12]);
    assert.equal(reader.bufferedBytes, 0);
  });

  test('type and flags are those of the first byte', () => {
    const reader = readerOf(Buffer.from([0x3d, 0]));
    assert.ok(reader.next());
    assert.deepEqual([reader.type, reader.flags, reader.bodyStart, reader.end], [3, 0x0d, 2, 2]);
  });

  test('without bytes there is no frame', () => {
    assert.equal(readerOf().next(), false);
    assert.equal(readerOf(Buffer.alloc(0)).next(), false);
  });
});

describe('faults of the fixed header', () => {
  const faults = [
    {
      name: 'packet type 0, before anything else is there',
      bytes: [0x00],
      code: reasonCodes.malformedPacket,
    },
    {
      name: 'a remaining length of five bytes',
      bytes: [0x30, 0x80, 0x80, 0x80, 0x80, 0x01],
      code: reasonCodes.malformedPacket,
    },
    {
      name: 'a fourth length byte that goes on, before the fifth is there',
      bytes: [0x30, 0xff, 0xff, 0xff, 0xff],
      code: reasonCodes.malformedPacket,
    },
    {
      name: '[MQTT-1.5.5-1] a remaining length of more bytes than needed',
      bytes: [0xc0, 0x80, 0x00],
      code: reasonCodes.malformedPacket,
    },
  ];
  for (const { name, bytes, code } of faults) {
    test(`${name}, in one chunk and byte by byte`, () => {
      const frame = Buffer.from(bytes);
      assert.equal(codecErrorOf(() => readerOf(frame).next()).reasonCode, code);
      assert.equal(codecErrorOf(() => readerOf(...cutAt(frame, ...frame.keys())).next()).reasonCode, code);
    });
  }

  test('a packet above the maximum size is refused when its length is known', () => {
    const frame = publishOf(100);
    for (const chunks of [[frame], cutAt(frame.subarray(0, 2), 1)]) {
      const reader = new FrameReader(frame.length - 1);
      for (const chunk of chunks) reader.push(chunk);
      const error = codecErrorOf(() => reader.next());
      assert.equal(error.reasonCode, reasonCodes.packetTooLarge);
      assert.match(error.message, /105 bytes .* 104/);
    }
  });

  test('a packet of the maximum size passes, and a raised maximum counts from then on', () => {
    const reader = new FrameReader(20);
    reader.push(Buffer.concat([publishOf(15), publishOf(100)]));
    assert.ok(reader.next());
    reader.maximumPacketSize = 105;
    assert.ok(reader.next());
    assert.equal(reader.end - reader.start, 105);
  });
});
