import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CodecError } from '../../../src/codec/codec-error.ts';
import type { ProtocolVersion } from '../../../src/codec/control-packet.ts';
import { decodePacket } from '../../../src/codec/decode-packet.ts';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { FrameReader } from '../../../src/codec/frame-reader.ts';
import {
  decodeTopicName,
  forwardableProperties,
  PublishView,
  readPublish,
} from '../../../src/codec/publish-view.ts';
import { packetOfVersion, versions } from './support/packet-arbitraries.ts';

const runs = { numRuns: 3000, seed: 20 };
const MAXIMUM_PACKET_SIZE = 65_536;

/** Reads all frames with every reader that the codec has. */
function readAll(bytes: Buffer, version: ProtocolVersion): void {
  const reader = new FrameReader(MAXIMUM_PACKET_SIZE);
  reader.push(bytes);
  while (reader.next()) {
    onlyCodecErrors(() => readPublishWhole(reader, version));
    onlyCodecErrors(() => decodeAndEncode(reader, version));
  }
}

function readPublishWhole(reader: FrameReader, version: ProtocolVersion): void {
  if (reader.type !== 3) return;
  const view = new PublishView();
  readPublish(view, reader.flags, reader.buffer, reader.bodyStart, reader.end, version);
  assert.ok(view.topicEnd <= view.propertiesStart && view.propertiesStart <= view.propertiesEnd);
  assert.ok(view.propertiesEnd === view.payloadStart && view.payloadStart <= view.payloadEnd);
  forwardableProperties(view, reader.buffer);
  decodeTopicName(reader.buffer, view.topicStart, view.topicEnd);
}

/** What is accepted can be encoded, and is then read as the same packet. */
function decodeAndEncode(reader: FrameReader, version: ProtocolVersion): void {
  const packet = decodePacket(
    reader.type,
    reader.flags,
    reader.buffer,
    reader.bodyStart,
    reader.end,
    version,
  );
  const again = new FrameReader(MAXIMUM_PACKET_SIZE);
  again.push(encodePacket(packet, version));
  assert.ok(again.next());
  const same = decodePacket(again.type, again.flags, again.buffer, again.bodyStart, again.end, version);
  assert.deepEqual(same, packet);
}

function onlyCodecErrors(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    assert.ok(error.reasonCode >= 0x80 && error.reasonCode <= 0xa2);
  }
}

for (const version of versions) {
  test(`TH20: damaged packets of level ${version} end in CodecError or in a valid packet`, () => {
    const damages = fc.array(fc.record({ at: fc.nat(), to: fc.nat(255) }), { minLength: 1, maxLength: 4 });
    const property = fc.property(packetOfVersion(version), damages, (packet, places) => {
      const frame = encodePacket(packet, version);
      for (const { at, to } of places) frame[at % frame.length] = to;
      onlyCodecErrors(() => readAll(frame, version));
    });
    fc.assert(property, runs);
  });

  test(`TH20: random bytes as packets of level ${version} end in CodecError or in a valid packet`, () => {
    const body = fc.uint8Array({ maxLength: 60 });
    const property = fc.property(fc.nat(255), body, (firstByte, bytes) => {
      onlyCodecErrors(() => readAll(Buffer.from([firstByte, bytes.length, ...bytes]), version));
    });
    fc.assert(property, runs);
  });
}
