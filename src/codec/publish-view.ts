import type { CodecError } from './codec-error.ts';
import { faultOf, malformed, protocolError } from './codec-error.ts';
import type { ProtocolVersion, QoS } from './control-packet.ts';
import { propertyById, propertyDefinitions, seenWith } from './property-tables.ts';
import { checkedValueEnd } from './property-values.ts';
import { reasonCodes } from './reason-codes.ts';
import {
  decodeText,
  lengthPrefixedEnd,
  ownedCopy,
  readUint16,
  readUint32,
  readVariableByteInteger,
  variableByteIntegerLength,
} from './wire-types.ts';

const TOPIC_ALIAS = propertyDefinitions.topicAlias.id;
const MESSAGE_EXPIRY_INTERVAL = propertyDefinitions.messageExpiryInterval.id;
const SUBSCRIPTION_IDENTIFIER = propertyDefinitions.subscriptionIdentifiers.id;
const USER_PROPERTY = propertyDefinitions.userProperties.id;

/** A PUBLISH from a client as offsets into the buffer that it came in. One view serves packet after packet. */
export class PublishView {
  dup = false;
  qos: QoS = 0;
  retain = false;
  /** Equal to `topicEnd` when a topic alias stands alone. */
  topicStart = 0;
  topicEnd = 0;
  /** 0 for QoS 0. */
  packetId = 0;
  /** The encoded properties without their length; empty in 3.x. */
  propertiesStart = 0;
  propertiesEnd = 0;
  payloadStart = 0;
  payloadEnd = 0;
  /** 0 when none was sent. */
  topicAlias = 0;
  /** Seconds; -1 when none was sent. */
  messageExpiryInterval = -1;
  /** The range of the properties holds only such as are passed on unaltered: no alias, no expiry. */
  propertiesForwardable = true;
  userPropertyCount = 0;
}

/**
 * Reads a PUBLISH that a client sent into `view`, without copying. The topic is not looked at; `decodeTopicName` does
 * that.
 *
 * @param flags the low four bits of the fixed header.
 * @param bodyStart offset behind the fixed header; the packet ends before `end`.
 * @throws CodecError 0x81, 0x82 or 0x94, and 0x90 for an empty topic in 3.x. The view is then of no use.
 */
export function readPublish(
  view: PublishView,
  flags: number,
  buffer: Buffer,
  bodyStart: number,
  end: number,
  version: ProtocolVersion,
): void {
  view.qos = publishQoS(flags);
  view.dup = (flags & 8) !== 0;
  view.retain = (flags & 1) !== 0;
  view.topicStart = bodyStart + 2;
  view.topicEnd = lengthPrefixedEnd(buffer, bodyStart, end, 'publish', 'Topic Name');
  let offset = view.topicEnd;
  view.packetId = 0;
  // [MQTT-2.2.1-2] QoS 0 has no Packet Identifier.
  if (view.qos > 0) {
    if (offset + 2 > end) throw malformed('publish', 'Packet Identifier is cut off');
    view.packetId = readUint16(buffer, offset);
    // [MQTT-2.2.1-3]
    if (view.packetId === 0) throw protocolError('publish', 'Packet Identifier is 0; it is 1 or more');
    offset += 2;
  }
  view.topicAlias = 0;
  view.messageExpiryInterval = -1;
  view.propertiesForwardable = true;
  view.userPropertyCount = 0;
  view.propertiesStart = offset;
  view.propertiesEnd = offset;
  if (version === 5) readPublishProperties(view, buffer, offset, end);
  view.payloadStart = view.propertiesEnd;
  view.payloadEnd = end;
  if (view.topicEnd === view.topicStart && view.topicAlias === 0) throw topicMissing(version);
}

/**
 * The QoS in a PUBLISH's flags.
 *
 * @throws CodecError 0x81 for QoS 3 and for DUP with QoS 0.
 */
export function publishQoS(flags: number): QoS {
  const qos = (flags >> 1) & 3;
  // [MQTT-3.3.1-4]
  if (qos === 3) throw malformed('publish', 'QoS is 3; it is 0, 1 or 2');
  // [MQTT-3.3.1-2]
  if (qos === 0 && (flags & 8) !== 0) throw malformed('publish', 'DUP is set with QoS 0');
  return qos as QoS;
}

