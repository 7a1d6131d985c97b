import { reasonCodes } from '../../../../src/codec/reason-codes.ts';
import type { MalformedCase } from './malformed-cases.ts';
import { packet, prefixed, shortProperties, uint16 } from './wire.ts';

const { malformedPacket, protocolError, topicNameInvalid, unsupportedProtocolVersion } = reasonCodes;

interface ConnectParts {
  readonly name?: string;
  readonly level?: number;
  readonly flags?: number;
  readonly properties?: Buffer;
  /** Everything behind the properties. */
  readonly payload?: readonly Buffer[];
}

const none = shortProperties();

/** A CONNECT by hand; 5.0 unless parts say otherwise. */
function connect(parts: ConnectParts): Buffer {
  const { name = 'MQTT', level = 5, flags = 0x02, payload = [prefixed('c')] } = parts;
  const properties = parts.properties ?? (level === 5 ? none : Buffer.alloc(0));
  return packet(0x10, prefixed(name), level, flags, uint16(60), properties, ...payload);
}

const will = [prefixed('c'), none, prefixed('w'), prefixed('bye')];
const willOf3 = [prefixed('c'), prefixed('w'), prefixed('bye')];

/** CONNECT × field × fault. The version is the packet's own. */
export const malformedConnects: readonly MalformedCase[] = [
  {
    fault: '[MQTT-3.1.2-1] unknown protocol name',
    frame: connect({ name: 'MQTX' }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-1] protocol name of other case',
    frame: connect({ name: 'mqtt' }),
    code: malformedPacket,
  },
  { fault: '[MQTT-3.1.2-1] empty protocol name', frame: connect({ name: '' }), code: malformedPacket },
  ...[
    { name: 'MQTT', level: 6 },
    { name: 'MQTT', level: 3 },
    { name: 'MQTT', level: 0 },
    { name: 'MQTT', level: 0x85 },
    { name: 'MQTT', level: 0x83 },
    { name: 'MQIsdp', level: 4 },
    { name: 'MQIsdp', level: 5 },
    { name: 'MQIsdp', level: 0x84 },
  ].map((parts) => ({
    fault: `[MQTT-3.1.2-2] level ${parts.level} for ${parts.name}`,
    frame: connect(parts),
    code: unsupportedProtocolVersion,
    returnCode: 1 as const,
  })),
  {
    fault: '[MQTT-2.1.3-1] flags in the fixed header',
    frame: damaged(connect({}), 0, 0x11),
    code: malformedPacket,
  },
  { fault: '[MQTT-3.1.2-3] reserved flag', frame: connect({ flags: 0x03 }), code: malformedPacket },
  {
    fault: '[MQTT-3.1.2-3] reserved flag in 3.1.1',
    frame: connect({ level: 4, flags: 0x03 }),
    code: malformedPacket,
  },
  { fault: '[MQTT-3.1.2-11] Will QoS without will', frame: connect({ flags: 0x0a }), code: malformedPacket },
  {
    fault: '[MQTT-3.1.2-11] Will QoS without will in 3.1.1',
    frame: connect({ level: 4, flags: 0x12 }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-13] Will Retain without will',
    frame: connect({ flags: 0x22 }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-12] Will QoS 3',
    frame: connect({ flags: 0x1e, payload: will }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-12] Will QoS 3 in 3.1',
    frame: connect({ name: 'MQIsdp', level: 3, flags: 0x1e, payload: willOf3 }),
    code: malformedPacket,
  },
  {
    fault: '[3.1.1:MQTT-3.1.2-22] password without user name in 3.1.1',
    frame: connect({ level: 4, flags: 0x42, payload: [prefixed('c'), prefixed('p')] }),
    code: malformedPacket,
  },
  {
    fault: '[3.1.1:MQTT-3.1.2-22] password without user name in 3.1',
    frame: connect({ name: 'MQIsdp', level: 3, flags: 0x42, payload: [prefixed('c'), prefixed('p')] }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-17] user name missing in 3.1.1',
    frame: connect({ level: 4, flags: 0x82 }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-19] password missing in 5.0',
    frame: connect({ flags: 0xc2, payload: [prefixed('c'), prefixed('u')] }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-16] user name although its flag is not set',
    frame: connect({ payload: [prefixed('c'), prefixed('u')] }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.2-18] password although its flag is not set',
    frame: connect({ flags: 0x82, payload: [prefixed('c'), prefixed('u'), prefixed('p')] }),
    code: malformedPacket,
  },
  ...[
    { missing: 'properties', payload: [prefixed('c'), prefixed('w'), prefixed('bye')] },
    { missing: 'topic', payload: [prefixed('c'), none] },
    { missing: 'payload', payload: [prefixed('c'), none, prefixed('w')] },
  ].map(({ missing, payload }) => ({
    fault: `[MQTT-3.1.2-9] will without ${missing}`,
    frame: connect({ flags: 0x06, payload }),
    code: malformedPacket,
  })),
  {
    fault: '[MQTT-3.1.3-3] client identifier missing',
    frame: connect({ payload: [] }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.3-4] client identifier of bad UTF-8',
    frame: connect({ payload: [prefixed([0xff])] }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-1.5.4-2] U+0000 in the client identifier',
    frame: connect({ payload: [prefixed('c\0')] }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.3-12] user name of bad UTF-8',
    frame: connect({ flags: 0x82, payload: [prefixed('c'), prefixed([0xc0, 0x80])] }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.1.3-11] will topic of bad UTF-8',
    frame: connect({
      flags: 0x06,
      payload: [prefixed('c'), none, prefixed([0xed, 0xa0, 0x80]), prefixed('')],
    }),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-4.7.0-1] wildcard in the will topic',
    frame: connect({ flags: 0x06, payload: [prefixed('c'), none, prefixed('a/+'), prefixed('')] }),
    code: topicNameInvalid,
  },
  {
    fault: '[MQTT-4.7.3-1] empty will topic in 3.1.1',
    frame: connect({ level: 4, flags: 0x06, payload: [prefixed('c'), prefixed(''), prefixed('')] }),
    code: topicNameInvalid,
  },
  {
    fault: 'a property of the will among those of CONNECT',
    frame: connect({ properties: shortProperties(0x18, 0, 0, 0, 1) }),
    code: malformedPacket,
  },
  {
    fault: 'a property of CONNECT among those of the will',
    frame: connect({
      flags: 0x06,
      payload: [prefixed('c'), shortProperties(0x21, 0, 1), prefixed('w'), prefixed('')],
    }),
    code: malformedPacket,
  },
  {
    fault: 'Authentication Data without Authentication Method',
    frame: connect({ properties: shortProperties(0x16, prefixed('x')) }),
    code: protocolError,
  },
  { fault: 'nothing behind the fixed header', frame: packet(0x10), code: malformedPacket },
];

function damaged(frame: Buffer, offset: number, value: number): Buffer {
  frame[offset] = value;
  return frame;
}
