import { BodyReader } from './body-reader.ts';
import { CodecError, faultOf, malformed, protocolError } from './codec-error.ts';
import type {
  Auth,
  Connack,
  ControlPacket,
  Disconnect,
  PacketType,
  ProtocolVersion,
  Publish,
  PublishAcknowledgement,
  QoS,
  Suback,
  Subscribe,
  SubscriptionRequest,
  Unsuback,
  Unsubscribe,
} from './control-packet.ts';
import { packetTypes } from './control-packet.ts';
import { decodeConnect } from './decode-connect.ts';
import { checkTopicName, publishQoS, topicMissing } from './publish-view.ts';
import type { ReasonPacket } from './reason-codes.ts';
import { mayCarry, reasonCodes } from './reason-codes.ts';

const SUBSCRIBE_FAILURE = 0x80;
const RETURN_CODE_MAXIMUM = 5;

const typesByNumber = new Map(
  Object.entries(packetTypes).map(([type, number]) => [number as number, type as PacketType]),
);

/**
 * Decodes one packet that a client or a server sent. Everything in the result owns its memory.
 *
 * @param type the packet type, 1..15, and `flags` the low four bits, of the fixed header.
 * @param bodyStart offset behind the fixed header; the packet ends before `end`.
 * @param version of the connection; not looked at for CONNECT.
 * @throws CodecError with the reason code for the peer, and nothing else.
 */
export function decodePacket(
  type: number,
  flags: number,
  buffer: Buffer,
  bodyStart: number,
  end: number,
  version: ProtocolVersion,
): ControlPacket {
  const packet = typesByNumber.get(type);
  if (packet === undefined) {
    throw new CodecError(reasonCodes.malformedPacket, `fixed header: packet type is ${type}; it is 1 to 15`);
  }
  if (packet === 'publish')
    return decodePublish(flags, new BodyReader(packet, buffer, bodyStart, end), version);
  checkFlags(packet, flags, version);
  switch (packet) {
    case 'connect':
      return decodeConnect(buffer, bodyStart, end);
    case 'pingreq':
    case 'pingresp':
      if (bodyStart !== end) throw malformed(packet, `${end - bodyStart} bytes follow the fixed header`);
      return { type: packet };
    case 'connack':
      return decodeConnack(new BodyReader(packet, buffer, bodyStart, end), version);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return decodeAcknowledgement(packet, new BodyReader(packet, buffer, bodyStart, end), version);
    case 'subscribe':
      return decodeSubscribe(new BodyReader(packet, buffer, bodyStart, end), version);
    case 'suback':
      return decodeSuback(new BodyReader(packet, buffer, bodyStart, end), version);
    case 'unsubscribe':
      return decodeUnsubscribe(new BodyReader(packet, buffer, bodyStart, end), version);
    case 'unsuback':
      return decodeUnsuback(new BodyReader(packet, buffer, bodyStart, end), version);
    case 'disconnect':
      return decodeDisconnect(new BodyReader(packet, buffer, bodyStart, end), version);
    case 'auth':
      return decodeAuth(new BodyReader(packet, buffer, bodyStart, end), version);
    default:
      return packet satisfies never;
  }
}

/** [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1] */
function checkFlags(packet: Exclude<PacketType, 'publish'>, flags: number, version: ProtocolVersion): void {
  const required = packet === 'pubrel' || packet === 'subscribe' || packet === 'unsubscribe' ? 2 : 0;
  // 3.1 sends these three with QoS 1, and with DUP when it sends them again.
  const disregarded = version === 3 && required === 2 ? 8 : 0;
  if ((flags & ~disregarded) !== required) {
    throw malformed(packet, `the flags of the fixed header are ${flags}; they are ${required}`);
  }
}

