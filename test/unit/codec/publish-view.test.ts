import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Publish } from '../../../src/codec/control-packet.ts';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { FrameReader } from '../../../src/codec/frame-reader.ts';
import { encodeProperties, forwardablePropertiesOf } from '../../../src/codec/properties.ts';
import {
  decodeTopicName,
  forwardableProperties,
  PublishView,
  readPublish,
} from '../../../src/codec/publish-view.ts';
import { reasonCodes } from '../../../src/codec/reason-codes.ts';
import { codecErrorOf, decodeFrame } from './support/decode-frame.ts';
import { packetOf, versions } from './support/packet-arbitraries.ts';

/** Bytes before the packet in its chunk, so that offsets are not those of the packet alone. */
const BEFORE = 3;

const message: Publish = {
  type: 'publish',
  dup: false,
  qos: 0,
  retain: false,
  topic: 'a/b',
  packetId: 0,
  payload: Buffer.from('payload'),
  properties: {},
};

function chunkOf(packet: Publish, version: 3 | 4 | 5): Buffer {
  return Buffer.concat([Buffer.from([0xc0, 0, 0xff]), encodePacket(packet, version), Buffer.from([0xff])]);
}

/** Reads the packet into `view` from amid a larger chunk. */
function readInto(view: PublishView, packet: Publish, version: 3 | 4 | 5): Buffer {
  const chunk = chunkOf(packet, version);
  const reader = new FrameReader(chunk.length);
  reader.push(chunk.subarray(BEFORE, -1));
  assert.ok(reader.next());
  readPublish(view, reader.flags, chunk, BEFORE + reader.bodyStart, BEFORE + reader.end, version);
  return chunk;
}

/** A client sends no Subscription Identifier. */
const fromClient = (version: 3 | 4 | 5): fc.Arbitrary<Publish> =>
  packetOf('publish', version).map((packet) => {
    const { subscriptionIdentifiers, ...properties } = (packet as Publish).properties;
    return { ...(packet as Publish), properties };
  });

for (const version of versions) {
  test(`level ${version}: the view says what decodePacket says, from one view for all packets`, () => {
    const view = new PublishView();
    const property = fc.property(fromClient(version), (packet) => {
      const chunk = readInto(view, packet, version);
      const { properties } = packet;
      assert.deepEqual(
        { dup: view.dup, qos: view.qos, retain: view.retain, packetId: view.packetId },
        { dup: packet.dup, qos: packet.qos, retain: packet.retain, packetId: packet.packetId },
      );
      assert.equal(chunk.toString('utf8', view.topicStart, view.topicEnd), packet.topic);
      assert.deepEqual(chunk.subarray(view.payloadStart, view.payloadEnd), packet.payload);
      assert.equal(view.topicAlias, properties.topicAlias ?? 0);
      assert.equal(view.messageExpiryInterval, properties.messageExpiryInterval ?? -1);
      assert.equal(view.userPropertyCount, properties.userProperties?.length ?? 0);
      const encoded = chunk.subarray(view.propertiesStart, view.propertiesEnd);
      assert.deepEqual(encoded, encodeProperties(properties, 'publish'));
    });
    fc.assert(property, { numRuns: 300, seed: 3 });
  });
}

describe('forwardable properties', () => {
  test('are all but Topic Alias and Message Expiry Interval, in their order', () => {
    const view = new PublishView();
    const property = fc.property(fromClient(5), (packet) => {
      const chunk = readInto(view, packet, 5);
      const forwarded = forwardableProperties(view, chunk);
      assert.deepEqual(forwarded, forwardablePropertiesOf(packet.properties));
      const whole = view.propertiesEnd - view.propertiesStart === forwarded.length;
      assert.equal(view.propertiesForwardable, whole);
    });
    fc.assert(property, { numRuns: 300, seed: 4 });
  });

  test('own their memory', () => {
    const view = new PublishView();
    const properties = { contentType: 'text/plain' };
    const chunk = readInto(view, { ...message, properties }, 5);
    const forwarded = forwardableProperties(view, chunk);
    chunk.fill(0);
    assert.deepEqual(forwarded, encodeProperties(properties, 'publish'));
    assert.equal(forwarded.buffer.byteLength, forwarded.length);
  });

  test('[MQTT-3.3.2-18] keep the order of user properties among others', () => {
    const view = new PublishView();
    const chunk = readInto(
      view,
      {
        ...message,
        properties: {
          userProperties: [
            ['z', '1'],
            ['a', '2'],
            ['z', '1'],
          ],
          topicAlias: 4,
        },
      },
      5,
    );
    const expected = encodeProperties(
      {
        userProperties: [
          ['z', '1'],
          ['a', '2'],
          ['z', '1'],
        ],
      },
      'publish',
    );
    assert.deepEqual(forwardableProperties(view, chunk), expected);
  });
});

describe('readPublish', () => {
  test('[MQTT-3.3.4-6] refuses a Subscription Identifier, which decodePacket takes from a server', () => {
    const frame = encodePacket({ ...message, properties: { subscriptionIdentifiers: [5, 7] } }, 5);
    assert.equal(decodeFrame(frame, 5).type, 'publish');
    const error = codecErrorOf(() => readPublish(new PublishView(), 0, frame, 2, frame.length, 5));
    assert.equal(error.reasonCode, reasonCodes.protocolError);
  });

  test('does not judge the topic, so that an alias alone passes', () => {
    const view = new PublishView();
    readInto(view, { ...message, topic: '', properties: { topicAlias: 9 } }, 5);
    assert.equal(view.topicStart, view.topicEnd);
    assert.equal(view.topicAlias, 9);
  });

  test('an earlier packet leaves nothing in the view', () => {
    const view = new PublishView();
    const properties = { topicAlias: 9, messageExpiryInterval: 0, userProperties: [['k', 'v'] as const] };
    readInto(view, { ...message, dup: true, qos: 2, retain: true, packetId: 4, properties }, 5);
    const chunk = readInto(view, message, 4);
    const { dup, qos, retain, packetId, topicAlias, messageExpiryInterval, userPropertyCount } = view;
    assert.deepEqual(
      { dup, qos, retain, packetId, topicAlias, messageExpiryInterval, userPropertyCount },
      {
        dup: false,
        qos: 0,
        retain: false,
        packetId: 0,
        topicAlias: 0,
        messageExpiryInterval: -1,
        userPropertyCount: 0,
      },
    );
    assert.equal(forwardableProperties(view, chunk).length, 0);
  });
});

describe('decodeTopicName', () => {
  const refused = [
    { name: '[MQTT-4.7.3-1] empty', topic: '' },
    { name: '[MQTT-4.7.0-1] +', topic: 'a/+' },
    { name: '[MQTT-4.7.0-1] # within a level', topic: 'a#b' },
    { name: '[MQTT-4.7.0-1] + beside other scripts', topic: '\u00e9/+' },
  ];
  for (const { name, topic } of refused) {
    test(`refuses ${name}`, () => {
      const bytes = Buffer.from(topic);
      const error = codecErrorOf(() => decodeTopicName(bytes, 0, bytes.length));
      assert.equal(error.reasonCode, reasonCodes.topicNameInvalid);
    });
  }

  test('takes $ topics, empty levels and spaces, as authorization is not its task', () => {
    for (const topic of ['$SYS/x', '/', '//a/', ' ', '$share/g/t']) {
      const bytes = Buffer.from(topic);
      assert.equal(decodeTopicName(bytes, 0, bytes.length), topic);
    }
  });
});
