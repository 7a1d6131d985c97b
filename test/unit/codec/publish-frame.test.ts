import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Properties, Publish } from '../../../src/codec/control-packet.ts';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { forwardablePropertiesOf } from '../../../src/codec/properties.ts';
import type { PublishContent, PublishHead } from '../../../src/codec/publish-frame.ts';
import {
  publishFrameLength,
  SHORT_ACKNOWLEDGEMENT_LENGTH,
  writePublishFrame,
  writeShortAcknowledgement,
} from '../../../src/codec/publish-frame.ts';
import { decodeFrame } from './support/decode-frame.ts';
import { packetOf, versions } from './support/packet-arbitraries.ts';

/** Bytes before and behind the frame that must stay as they are. */
const MARGIN = 3;

function written(content: PublishContent, head: PublishHead): Buffer {
  const length = publishFrameLength(content, head);
  const target = Buffer.alloc(length + 2 * MARGIN, 0xee);
  assert.equal(writePublishFrame(target, MARGIN, content, head), MARGIN + length);
  const margins = [target.subarray(0, MARGIN), target.subarray(MARGIN + length)];
  for (const margin of margins) assert.deepEqual(margin, Buffer.alloc(MARGIN, 0xee));
  return target.subarray(MARGIN, MARGIN + length);
}

function contentOf(packet: Publish): PublishContent {
  const { topic, payload, properties } = packet;
  return { topic: Buffer.from(topic), payload, properties: forwardablePropertiesOf(properties) };
}

function headOf(packet: Publish, version: 3 | 4 | 5): PublishHead {
  const { dup, qos, retain, packetId, topic, properties } = packet;
  return {
    version,
    dup,
    qos,
    retain,
    packetId,
    topicAlias: properties.topicAlias ?? 0,
    omitTopic: topic === '',
    messageExpiryInterval: properties.messageExpiryInterval ?? -1,
    subscriptionIdentifiers: properties.subscriptionIdentifiers ?? [],
  };
}

describe('writePublishFrame', () => {
  for (const version of versions) {
    test(`level ${version}: what it writes is the packet, and as long as said`, () => {
      const property = fc.property(packetOf('publish', version), (drawn) => {
        const packet = drawn as Publish;
        assert.deepEqual(decodeFrame(written(contentOf(packet), headOf(packet, version)), version), packet);
      });
      fc.assert(property, { numRuns: 300, seed: 5 });
    });
  }

  test('lengths at the edges of the Remaining Length', () => {
    for (const payloadLength of [124, 125, 16_380, 16_381, 2_097_148, 2_097_149]) {
      const properties: Properties = {};
      const payload = Buffer.alloc(payloadLength, 1);
      const packet: Publish = {
        type: 'publish',
        dup: false,
        qos: 0,
        retain: true,
        topic: 't',
        packetId: 0,
        payload,
        properties,
      };
      assert.ok(written(contentOf(packet), headOf(packet, 4)).equals(encodePacket(packet, 4)));
    }
  });

  test('3.x looks at nothing that only 5.0 has', () => {
    const content = {
      topic: Buffer.from('t'),
      payload: Buffer.from('p'),
      properties: forwardablePropertiesOf({ contentType: 'x' }),
    };
    const head: PublishHead = {
      version: 4,
      dup: false,
      qos: 1,
      retain: false,
      packetId: 0x0102,
      topicAlias: 3,
      omitTopic: true,
      messageExpiryInterval: 60,
      subscriptionIdentifiers: [1],
    };
    assert.equal(written(content, head).toString('hex'), '3206000174010270');
  });

  test('an expiry of 0 seconds is written, none is not', () => {
    const content = { topic: Buffer.from('t'), payload: Buffer.alloc(0), properties: Buffer.alloc(0) };
    const head: PublishHead = {
      version: 5,
      dup: false,
      qos: 0,
      retain: false,
      packetId: 0,
      topicAlias: 0,
      omitTopic: false,
      messageExpiryInterval: 0,
      subscriptionIdentifiers: [],
    };
    assert.equal(written(content, head).toString('hex'), '3009000174050200000000');
    assert.equal(written(content, { ...head, messageExpiryInterval: -1 }).toString('hex'), '300400017400');
  });
});

describe('writeShortAcknowledgement', () => {
  for (const type of ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const) {
    test(`${type} is the same in every version`, () => {
      const target = Buffer.alloc(SHORT_ACKNOWLEDGEMENT_LENGTH + 1, 0xee);
      assert.equal(writeShortAcknowledgement(target, 1, type, 0xabcd), 1 + SHORT_ACKNOWLEDGEMENT_LENGTH);
      const expected = { type, packetId: 0xabcd, reasonCode: 0, properties: {} };
      for (const version of versions) assert.deepEqual(decodeFrame(target.subarray(1), version), expected);
    });
  }
});
