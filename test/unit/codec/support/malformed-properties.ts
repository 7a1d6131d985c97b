import { reasonCodes } from '../../../../src/codec/reason-codes.ts';
import type { MalformedCase } from './malformed-cases.ts';
import { packet, prefixed, shortProperties, uint16 } from './wire.ts';

const { malformedPacket, protocolError, topicAliasInvalid } = reasonCodes;

const connect = (...properties: (Buffer | number)[]): Buffer =>
  packet(0x10, prefixed('MQTT'), 5, 2, uint16(0), shortProperties(...properties), prefixed('c'));
const connack = (...properties: (Buffer | number)[]): Buffer =>
  packet(0x20, 0, 0, shortProperties(...properties));
const publish = (...properties: (Buffer | number)[]): Buffer =>
  packet(0x30, prefixed('t'), shortProperties(...properties));
const subscribe = (...properties: (Buffer | number)[]): Buffer =>
  packet(0x82, uint16(1), shortProperties(...properties), prefixed('t'), 0);
const disconnect = (...properties: (Buffer | number)[]): Buffer =>
  packet(0xe0, 0, shortProperties(...properties));
const will = (...properties: (Buffer | number)[]): Buffer =>
  packet(
    0x10,
    prefixed('MQTT'),
    5,
    6,
    uint16(0),
    shortProperties(),
    prefixed('c'),
    shortProperties(...properties),
    prefixed('w'),
    prefixed(''),
  );

const text = prefixed('x');

