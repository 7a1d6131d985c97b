import type { ProtocolVersion } from '../../../../src/codec/control-packet.ts';
import { reasonCodes } from '../../../../src/codec/reason-codes.ts';
import { packet, prefixed, shortProperties, uint16 } from './wire.ts';

/** A packet that must be refused. */
export interface MalformedCase {
  /** Statement and fault. */
  readonly fault: string;
  readonly frame: Buffer;
  /** 5.0 when absent. */
  readonly version?: ProtocolVersion;
  readonly code: number;
  readonly returnCode?: 1 | 2;
}

const { malformedPacket, protocolError, topicNameInvalid } = reasonCodes;
const none = shortProperties();
const id = uint16(1);

/** The fixed header's flags, for each packet but PUBLISH. */
const flagFaults: MalformedCase[] = [
  { fault: '[MQTT-3.2.2-1] CONNACK', frame: packet(0x21, 0, 0, none), code: malformedPacket },
  { fault: '[MQTT-2.1.3-1] PUBACK', frame: packet(0x42, id), code: malformedPacket },
  { fault: '[MQTT-2.1.3-1] PUBREC', frame: packet(0x51, id), code: malformedPacket },
  { fault: '[MQTT-3.6.1-1] PUBREL', frame: packet(0x60, id), code: malformedPacket },
  {
    fault: '[MQTT-3.6.1-1] PUBREL with DUP in 3.1.1',
    frame: packet(0x6a, id),
    version: 4,
    code: malformedPacket,
  },
  { fault: '[MQTT-2.1.3-1] PUBCOMP', frame: packet(0x74, id), code: malformedPacket },
  {
    fault: '[MQTT-3.8.1-1] SUBSCRIBE',
    frame: packet(0x80, id, none, prefixed('t'), 0),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.8.1-1] SUBSCRIBE with DUP in 3.1.1',
    frame: packet(0x8a, id, prefixed('t'), 0),
    version: 4,
    code: malformedPacket,
  },
  {
    fault: '3.1 SUBSCRIBE with QoS 0',
    frame: packet(0x80, id, prefixed('t'), 0),
    version: 3,
    code: malformedPacket,
  },
  { fault: '[MQTT-2.1.3-1] SUBACK', frame: packet(0x91, id, none, 0), code: malformedPacket },
  {
    fault: '[MQTT-3.10.1-1] UNSUBSCRIBE',
    frame: packet(0xa3, id, none, prefixed('t')),
    code: malformedPacket,
  },
  { fault: '[MQTT-2.1.3-1] UNSUBACK', frame: packet(0xb8, id, none, 0), code: malformedPacket },
  { fault: '[MQTT-2.1.3-1] PINGREQ', frame: packet(0xc1), code: malformedPacket },
  { fault: '[MQTT-2.1.3-1] PINGRESP', frame: packet(0xd1), code: malformedPacket },
  { fault: '[MQTT-3.14.1-1] DISCONNECT', frame: packet(0xe1), code: malformedPacket },
  { fault: '[MQTT-3.15.1-1] AUTH', frame: packet(0xf1), code: malformedPacket },
].map((entry) => ({ ...entry, fault: `${entry.fault}: flags of the fixed header` }) as MalformedCase);

