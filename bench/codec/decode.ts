/** Decoding, packet by packet and in place, beside mqtt-packet: `node bench/codec/decode.ts`. */
import { parser } from 'mqtt-packet';
import type { ControlPacket, ProtocolVersion } from '../../src/codec/control-packet.ts';
import { decodePacket } from '../../src/codec/decode-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { FrameReader } from '../../src/codec/frame-reader.ts';
import { decodeTopicName, PublishView, readPublish } from '../../src/codec/publish-view.ts';
import { heading, nanosecondsPerPacket, report } from './measure.ts';
import { connect, puback, publish, publishQoS1, publishWithProperties, subscribe } from './packets.ts';

const CHUNK_BYTES = 65_536;

/** As many packets as a socket's chunk holds. */
function chunkOf(packet: ControlPacket, version: ProtocolVersion): { chunk: Buffer; count: number } {
  const frame = encodePacket(packet, version);
  const count = Math.floor(CHUNK_BYTES / frame.length);
  return { chunk: Buffer.concat(new Array<Buffer>(count).fill(frame)), count };
}

function oracle(packet: ControlPacket, version: ProtocolVersion): number {
  const { chunk, count } = chunkOf(packet, version);
  const parsing = parser({ protocolVersion: version });
  parsing.on('packet', () => {});
  return nanosecondsPerPacket(() => parsing.parse(chunk), count);
}

function inPlace(version: ProtocolVersion, packet: ControlPacket, withTopic: boolean): number {
  const { chunk, count } = chunkOf(packet, version);
  const reader = new FrameReader(CHUNK_BYTES);
  const view = new PublishView();
  return nanosecondsPerPacket(() => {
    reader.push(chunk);
    while (reader.next()) {
      readPublish(view, reader.flags, reader.buffer, reader.bodyStart, reader.end, version);
      if (withTopic) decodeTopicName(reader.buffer, view.topicStart, view.topicEnd);
    }
  }, count);
}

function asPackets(version: ProtocolVersion, packet: ControlPacket): number {
  const { chunk, count } = chunkOf(packet, version);
  const reader = new FrameReader(CHUNK_BYTES);
  return nanosecondsPerPacket(() => {
    reader.push(chunk);
    while (reader.next()) {
      decodePacket(reader.type, reader.flags, reader.buffer, reader.bodyStart, reader.end, version);
    }
  }, count);
}

function framesAlone(): number {
  const { chunk, count } = chunkOf(publish, 4);
  const reader = new FrameReader(CHUNK_BYTES);
  return nanosecondsPerPacket(() => {
    reader.push(chunk);
    while (reader.next());
  }, count);
}

heading('decode');
report('frames alone', framesAlone());
report('PUBLISH 3.1.1 in place', inPlace(4, publish, false), oracle(publish, 4));
report('PUBLISH 3.1.1 in place, topic as string', inPlace(4, publish, true), oracle(publish, 4));
report('PUBLISH 5.0 in place', inPlace(5, publish, false), oracle(publish, 5));
report(
  'PUBLISH 5.0 in place, three properties',
  inPlace(5, publishWithProperties, false),
  oracle(publishWithProperties, 5),
);
report('PUBLISH 5.0 QoS 1 as packet', asPackets(5, publishQoS1), oracle(publishQoS1, 5));
report('PUBACK 5.0', asPackets(5, puback), oracle(puback, 5));
report('SUBSCRIBE 5.0, two filters', asPackets(5, subscribe), oracle(subscribe, 5));
report('CONNECT 5.0', asPackets(5, connect), oracle(connect, 5));