/** An empty topic without an alias [5.0 section 3.3.2.1]; in 3.x nothing stands in for the topic [MQTT-4.7.3-1]. */
export function topicMissing(version: ProtocolVersion): CodecError {
  return version === 5
    ? protocolError('publish', 'Topic Name is empty and there is no Topic Alias')
    : faultOf(reasonCodes.topicNameInvalid, 'publish', 'Topic Name is empty');
}

function readPublishProperties(view: PublishView, buffer: Buffer, start: number, end: number): void {
  const length = readVariableByteInteger(buffer, start, end, 'publish', 'Property Length');
  const propertiesStart = start + variableByteIntegerLength(length);
  const propertiesEnd = propertiesStart + length;
  if (propertiesEnd > end) throw malformed('publish', 'Property Length reaches beyond the packet');
  view.propertiesStart = propertiesStart;
  view.propertiesEnd = propertiesEnd;
  let offset = propertiesStart;
  let seen = 0;
  while (offset < propertiesEnd) {
    const property = propertyById(buffer[offset]!, 'publish');
    seen = seenWith(seen, property, 'publish');
    const valueStart = offset + 1;
    offset = checkedValueEnd(buffer, valueStart, propertiesEnd, property, 'publish');
    if (property.forwarded) {
      if (property.id === USER_PROPERTY) view.userPropertyCount++;
      continue;
    }
    view.propertiesForwardable = false;
    if (property.id === TOPIC_ALIAS) view.topicAlias = readUint16(buffer, valueStart);
    if (property.id === MESSAGE_EXPIRY_INTERVAL) view.messageExpiryInterval = readUint32(buffer, valueStart);
    // [MQTT-3.3.4-6]
    if (property.id === SUBSCRIPTION_IDENTIFIER) {
      throw protocolError('publish', 'Subscription Identifier was sent by a client');
    }
  }
}

/**
 * The properties of a PUBLISH read by `readPublish` that every receiver gets unaltered and in their order
 * [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20], as an owned copy
 * without their length. Topic Alias and Message Expiry Interval are left out.
 */
export function forwardableProperties(view: PublishView, buffer: Buffer): Buffer {
  if (view.propertiesForwardable) return ownedCopy(buffer, view.propertiesStart, view.propertiesEnd);
  const kept = Buffer.allocUnsafeSlow(forwardableLength(view));
  let written = 0;
  let offset = view.propertiesStart;
  while (offset < view.propertiesEnd) {
    const property = propertyById(buffer[offset]!, 'publish');
    const next = checkedValueEnd(buffer, offset + 1, view.propertiesEnd, property, 'publish');
    if (property.forwarded) written += buffer.copy(kept, written, offset, next);
    offset = next;
  }
  return kept;
}

function forwardableLength(view: PublishView): number {
  const alias = view.topicAlias === 0 ? 0 : 3;
  const expiry = view.messageExpiryInterval === -1 ? 0 : 5;
  return view.propertiesEnd - view.propertiesStart - alias - expiry;
}

/**
 * The Topic Name in these bytes.
 *
 * @throws CodecError 0x81 when they are not a UTF-8 Encoded String, 0x90 when it is empty or has a wildcard.
 */
export function decodeTopicName(buffer: Buffer, start: number, end: number): string {
  const topic = decodeText(buffer, start, end, 'publish', 'Topic Name');
  checkTopicName(topic, 'publish', 'Topic Name');
  return topic;
}

/** @throws CodecError 0x90 when `topic` is empty or has a wildcard. */
export function checkTopicName(topic: string, packet: 'publish' | 'will', field: string): void {
  // [MQTT-4.7.3-1]
  if (topic === '') throw faultOf(reasonCodes.topicNameInvalid, packet, `${field} is empty`);
  // [MQTT-3.3.2-2] [MQTT-4.7.0-1]
  if (topic.includes('+') || topic.includes('#')) {
    throw faultOf(reasonCodes.topicNameInvalid, packet, `${field} contains a wildcard`);
  }
}
