import * as oracle from 'mqtt-packet';
import type {
  ControlPacket,
  Properties,
  ProtocolVersion,
  UserProperty,
} from '../../../../src/codec/control-packet.ts';
import { reasonCodes } from '../../../../src/codec/reason-codes.ts';

/**
 * mqtt-packet as oracle: its packets translated from and to ours.
 *
 * Where it is lax or odd, so that the differential tests keep clear of it and `malformed-packets.test.ts` is the judge:
 * - strings: bad UTF-8 is folded to U+FFFD, U+0000 is accepted;
 * - QoS 0 with DUP, Packet Identifier 0, wildcards and empty topics are accepted;
 * - properties are not held against the packet they stand in, duplicates become arrays, ranges are not checked, and a
 *   property length beyond the packet reads on into the payload or past the end;
 * - Variable Byte Integers of more bytes than needed are accepted;
 * - bytes behind the last field are ignored; many cut off fields decode as -1, undefined or NaN;
 * - Will QoS 3, a password without user name in 3.1.1 and No Local on shared subscriptions are accepted;
 * - CONNACK of 3.1 and 3.1.1 takes any return code, and Session Present beside a refusal;
 * - an empty SUBSCRIBE is only seen by its whole length, hence accepted;
 * - DUP is refused on PUBREL, SUBSCRIBE and UNSUBSCRIBE in 3.1 too, and a missing 3.1 user name as well;
 * - bit 0x80 of the protocol level is accepted for 5.0;
 * - an AUTH of remaining length 0, and a DISCONNECT or acknowledgement without property length, decode oddly or not;
 * - user properties are grouped by name: their order is lost, as is a first empty value;
 * - DISCONNECT with 0x8C is refused, which only the table of section 2.4 lists and not that of section 3.14.2.1;
 * - it does not write a password without user name, nor an empty client identifier with Clean Start 0 or in 3.1.
 */

type OracleProperties = Record<string, unknown>;
type Loose = Record<string, unknown> & { cmd: string };

const booleanProperties = new Set([
  'payloadFormatIndicator',
  'requestProblemInformation',
  'requestResponseInformation',
  'retainAvailable',
  'wildcardSubscriptionAvailable',
  'subscriptionIdentifiersAvailable',
  'sharedSubscriptionAvailable',
]);

function propertiesToOracle(properties: Properties): OracleProperties {
  const result: OracleProperties = {};
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'subscriptionIdentifiers') result['subscriptionIdentifier'] = value;
    else if (name === 'userProperties') result[name] = groupByName(value as UserProperty[]);
    else result[name] = booleanProperties.has(name) ? value === 1 : value;
  }
  return result;
}

function groupByName(userProperties: readonly UserProperty[]): Record<string, string[]> {
  const groups: Record<string, string[]> = Object.create(null);
  for (const [name, value] of userProperties) groups[name] = [...(groups[name] ?? []), value];
  return groups;
}

function propertiesFromOracle(properties: OracleProperties = {}): Properties {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'subscriptionIdentifier') result['subscriptionIdentifiers'] = [value].flat();
    else if (name === 'userProperties') {
      result[name] = Object.entries(value as Record<string, string | string[]>).flatMap(([key, values]) =>
        [values].flat().map((one) => [key, one]),
      );
    } else result[name] = booleanProperties.has(name) ? Number(value) : value;
  }
  return result as Properties;
}

/** Our packet with user properties in the order of their names, which is all that mqtt-packet keeps. */
export function withSortedUserProperties<Packet extends ControlPacket>(packet: Packet): Packet {
  const sorted = structuredCloneOf(packet);
  if ('properties' in sorted) sortUserProperties(sorted.properties);
  if (sorted.type === 'connect' && sorted.will !== undefined) sortUserProperties(sorted.will.properties);
  return sorted;
}

function structuredCloneOf<Packet extends ControlPacket>(packet: Packet): Packet {
  const clone = { ...packet };
  if ('properties' in clone) clone.properties = { ...clone.properties };
  if (clone.type === 'connect' && clone.will !== undefined) {
    clone.will = { ...clone.will, properties: { ...clone.will.properties } };
  }
  return clone;
}