/** A reason code that the packet may carry, from either side. */
function readReasonCode(reader: BodyReader, packet: ReasonPacket): number {
  const reasonCode = reader.byte('Reason Code');
  // [MQTT-3.2.2-8] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.9.3-2] [MQTT-3.11.3-2]
  // [MQTT-3.14.2-1] [MQTT-3.15.2-1]
  if (!mayCarry(packet, reasonCode)) {
    throw protocolError(
      packet,
      `Reason Code 0x${reasonCode.toString(16).padStart(2, '0')} does not belong into it`,
    );
  }
  return reasonCode;
}

function decodePublish(flags: number, reader: BodyReader, version: ProtocolVersion): Publish {
  const qos = publishQoS(flags);
  const topic = reader.text('Topic Name');
  const packetId = qos === 0 ? 0 : reader.packetIdentifier();
  const properties = version === 5 ? reader.properties() : {};
  if (topic !== '') checkTopicName(topic, 'publish', 'Topic Name');
  else if (properties.topicAlias === undefined) throw topicMissing(version);
  return {
    type: 'publish',
    dup: (flags & 8) !== 0,
    qos,
    retain: (flags & 1) !== 0,
    topic,
    packetId,
    payload: reader.rest(),
    properties,
  };
}

function decodeConnack(reader: BodyReader, version: ProtocolVersion): Connack {
  const acknowledgeFlags = reader.byte('Connect Acknowledge Flags');
  // [MQTT-3.2.2-1] 3.1 has no flags there.
  if (version !== 3 && acknowledgeFlags > 1)
    throw malformed('connack', 'reserved Connect Acknowledge Flags are set');
  const sessionPresent = version !== 3 && acknowledgeFlags === 1;
  const reasonCode = version === 5 ? readReasonCode(reader, 'connack') : reader.byte('Return Code');
  if (version !== 5 && reasonCode > RETURN_CODE_MAXIMUM) {
    throw malformed('connack', `Return Code is ${reasonCode}; it is 0 to ${RETURN_CODE_MAXIMUM}`);
  }
  // [MQTT-3.2.2-6]
  if (sessionPresent && reasonCode !== 0)
    throw protocolError('connack', 'Session Present is set in a refusal');
  const properties = version === 5 ? reader.properties() : {};
  reader.finish();
  return { type: 'connack', sessionPresent, reasonCode, properties };
}

function decodeAcknowledgement(
  type: PublishAcknowledgement['type'],
  reader: BodyReader,
  version: ProtocolVersion,
): PublishAcknowledgement {
  const packetId = reader.packetIdentifier();
  // [5.0 sections 3.4.2.1 and 3.4.2.2.1] Reason code 0 and an empty property length may be left out.
  const reasonCode = version === 5 && reader.remaining > 0 ? readReasonCode(reader, type) : 0;
  const properties = version === 5 && reader.remaining > 0 ? reader.properties() : {};
  reader.finish();
  return { type, packetId, reasonCode, properties };
}

function decodeSubscribe(reader: BodyReader, version: ProtocolVersion): Subscribe {
  const packetId = reader.packetIdentifier();
  const properties = version === 5 ? reader.properties() : {};
  // [MQTT-3.8.3-2]
  if (reader.remaining === 0) throw protocolError('subscribe', 'there is no Topic Filter');
  const subscriptions: SubscriptionRequest[] = [];
  while (reader.remaining > 0) {
    const filter = reader.text('Topic Filter');
    subscriptions.push(subscriptionRequest(filter, reader.byte('Subscription Options'), version));
  }
  return { type: 'subscribe', packetId, subscriptions, properties };
}

