import type { ProtocolVersion, QoS } from './control-packet.ts';
import { packetTypes } from './control-packet.ts';
import { propertyDefinitions } from './property-tables.ts';
import {
  variableByteIntegerLength,
  writeUint16,
  writeUint32,
  writeVariableByteInteger,
} from './wire-types.ts';

/** What all receivers of a message share, as bytes ready to be written. */
export interface PublishContent {
  /** UTF-8, at most 65,535 bytes. */
  readonly topic: Buffer;
  readonly payload: Buffer;
  /** Encoded forwardable properties without their length; not written in 3.x. */
  readonly properties: Buffer;
}

/** What differs between receivers of a message. The last four fields are not looked at in 3.x. */
export interface PublishHead {
  version: ProtocolVersion;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** 1..65535; not looked at for QoS 0. */
  packetId: number;
  /** 0 for none. */
  topicAlias: number;
  /** The receiver knows the topic by `topicAlias`. */
  omitTopic: boolean;
  /** Seconds that remain; -1 for none. */
  messageExpiryInterval: number;
  subscriptionIdentifiers: readonly number[];
}

function propertiesLength(content: PublishContent, head: PublishHead): number {
  let length = content.properties.length;
  if (head.topicAlias > 0) length += 3;
  if (head.messageExpiryInterval >= 0) length += 5;
  for (const identifier of head.subscriptionIdentifiers) length += 1 + variableByteIntegerLength(identifier);
  return length;
}

/** Everything behind the fixed header, given what `propertiesLength` said. */
function remainingLength(content: PublishContent, head: PublishHead, properties: number): number {
  const identifier = head.qos > 0 ? 2 : 0;
  if (head.version !== 5) return 2 + content.topic.length + identifier + content.payload.length;
  const topic = head.omitTopic ? 0 : content.topic.length;
  return 2 + topic + identifier + variableByteIntegerLength(properties) + properties + content.payload.length;
}

/** Bytes of the whole packet, fixed header included: what a receiver's Maximum Packet Size is held against. */
export function publishFrameLength(content: PublishContent, head: PublishHead): number {
  const remaining = remainingLength(content, head, propertiesLength(content, head));
  return 1 + variableByteIntegerLength(remaining) + remaining;
}

/**
 * Writes the whole packet at `offset`, where `publishFrameLength` bytes must be free.
 *
 * @returns the offset behind it.
 */
export function writePublishFrame(
  target: Buffer,
  offset: number,
  content: PublishContent,
  head: PublishHead,
): number {
  const properties = propertiesLength(content, head);
  target[offset] = (packetTypes.publish << 4) | (head.dup ? 8 : 0) | (head.qos << 1) | (head.retain ? 1 : 0);
  let position = writeVariableByteInteger(target, offset + 1, remainingLength(content, head, properties));
  if (head.version === 5 && head.omitTopic) {
    position = writeUint16(target, position, 0);
  } else {
    position = writeBytes(target, writeUint16(target, position, content.topic.length), content.topic);
  }
  if (head.qos > 0) position = writeUint16(target, position, head.packetId); // [MQTT-2.2.1-2]
  if (head.version === 5) {
    position = writeVariableByteInteger(target, position, properties); // [MQTT-2.2.2-1]
    position = writeOwnProperties(target, position, head);
    position = writeBytes(target, position, content.properties);
  }
  return writeBytes(target, position, content.payload);
}

/** The properties that are this receiver's alone. */
function writeOwnProperties(target: Buffer, offset: number, head: PublishHead): number {
  let position = offset;
  if (head.topicAlias > 0) {
    target[position] = propertyDefinitions.topicAlias.id;
    position = writeUint16(target, position + 1, head.topicAlias);
  }
  if (head.messageExpiryInterval >= 0) {
    target[position] = propertyDefinitions.messageExpiryInterval.id;
    position = writeUint32(target, position + 1, head.messageExpiryInterval);
  }
  for (const identifier of head.subscriptionIdentifiers) {
    target[position] = propertyDefinitions.subscriptionIdentifiers.id;
    position = writeVariableByteInteger(target, position + 1, identifier);
  }
  return position;
}

function writeBytes(target: Buffer, offset: number, bytes: Buffer): number {
  if (bytes.length > 0) target.set(bytes, offset);
  return offset + bytes.length;
}

/** First bytes of the acknowledgements; PUBREL has reserved flags 2 [MQTT-3.6.1-1]. */
const acknowledgementHeaders = {
  puback: packetTypes.puback << 4,
  pubrec: packetTypes.pubrec << 4,
  pubrel: (packetTypes.pubrel << 4) | 2,
  pubcomp: packetTypes.pubcomp << 4,
} as const;

/** Length of what `writeShortAcknowledgement` writes. */
export const SHORT_ACKNOWLEDGEMENT_LENGTH = 4;

/**
 * Writes the four bytes of an acknowledgement with reason 0, the same in every version.
 *
 * @returns the offset behind it.
 */
export function writeShortAcknowledgement(
  target: Buffer,
  offset: number,
  type: keyof typeof acknowledgementHeaders,
  packetId: number,
): number {
  target[offset] = acknowledgementHeaders[type];
  target[offset + 1] = 2;
  return writeUint16(target, offset + 2, packetId); // [MQTT-2.2.1-5]
}