/** Properties × fault, all of 5.0. */
export const malformedProperties: readonly MalformedCase[] = [
  ...[
    { name: 'Receive Maximum', frame: connect(0x21, 0, 0) },
    { name: 'Receive Maximum of CONNACK', frame: connack(0x21, 0, 0) },
    { name: 'Maximum Packet Size', frame: connect(0x27, 0, 0, 0, 0) },
    { name: 'Subscription Identifier', frame: subscribe(0x0b, 0) },
  ].map(({ name, frame }) => ({ fault: `${name} is 0`, frame, code: protocolError })),
  { fault: '[MQTT-3.3.2-8] Topic Alias is 0', frame: publish(0x23, 0, 0), code: topicAliasInvalid },
  ...[
    { name: 'Request Problem Information', frame: connect(0x17, 2) },
    { name: 'Request Response Information', frame: connect(0x19, 255) },
    { name: 'Payload Format Indicator', frame: publish(0x01, 2) },
    { name: 'Payload Format Indicator of the will', frame: will(0x01, 2) },
    { name: 'Maximum QoS', frame: connack(0x24, 2) },
    { name: 'Retain Available', frame: connack(0x25, 2) },
    { name: 'Wildcard Subscription Available', frame: connack(0x28, 2) },
    { name: 'Subscription Identifier Available', frame: connack(0x29, 2) },
    { name: 'Shared Subscription Available', frame: connack(0x2a, 2) },
  ].map(({ name, frame }) => ({ fault: `${name} is neither 0 nor 1`, frame, code: protocolError })),
  ...[
    { name: 'Session Expiry Interval', frame: connect(0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 2) },
    { name: 'Receive Maximum', frame: connect(0x21, 0, 1, 0x21, 0, 1) },
    { name: 'Topic Alias Maximum', frame: connect(0x22, 0, 1, 0x22, 0, 1) },
    { name: 'Authentication Method', frame: connect(0x15, text, 0x15, text) },
    { name: 'Will Delay Interval', frame: will(0x18, 0, 0, 0, 0, 0x18, 0, 0, 0, 0) },
    { name: 'Message Expiry Interval', frame: publish(0x02, 0, 0, 0, 1, 0x02, 0, 0, 0, 1) },
    { name: 'Topic Alias', frame: publish(0x23, 0, 1, 0x23, 0, 1) },
    { name: 'Content Type', frame: publish(0x03, text, 0x03, text) },
    { name: 'Response Topic', frame: publish(0x08, text, 0x08, text) },
    { name: 'Correlation Data', frame: publish(0x09, text, 0x09, text) },
    { name: 'Subscription Identifier of SUBSCRIBE', frame: subscribe(0x0b, 1, 0x0b, 2) },
    { name: 'Reason String', frame: disconnect(0x1f, text, 0x1f, text) },
    { name: 'Server Keep Alive', frame: connack(0x13, 0, 1, 0x13, 0, 1) },
  ].map(({ name, frame }) => ({ fault: `${name} twice`, frame, code: protocolError })),
  ...[
    { name: 'Topic Alias in SUBSCRIBE', frame: subscribe(0x23, 0, 1) },
    { name: 'Receive Maximum in PUBLISH', frame: publish(0x21, 0, 1) },
    { name: 'Assigned Client Identifier in CONNECT', frame: connect(0x12, text) },
    { name: 'Will Delay Interval in PUBLISH', frame: publish(0x18, 0, 0, 0, 1) },
    { name: 'Topic Alias in the will', frame: will(0x23, 0, 1) },
    { name: 'Reason String in CONNECT', frame: connect(0x1f, text) },
    { name: 'Authentication Method in DISCONNECT', frame: disconnect(0x15, text) },
    { name: 'property 0x00', frame: publish(0x00) },
    { name: 'property 0x7f', frame: publish(0x7f, 0) },
    { name: 'property 0xa6', frame: publish(0xa6, 0x00, text, text) },
  ].map(({ name, frame }) => ({ fault: `[section 2.2.2.2] ${name}`, frame, code: malformedPacket })),
  ...[
    { name: 'Message Expiry Interval', frame: publish(0x02, 0, 0, 0) },
    { name: 'Topic Alias', frame: publish(0x23, 0) },
    { name: 'Payload Format Indicator', frame: publish(0x01) },
    { name: 'Content Type', frame: publish(0x03, 0, 2, 0x61) },
    { name: 'the length of Content Type', frame: publish(0x03, 0) },
    { name: 'Correlation Data', frame: publish(0x09, 0, 2, 0x61) },
    { name: 'the value of a User Property', frame: publish(0x26, text) },
    { name: 'Subscription Identifier', frame: subscribe(0x0b, 0x80) },
  ].map(({ name, frame }) => ({ fault: `${name} is cut off`, frame, code: malformedPacket })),
  {
    fault: '[MQTT-1.5.5-1] Subscription Identifier of more bytes than needed',
    frame: subscribe(0x0b, 0x81, 0x00),
    code: malformedPacket,
  },
  {
    fault: 'Subscription Identifier of five bytes',
    frame: subscribe(0x0b, 0x81, 0x81, 0x81, 0x81, 0x01),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-3.3.2-14] wildcard in Response Topic',
    frame: publish(0x08, prefixed('a/#')),
    code: protocolError,
  },
  { fault: '[MQTT-4.7.3-1] empty Response Topic', frame: publish(0x08, prefixed('')), code: protocolError },
  {
    fault: '[MQTT-1.5.4-1] [MQTT-3.3.2-19] Content Type of bad UTF-8',
    frame: publish(0x03, prefixed([0xff])),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-1.5.4-1] [MQTT-3.3.2-13] Response Topic of bad UTF-8',
    frame: publish(0x08, prefixed([0xff])),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-1.5.4-2] [MQTT-1.5.7-1] U+0000 in a User Property',
    frame: publish(0x26, prefixed('k'), prefixed('\0')),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-1.5.4-1] [MQTT-1.5.7-1] name of a User Property of bad UTF-8',
    frame: publish(0x26, prefixed([0xed, 0xbf, 0xbf]), prefixed('v')),
    code: malformedPacket,
  },
  {
    fault: 'Property Length reaches beyond the packet',
    frame: packet(0x30, prefixed('t'), 5, 0x01, 1),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-2.2.2-1] Property Length is missing',
    frame: packet(0x30, prefixed('t')),
    code: malformedPacket,
  },
  {
    fault: '[MQTT-1.5.5-1] Property Length of more bytes than needed',
    frame: packet(0x30, prefixed('t'), 0x80, 0x00),
    code: malformedPacket,
  },
  {
    fault: 'a property reaches beyond the Property Length',
    frame: packet(0x30, prefixed('t'), 4, 0x03, 0, 5, 0x61, 0x62, 0x63),
    code: malformedPacket,
  },
];