function subscriptionRequest(filter: string, options: number, version: ProtocolVersion): SubscriptionRequest {
  // [MQTT-3.8.3-5] [3.1.1:MQTT-3.8.3-4] 3.x has no options but the QoS.
  const reserved = version === 5 ? 0xc0 : 0xfc;
  if ((options & reserved) !== 0) throw malformed('subscribe', 'reserved Subscription Options are set');
  const qos = options & 3;
  const retainHandling = (options >> 4) & 3;
  const noLocal = (options & 4) !== 0;
  // [5.0 section 3.8.3.1]
  if (qos === 3) {
    throw faultOf(
      version === 5 ? reasonCodes.protocolError : reasonCodes.malformedPacket,
      'subscribe',
      'QoS is 3; it is 0, 1 or 2',
    );
  }
  if (retainHandling === 3) throw protocolError('subscribe', 'Retain Handling is 3; it is 0, 1 or 2');
  // [MQTT-3.8.3-4]
  if (noLocal && filter.startsWith('$share/')) {
    throw protocolError('subscribe', 'No Local is set on a Shared Subscription');
  }
  return {
    filter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  };
}

function decodeSuback(reader: BodyReader, version: ProtocolVersion): Suback {
  const packetId = reader.packetIdentifier();
  const properties = version === 5 ? reader.properties() : {};
  if (reader.remaining === 0) throw protocolError('suback', 'there is no Reason Code');
  const codes: number[] = [];
  while (reader.remaining > 0) {
    codes.push(version === 5 ? readReasonCode(reader, 'suback') : readSubackReturnCode(reader));
  }
  return { type: 'suback', packetId, reasonCodes: codes, properties };
}

/** [3.1.1:MQTT-3.9.3-2] Servers of 3.1 send 0x80 too, for want of another code. */
function readSubackReturnCode(reader: BodyReader): number {
  const code = reader.byte('Return Code');
  if (code > 2 && code !== SUBSCRIBE_FAILURE) {
    throw malformed('suback', `Return Code is ${code}; it is 0, 1, 2 or ${SUBSCRIBE_FAILURE}`);
  }
  return code;
}

function decodeUnsubscribe(reader: BodyReader, version: ProtocolVersion): Unsubscribe {
  const packetId = reader.packetIdentifier();
  const properties = version === 5 ? reader.properties() : {};
  // [MQTT-3.10.3-2]
  if (reader.remaining === 0) throw protocolError('unsubscribe', 'there is no Topic Filter');
  const filters: string[] = [];
  while (reader.remaining > 0) filters.push(reader.text('Topic Filter'));
  return { type: 'unsubscribe', packetId, filters, properties };
}

function decodeUnsuback(reader: BodyReader, version: ProtocolVersion): Unsuback {
  const packetId = reader.packetIdentifier();
  const codes: number[] = [];
  if (version !== 5) {
    reader.finish();
    return { type: 'unsuback', packetId, reasonCodes: codes, properties: {} };
  }
  const properties = reader.properties();
  if (reader.remaining === 0) throw protocolError('unsuback', 'there is no Reason Code');
  while (reader.remaining > 0) codes.push(readReasonCode(reader, 'unsuback'));
  return { type: 'unsuback', packetId, reasonCodes: codes, properties };
}

function decodeDisconnect(reader: BodyReader, version: ProtocolVersion): Disconnect {
  // [5.0 sections 3.14.2.1 and 3.14.2.2.1] Reason code 0 and an empty property length may be left out.
  const reasonCode = version === 5 && reader.remaining > 0 ? readReasonCode(reader, 'disconnect') : 0;
  const properties = version === 5 && reader.remaining > 0 ? reader.properties() : {};
  reader.finish();
  return { type: 'disconnect', reasonCode, properties };
}

function decodeAuth(reader: BodyReader, version: ProtocolVersion): Auth {
  if (version !== 5) throw malformed('auth', 'packet type 15 does not exist before MQTT 5.0');
  // [5.0 section 3.15.2.1] The empty form stands for reason code 0 without properties.
  if (reader.remaining === 0) return { type: 'auth', reasonCode: 0, properties: {} };
  const reasonCode = readReasonCode(reader, 'auth');
  const properties = reader.properties();
  reader.finish();
  // [5.0 section 3.15.2.2.2]
  if (properties.authenticationMethod === undefined)
    throw protocolError('auth', 'Authentication Method is missing');
  return { type: 'auth', reasonCode, properties };
}