function sortUserProperties(properties: Properties): void {
  if (properties.userProperties === undefined) return;
  properties.userProperties = properties.userProperties.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Our packet in the words of mqtt-packet. */
export function toOracle(packet: ControlPacket, version: ProtocolVersion): oracle.Packet {
  return {
    ...looseFields(packet, version),
    properties: oracleProperties(packet),
  } as unknown as oracle.Packet;
}

function oracleProperties(packet: ControlPacket): OracleProperties | undefined {
  if (!('properties' in packet) || Object.keys(packet.properties).length === 0) return undefined;
  return propertiesToOracle(packet.properties);
}

function looseFields(packet: ControlPacket, version: ProtocolVersion): Loose {
  switch (packet.type) {
    case 'connect':
      return {
        cmd: 'connect',
        protocolId: packet.protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
        protocolVersion: packet.protocolVersion,
        bridgeMode: packet.bridge,
        clean: packet.cleanStart,
        keepalive: packet.keepAlive,
        clientId: packet.clientId,
        username: packet.username,
        password: packet.password,
        will: packet.will && { ...packet.will, properties: propertiesToOracle(packet.will.properties) },
      };
    case 'connack':
      return {
        cmd: 'connack',
        sessionPresent: packet.sessionPresent,
        [version === 5 ? 'reasonCode' : 'returnCode']: packet.reasonCode,
      };
    case 'publish':
      return { ...packet, cmd: 'publish', messageId: packet.packetId };
    case 'subscribe':
      return {
        cmd: 'subscribe',
        messageId: packet.packetId,
        subscriptions: packet.subscriptions.map((request) => ({
          topic: request.filter,
          qos: request.qos,
          nl: request.noLocal,
          rap: request.retainAsPublished,
          rh: request.retainHandling,
        })),
      };
    case 'suback':
    case 'unsuback':
      return { cmd: packet.type, messageId: packet.packetId, granted: packet.reasonCodes };
    case 'unsubscribe':
      return { cmd: packet.type, messageId: packet.packetId, unsubscriptions: packet.filters };
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { cmd: packet.type, messageId: packet.packetId, reasonCode: packet.reasonCode };
    case 'pingreq':
    case 'pingresp':
      return { cmd: packet.type };
    case 'disconnect':
    case 'auth':
      return { cmd: packet.type, reasonCode: packet.reasonCode };
    default:
      return packet satisfies never;
  }
}

/** A packet of mqtt-packet in our words. */
export function fromOracle(parsed: oracle.Packet): ControlPacket {
  const loose = parsed as unknown as Record<string, never> & { cmd: oracle.PacketCmd };
  const properties = propertiesFromOracle(loose['properties']);
  const packetId = loose['messageId'] ?? 0;
  const reasonCode = loose['reasonCode'] ?? loose['returnCode'] ?? 0;
  switch (loose.cmd) {
    case 'connect':
      return connectFromOracle(parsed as oracle.IConnectPacket & { bridgeMode?: boolean }, properties);
    case 'connack':
      return { type: loose.cmd, sessionPresent: loose['sessionPresent']!, reasonCode, properties };
    case 'publish': {
      const { dup, qos, retain, topic, payload } = parsed as oracle.IPublishPacket;
      return {
        type: 'publish',
        dup,
        qos,
        retain,
        topic,
        packetId,
        payload: Buffer.from(payload),
        properties,
      };
    }
    case 'subscribe': {
      const requests = (parsed as oracle.ISubscribePacket).subscriptions;
      const subscriptions = requests.map(({ topic, qos, nl = false, rap = false, rh = 0 }) => ({
        filter: topic,
        qos,
        noLocal: nl,
        retainAsPublished: rap,
        retainHandling: rh as 0 | 1 | 2,
      }));
      return { type: 'subscribe', packetId, subscriptions, properties };
    }
    case 'suback':
    case 'unsuback':
      return { type: loose.cmd, packetId, reasonCodes: loose['granted'] ?? [], properties };
    case 'unsubscribe':
      return { type: loose.cmd, packetId, filters: loose['unsubscriptions']!, properties };
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { type: loose.cmd, packetId, reasonCode, properties };
    case 'pingreq':
    case 'pingresp':
      return { type: loose.cmd };
    case 'disconnect':
    case 'auth':
      return { type: loose.cmd, reasonCode, properties };
    default:
      return loose.cmd satisfies never;
  }
}

function connectFromOracle(
  parsed: oracle.IConnectPacket & { bridgeMode?: boolean },
  properties: Properties,
): ControlPacket {
  const { will, username, password } = parsed;
  return {
    type: 'connect',
    protocolVersion: parsed.protocolVersion ?? 4,
    bridge: parsed.bridgeMode ?? false,
    cleanStart: parsed.clean ?? false,
    keepAlive: parsed.keepalive ?? 0,
    clientId: parsed.clientId,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will !== undefined && {
      will: {
        topic: will.topic,
        payload: Buffer.from(will.payload),
        qos: will.qos ?? 0,
        retain: will.retain ?? false,
        properties: propertiesFromOracle(will.properties),
      },
    }),
    properties,
  };
}

/** What mqtt-packet makes of these bytes; its error is thrown. */
export function oracleDecode(frame: Buffer, version: ProtocolVersion): ControlPacket {
  const packets: oracle.Packet[] = [];
  const parser = oracle.parser({ protocolVersion: version });
  parser.on('packet', (packet) => packets.push(packet));
  parser.on('error', (error) => {
    throw error;
  });
  parser.parse(frame);
  if (packets.length !== 1) throw new Error(`mqtt-packet found ${packets.length} packets`);
  return fromOracle(packets[0]!);
}

/** How mqtt-packet writes our packet. */
export function oracleEncode(packet: ControlPacket, version: ProtocolVersion): Buffer {
  return oracle.generate(toOracle(packet, version), { protocolVersion: version });
}

/** Whether mqtt-packet is able to write it. */
export function oracleWrites(packet: ControlPacket): boolean {
  if (packet.type !== 'connect') return true;
  if (packet.password !== undefined && packet.username === undefined) return false;
  return packet.clientId !== '' || (packet.cleanStart && packet.protocolVersion !== 3);
}

/** Whether mqtt-packet is able to read it. */
export function oracleReads(packet: ControlPacket): boolean {
  return packet.type !== 'disconnect' || packet.reasonCode !== reasonCodes.badAuthenticationMethod;
}