const publishes: MalformedCase[] = [
  { fault: '[MQTT-3.3.1-4] QoS 3', frame: packet(0x36, prefixed('t'), id, none), code: malformedPacket },
  {
    fault: '[MQTT-3.3.1-4] QoS 3 in 3.1',
    frame: packet(0x36, prefixed('t'), id),
    version: 3,
    code: malformedPacket,
  },
  { fault: '[MQTT-3.3.1-2] DUP with QoS 0', frame: packet(0x38, prefixed('t'), none), code: malformedPacket },
  {
    fault: '[MQTT-3.3.1-2] DUP with QoS 0 in 3.1.1',
    frame: packet(0x38, prefixed('t')),
    version: 4,
    code: malformedPacket,
  },
  {
    fault: '[MQTT-2.2.1-3] Packet Identifier 0',
    frame: packet(0x32, prefixed('t'), 0, 0, none),
    code: protocolError,
  },
  {
    fault: '[MQTT-2.2.1-3] Packet Identifier 0 in 3.1.1',
    frame: packet(0x34, prefixed('t'), 0, 0),
    version: 4,
    code: protocolError,
  },
  { fault: 'Packet Identifier cut off', frame: packet(0x32, prefixed('t'), 0), code: malformedPacket },
  { fault: 'no topic', frame: packet(0x30), code: malformedPacket },
  { fault: 'topic cut off', frame: packet(0x30, 0, 5, 0x61), code: malformedPacket },
  { fault: 'empty topic without alias', frame: packet(0x30, 0, 0, none), code: protocolError },
  {
    fault: '[MQTT-4.7.3-1] empty topic',
    frame: packet(0x30, 0, 0, 0x61),
    version: 4,
    code: topicNameInvalid,
  },
  {
    fault: '[MQTT-3.3.2-2] + in the topic',
    frame: packet(0x30, prefixed('a/+/b'), none),
    code: topicNameInvalid,
  },
  {
    fault: '[MQTT-3.3.2-2] # in the topic',
    frame: packet(0x30, prefixed('#'), none),
    code: topicNameInvalid,
  },
  {
    fault: '[MQTT-3.3.2-1] topic of bad UTF-8',
    frame: packet(0x30, prefixed([0x80]), none),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-4.7.3-2] U+0000 in the topic',
    frame: packet(0x30, prefixed('a\0'), none),
    code: malformedPacket,
  },
].map((entry) => ({ ...entry, fault: `PUBLISH: ${entry.fault}` }) as MalformedCase);

const acknowledgements: MalformedCase[] = [
  { fault: 'PUBACK without Packet Identifier', frame: packet(0x40), code: malformedPacket },
  { fault: 'PUBACK of Packet Identifier 0', frame: packet(0x40, 0, 0), code: protocolError },
  {
    fault: 'PUBACK of 3.1.1 with a reason code',
    frame: packet(0x40, id, 0),
    version: 4,
    code: malformedPacket,
  },
  { fault: '[MQTT-3.4.2-1] PUBACK with 0x92', frame: packet(0x40, id, 0x92), code: protocolError },
  { fault: '[MQTT-3.5.2-1] PUBREC with 0x01', frame: packet(0x50, id, 0x01), code: protocolError },
  { fault: '[MQTT-3.6.2-1] PUBREL with 0x80', frame: packet(0x62, id, 0x80), code: protocolError },
  { fault: '[MQTT-3.7.2-1] PUBCOMP with 0x10', frame: packet(0x70, id, 0x10), code: protocolError },
  {
    fault: 'PUBACK with bytes behind its properties',
    frame: packet(0x40, id, 0, 0, 0),
    code: malformedPacket,
  },
  { fault: 'PUBREL of 3.1 with a third byte', frame: packet(0x62, id, 0), version: 3, code: malformedPacket },
];

