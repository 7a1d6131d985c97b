import { ByteWriter } from './byte-writer.ts';
import type {
  Auth,
  Connack,
  Connect,
  ControlPacket,
  Disconnect,
  PacketType,
  Properties,
  ProtocolVersion,
  Publish,
  PublishAcknowledgement,
  Suback,
  Subscribe,
  Unsuback,
  Unsubscribe,
} from './control-packet.ts';
import { packetTypes } from './control-packet.ts';
import { encodeProperties } from './properties.ts';
import type { PropertyPacket } from './property-tables.ts';

/**
 * Encodes one packet as a client or a server sends it, fixed header included. In 3.x properties and reason codes that
 * it does not have are left out; CONNECT is encoded in its own `protocolVersion`.
 *
 * @throws CodecError when a value does not fit its field or a property does not belong into the packet.
 */
export function encodePacket(packet: ControlPacket, version: ProtocolVersion): Buffer {
  switch (packet.type) {
    case 'connect':
      return encodeConnect(packet);
    case 'connack':
      return encodeConnack(packet, version);
    case 'publish':
      return encodePublish(packet, version);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return encodeAcknowledgement(packet, version);
    case 'subscribe':
      return encodeSubscribe(packet, version);
    case 'unsubscribe':
      return encodeUnsubscribe(packet, version);
    case 'suback':
    case 'unsuback':
      return encodeSubscriptionAnswer(packet, version);
    case 'pingreq':
    case 'pingresp':
      return new ByteWriter(packet.type).framed(firstByte(packet.type));
    case 'disconnect':
    case 'auth':
      return encodeReason(packet, version);
    default:
      return packet satisfies never;
  }
}

function firstByte(type: PacketType, flags = 0): number {
  return (packetTypes[type] << 4) | flags;
}

function writeProperties(writer: ByteWriter, properties: Properties, packet: PropertyPacket): void {
  const encoded = encodeProperties(properties, packet);
  writer.variableByteInteger(encoded.length, 'Property Length'); // [MQTT-2.2.2-1]: 0 where there are none.
  writer.bytes(encoded);
}

function encodeConnect(packet: Connect): Buffer {
  const { protocolVersion: version, will, username, password } = packet;
  const writer = new ByteWriter('connect');
  writer.text(version === 3 ? 'MQIsdp' : 'MQTT', 'Protocol Name');
  writer.byte(packet.bridge ? version | 0x80 : version);
  writer.byte(
    (username !== undefined ? 0x80 : 0) |
      (password !== undefined ? 0x40 : 0) |
      (will !== undefined ? 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0) : 0) |
      (packet.cleanStart ? 0x02 : 0),
  );
  writer.uint16(packet.keepAlive, 'Keep Alive');
  if (version === 5) writeProperties(writer, packet.properties, 'connect');
  writer.text(packet.clientId, 'Client Identifier');
  if (will !== undefined) {
    if (version === 5) writeProperties(writer, will.properties, 'will');
    writer.text(will.topic, 'Will Topic');
    writer.binary(will.payload, 'Will Payload');
  }
  if (username !== undefined) writer.text(username, 'User Name');
  if (password !== undefined) writer.binary(password, 'Password');
  return writer.framed(firstByte('connect'));
}

function encodeConnack(packet: Connack, version: ProtocolVersion): Buffer {
  const writer = new ByteWriter('connack');
  writer.byte(packet.sessionPresent && version !== 3 ? 1 : 0);
  writer.byte(packet.reasonCode);
  if (version === 5) writeProperties(writer, packet.properties, 'connack');
  return writer.framed(firstByte('connack'));
}

function encodePublish(packet: Publish, version: ProtocolVersion): Buffer {
  const writer = new ByteWriter('publish');
  writer.text(packet.topic, 'Topic Name');
  if (packet.qos > 0) writer.uint16(packet.packetId, 'Packet Identifier');
  if (version === 5) writeProperties(writer, packet.properties, 'publish');
  writer.bytes(packet.payload);
  return writer.framed(
    firstByte('publish', (packet.dup ? 8 : 0) | (packet.qos << 1) | (packet.retain ? 1 : 0)),
  );
}

function encodeAcknowledgement(packet: PublishAcknowledgement, version: ProtocolVersion): Buffer {
  const writer = new ByteWriter(packet.type);
  writer.uint16(packet.packetId, 'Packet Identifier');
  writeReason(writer, packet, version);
  // [MQTT-3.6.1-1]
  return writer.framed(firstByte(packet.type, packet.type === 'pubrel' ? 2 : 0));
}

/** Leaves out what the shorter forms of 5.0 allow to leave out [5.0 sections 3.4.2 and 3.14.2]. */
function writeReason(
  writer: ByteWriter,
  packet: PublishAcknowledgement | Disconnect | Auth,
  version: ProtocolVersion,
): void {
  if (version !== 5) return;
  const encoded = encodeProperties(packet.properties, packet.type);
  if (packet.reasonCode === 0 && encoded.length === 0) return;
  writer.byte(packet.reasonCode);
  // AUTH has no form with a reason code alone.
  if (encoded.length === 0 && packet.type !== 'auth') return;
  writer.variableByteInteger(encoded.length, 'Property Length');
  writer.bytes(encoded);
}

function encodeReason(packet: Disconnect | Auth, version: ProtocolVersion): Buffer {
  const writer = new ByteWriter(packet.type);
  writeReason(writer, packet, version);
  return writer.framed(firstByte(packet.type));
}

function encodeSubscribe(packet: Subscribe, version: ProtocolVersion): Buffer {
  const writer = new ByteWriter('subscribe');
  writer.uint16(packet.packetId, 'Packet Identifier');
  if (version === 5) writeProperties(writer, packet.properties, 'subscribe');
  for (const { filter, qos, noLocal, retainAsPublished, retainHandling } of packet.subscriptions) {
    writer.text(filter, 'Topic Filter');
    const options = (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4);
    writer.byte(version === 5 ? qos | options : qos);
  }
  // [MQTT-3.8.1-1]
  return writer.framed(firstByte('subscribe', 2));
}

function encodeUnsubscribe(packet: Unsubscribe, version: ProtocolVersion): Buffer {
  const writer = new ByteWriter('unsubscribe');
  writer.uint16(packet.packetId, 'Packet Identifier');
  if (version === 5) writeProperties(writer, packet.properties, 'unsubscribe');
  for (const filter of packet.filters) writer.text(filter, 'Topic Filter');
  // [MQTT-3.10.1-1]
  return writer.framed(firstByte('unsubscribe', 2));
}

function encodeSubscriptionAnswer(packet: Suback | Unsuback, version: ProtocolVersion): Buffer {
  const writer = new ByteWriter(packet.type);
  writer.uint16(packet.packetId, 'Packet Identifier');
  if (version === 5) writeProperties(writer, packet.properties, packet.type);
  // UNSUBACK has no payload before 5.0.
  if (version === 5 || packet.type === 'suback') {
    for (const reasonCode of packet.reasonCodes) writer.byte(reasonCode);
  }
  return writer.framed(firstByte(packet.type));
}
