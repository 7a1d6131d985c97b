/** Encoding beside mqtt-packet: `node bench/codec/encode.ts`. */
import type { Packet } from 'mqtt-packet';
import { generate } from 'mqtt-packet';
import type { ControlPacket, ProtocolVersion } from '../../src/codec/control-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { forwardablePropertiesOf } from '../../src/codec/properties.ts';
import type { PublishContent, PublishHead } from '../../src/codec/publish-frame.ts';
import {
  publishFrameLength,
  writePublishFrame,
  writeShortAcknowledgement,
} from '../../src/codec/publish-frame.ts';
import { heading, nanosecondsPerPacket, report } from './measure.ts';
import { puback, publish, publishWithProperties, subscribe } from './packets.ts';

const BATCH = 1000;
const target = Buffer.alloc(65_536);

function repeated(action: () => void): number {
  return nanosecondsPerPacket(() => {
    for (let count = 0; count < BATCH; count++) action();
  }, BATCH);
}

function oracle(packet: Packet, version: ProtocolVersion): number {
  return repeated(() => generate(packet, { protocolVersion: version }));
}

function frame(content: PublishContent, version: ProtocolVersion): number {
  const head: PublishHead = {
    version,
    qos: 1,
    retain: false,
    dup: false,
    packetId: 77,
    topicAlias: 0,
    omitTopic: false,
    messageExpiryInterval: -1,
    subscriptionIdentifiers: [],
  };
  return repeated(() => {
    if (publishFrameLength(content, head) <= target.length) writePublishFrame(target, 0, content, head);
  });
}

function packets(packet: ControlPacket, version: ProtocolVersion): number {
  return repeated(() => encodePacket(packet, version));
}

const content = { topic: Buffer.from(publish.topic), payload: publish.payload, properties: Buffer.alloc(0) };
const withProperties = { ...content, properties: forwardablePropertiesOf(publishWithProperties.properties) };
const theirPublish: Packet = { ...publish, cmd: 'publish', qos: 1, messageId: 77, properties: {} };
const theirProperties: Packet = {
  ...theirPublish,
  properties: {
    contentType: 'application/json',
    userProperties: { trace: '4bf92f3577b34da6', site: 'hall-3' },
  },
};
const theirSubscribe: Packet = {
  cmd: 'subscribe',
  messageId: 5,
  subscriptions: ['commands/device-0001/+', 'broadcast/#'].map((topic) => ({ topic, qos: 1 })),
};
const theirPuback: Packet = { cmd: 'puback', messageId: 77, reasonCode: 0 };

heading('encode');
report('PUBLISH 3.1.1 QoS 1 as frame', frame(content, 4), oracle(theirPublish, 4));
report('PUBLISH 5.0 QoS 1 as frame', frame(content, 5), oracle(theirPublish, 5));
report('PUBLISH 5.0 QoS 1 as frame, three properties', frame(withProperties, 5), oracle(theirProperties, 5));
report('PUBLISH 5.0 as packet', packets(publish, 5), oracle(theirPublish, 5));
report(
  'PUBACK as frame',
  repeated(() => void writeShortAcknowledgement(target, 0, 'puback', 77)),
  oracle(theirPuback, 5),
);
report('PUBACK 5.0 as packet', packets(puback, 5), oracle(theirPuback, 5));
report('SUBSCRIBE 5.0, two filters', packets(subscribe, 5), oracle(theirSubscribe, 5));