const subscriptions: MalformedCase[] = [
  { fault: '[MQTT-3.8.3-2] SUBSCRIBE without filter', frame: packet(0x82, id, none), code: protocolError },
  {
    fault: '[MQTT-3.8.3-2] SUBSCRIBE without filter in 3.1.1',
    frame: packet(0x82, id),
    version: 4,
    code: protocolError,
  },
  {
    fault: 'SUBSCRIBE of Packet Identifier 0',
    frame: packet(0x82, 0, 0, none, prefixed('t'), 0),
    code: protocolError,
  },
  { fault: 'SUBSCRIBE without options', frame: packet(0x82, id, none, prefixed('t')), code: malformedPacket },
  {
    fault: '[MQTT-3.8.3-5] reserved options',
    frame: packet(0x82, id, none, prefixed('t'), 0x40),
    code: malformedPacket,
  },
  {
    fault: '[3.1.1:MQTT-3.8.3-4] No Local in 3.1.1',
    frame: packet(0x82, id, prefixed('t'), 0x04),
    version: 4,
    code: malformedPacket,
  },
  { fault: '[section 3.8.3.1] QoS 3', frame: packet(0x82, id, none, prefixed('t'), 3), code: protocolError },
  {
    fault: '[3.1.1:MQTT-3.8.3-4] QoS 3 in 3.1.1',
    frame: packet(0x82, id, prefixed('t'), 3),
    version: 4,
    code: malformedPacket,
  },
  { fault: 'Retain Handling 3', frame: packet(0x82, id, none, prefixed('t'), 0x30), code: protocolError },
  {
    fault: '[MQTT-3.8.3-4] No Local on a Shared Subscription',
    frame: packet(0x82, id, none, prefixed('$share/g/t'), 0x05),
    code: protocolError,
  },
  {
    fault: '[MQTT-3.8.3-1] filter of bad UTF-8',
    frame: packet(0x82, id, none, prefixed([0xf5, 0x80, 0x80, 0x80]), 0),
    code: malformedPacket,
  },
  { fault: '[MQTT-3.10.3-2] UNSUBSCRIBE without filter', frame: packet(0xa2, id, none), code: protocolError },
  {
    fault: '[MQTT-3.10.3-1] U+0000 in the filter of UNSUBSCRIBE',
    frame: packet(0xa2, id, none, prefixed('a\0')),
    code: malformedPacket,
  },
  { fault: '[MQTT-3.9.3-2] SUBACK with 0x03', frame: packet(0x90, id, none, 3), code: protocolError },
  {
    fault: '[3.1.1:MQTT-3.9.3-2] SUBACK with 0x87',
    frame: packet(0x90, id, 0x87),
    version: 4,
    code: malformedPacket,
  },
  { fault: 'SUBACK without code', frame: packet(0x90, id, none), code: protocolError },
  { fault: '[MQTT-3.11.3-2] UNSUBACK with 0x01', frame: packet(0xb0, id, none, 1), code: protocolError },
  { fault: 'UNSUBACK without code', frame: packet(0xb0, id, none), code: protocolError },
  { fault: 'UNSUBACK of 3.1.1 with a code', frame: packet(0xb0, id, 0), version: 4, code: malformedPacket },
];

const others: MalformedCase[] = [
  {
    fault: '[MQTT-3.2.2-1] reserved flags of CONNACK',
    frame: packet(0x20, 2, 0, none),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.2.2-6] Session Present in a refusal',
    frame: packet(0x20, 1, 0x87, none),
    code: protocolError,
  },
  { fault: '[MQTT-3.2.2-8] CONNACK with 0x8e', frame: packet(0x20, 0, 0x8e, none), code: protocolError },
  {
    fault: 'CONNACK of 3.1.1 with return code 6',
    frame: packet(0x20, 0, 6),
    version: 4,
    code: malformedPacket,
  },
  {
    fault: 'CONNACK of 3.1.1 with properties',
    frame: packet(0x20, 0, 0, none),
    version: 4,
    code: malformedPacket,
  },
  { fault: 'PINGREQ with a body', frame: packet(0xc0, 0), code: malformedPacket },
  { fault: 'PINGRESP with a body', frame: packet(0xd0, 0), version: 4, code: malformedPacket },
  { fault: '[MQTT-3.14.2-1] DISCONNECT with 0x01', frame: packet(0xe0, 1), code: protocolError },
  {
    fault: 'DISCONNECT of 3.1.1 with a reason code',
    frame: packet(0xe0, 0),
    version: 4,
    code: malformedPacket,
  },
  {
    fault: 'DISCONNECT with bytes behind its properties',
    frame: packet(0xe0, 0, 0, 0),
    code: malformedPacket,
  },
  { fault: 'AUTH in 3.1.1', frame: packet(0xf0), version: 4, code: malformedPacket },
  { fault: 'AUTH in 3.1', frame: packet(0xf0), version: 3, code: malformedPacket },
  {
    fault: '[MQTT-3.15.2-1] AUTH with 0x87',
    frame: packet(0xf0, 0x87, shortProperties(0x15, prefixed('M'))),
    code: protocolError,
  },
  { fault: 'AUTH without Authentication Method', frame: packet(0xf0, 0x18, none), code: protocolError },
  { fault: 'AUTH without Property Length', frame: packet(0xf0, 0x18), code: malformedPacket },
];

/** Packet × field × fault, CONNECT and properties apart. */
export const malformedCases: readonly MalformedCase[] = [
  ...flagFaults,
  ...publishes,
  ...acknowledgements,
  ...subscriptions,
  ...others,
];
