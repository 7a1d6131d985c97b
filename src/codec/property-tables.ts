import type { PacketPart } from './codec-error.ts';
import { malformed, protocolError } from './codec-error.ts';
import type { Properties, UserProperty } from './control-packet.ts';
import { reasonCodes } from './reason-codes.ts';

/** The packets with properties; those of the will stand apart inside CONNECT. */
export type PropertyPacket = Exclude<PacketPart, 'pingreq' | 'pingresp'>;

type PropertyName = keyof Properties;

/** How a property's value stands on the wire; `flag` is a byte that is 0 or 1, the last two are a list in `Properties`. */
export type PropertyType =
  | 'flag'
  | 'uint16'
  | 'uint32'
  | 'string'
  | 'binary'
  | 'variableByteInteger'
  | 'stringPair';

/** The wire types that fit the value in `Properties`; keeps this table and that interface in step. */
type PropertyTypeOf<Value> = Value extends Buffer
  ? 'binary'
  : Value extends string
    ? 'string'
    : Value extends UserProperty[]
      ? 'stringPair'
      : Value extends number[]
        ? 'variableByteInteger'
        : Value extends 0 | 1
          ? 'flag'
          : 'uint16' | 'uint32';

export interface PropertyDefinition<Type extends PropertyType = PropertyType> {
  readonly id: number;
  /** The specification's name. */
  readonly title: string;
  readonly type: Type;
  readonly packets: readonly PropertyPacket[];
  /** The packets that may carry it more than once; absent means none. */
  readonly repeatableIn?: readonly PropertyPacket[];
  /** Reason code for the value 0 where that is not allowed. */
  readonly zeroRefusedWith?: number;
  /** A string that must be a Topic Name. */
  readonly topicName?: true;
  /** Of PUBLISH and will: passed on unaltered to every receiver. */
  readonly forwarded?: true;
}

/** Everything but PINGREQ and PINGRESP. */
const allPackets = [
  'connect',
  'will',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'disconnect',
  'auth',
] as const satisfies readonly PropertyPacket[];

/** Every property of MQTT 5.0 [table 2-4 and the sections of the packets]. */
export const propertyDefinitions = {
  payloadFormatIndicator: {
    id: 0x01,
    title: 'Payload Format Indicator',
    type: 'flag',
    packets: ['publish', 'will'],
    forwarded: true,
  },
  messageExpiryInterval: {
    id: 0x02,
    title: 'Message Expiry Interval',
    type: 'uint32',
    packets: ['publish', 'will'],
  },
  contentType: {
    id: 0x03,
    title: 'Content Type',
    type: 'string',
    packets: ['publish', 'will'],
    forwarded: true,
  },
  responseTopic: {
    id: 0x08,
    title: 'Response Topic',
    type: 'string',
    packets: ['publish', 'will'],
    topicName: true,
    forwarded: true,
  },
  correlationData: {
    id: 0x09,
    title: 'Correlation Data',
    type: 'binary',
    packets: ['publish', 'will'],
    forwarded: true,
  },
  subscriptionIdentifiers: {
    id: 0x0b,
    title: 'Subscription Identifier',
    type: 'variableByteInteger',
    packets: ['publish', 'subscribe'],
    repeatableIn: ['publish'],
    zeroRefusedWith: reasonCodes.protocolError,
  },
  sessionExpiryInterval: {
    id: 0x11,
    title: 'Session Expiry Interval',
    type: 'uint32',
    packets: ['connect', 'connack', 'disconnect'],
  },
  assignedClientIdentifier: {
    id: 0x12,
    title: 'Assigned Client Identifier',
    type: 'string',
    packets: ['connack'],
  },
  serverKeepAlive: { id: 0x13, title: 'Server Keep Alive', type: 'uint16', packets: ['connack'] },
  authenticationMethod: {
    id: 0x15,
    title: 'Authentication Method',
    type: 'string',
    packets: ['connect', 'connack', 'auth'],
  },
  authenticationData: {
    id: 0x16,
    title: 'Authentication Data',
    type: 'binary',
    packets: ['connect', 'connack', 'auth'],
  },
  requestProblemInformation: {
    id: 0x17,
    title: 'Request Problem Information',
    type: 'flag',
    packets: ['connect'],
  },
  willDelayInterval: { id: 0x18, title: 'Will Delay Interval', type: 'uint32', packets: ['will'] },
  requestResponseInformation: {
    id: 0x19,
    title: 'Request Response Information',
    type: 'flag',
    packets: ['connect'],
  },
  responseInformation: { id: 0x1a, title: 'Response Information', type: 'string', packets: ['connack'] },
  serverReference: {
    id: 0x1c,
    title: 'Server Reference',
    type: 'string',
    packets: ['connack', 'disconnect'],
  },
  reasonString: {
    id: 0x1f,
    title: 'Reason String',
    type: 'string',
    packets: ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback', 'disconnect', 'auth'],
  },
  receiveMaximum: {
    id: 0x21,
    title: 'Receive Maximum',
    type: 'uint16',
    packets: ['connect', 'connack'],
    zeroRefusedWith: reasonCodes.protocolError,
  },
  topicAliasMaximum: {
    id: 0x22,
    title: 'Topic Alias Maximum',
    type: 'uint16',
    packets: ['connect', 'connack'],
  },
  topicAlias: {
    id: 0x23,
    title: 'Topic Alias',
    type: 'uint16',
    packets: ['publish'],
    // [MQTT-3.3.2-8]
    zeroRefusedWith: reasonCodes.topicAliasInvalid,
  },
  maximumQoS: { id: 0x24, title: 'Maximum QoS', type: 'flag', packets: ['connack'] },
  retainAvailable: { id: 0x25, title: 'Retain Available', type: 'flag', packets: ['connack'] },
  userProperties: {
    id: 0x26,
    title: 'User Property',
    type: 'stringPair',
    packets: allPackets,
    repeatableIn: allPackets,
    forwarded: true,
  },
  maximumPacketSize: {
    id: 0x27,
    title: 'Maximum Packet Size',
    type: 'uint32',
    packets: ['connect', 'connack'],
    zeroRefusedWith: reasonCodes.protocolError,
  },
  wildcardSubscriptionAvailable: {
    id: 0x28,
    title: 'Wildcard Subscription Available',
    type: 'flag',
    packets: ['connack'],
  },
  subscriptionIdentifiersAvailable: {
    id: 0x29,
    title: 'Subscription Identifier Available',
    type: 'flag',
    packets: ['connack'],
  },
  sharedSubscriptionAvailable: {
    id: 0x2a,
    title: 'Shared Subscription Available',
    type: 'flag',
    packets: ['connack'],
  },
} as const satisfies {
  readonly [Name in PropertyName]-?: PropertyDefinition<PropertyTypeOf<NonNullable<Properties[Name]>>>;
};

/** A definition as one packet sees it. */
export interface Property extends PropertyDefinition {
  readonly name: PropertyName;
  /** May occur more than once in this packet. */
  readonly repeatable: boolean;
  /** One bit of its own, for the set of those already seen. */
  readonly bit: number;
}

const definitions = Object.entries<PropertyDefinition>(propertyDefinitions);

function propertiesOf(packet: PropertyPacket): readonly (Property | undefined)[] {
  const byId: (Property | undefined)[] = new Array(0x80).fill(undefined);
  for (const [index, [name, definition]] of definitions.entries()) {
    if (!definition.packets.includes(packet)) continue;
    const repeatable = definition.repeatableIn?.includes(packet) ?? false;
    byId[definition.id] = { ...definition, name: name as PropertyName, repeatable, bit: 1 << index };
  }
  return byId;
}

const propertiesByPacket = Object.fromEntries(
  allPackets.map((packet) => [packet, propertiesOf(packet)]),
) as unknown as { readonly [Packet in PropertyPacket]: readonly (Property | undefined)[] };

/**
 * The property that the identifier byte `id` means in `packet`.
 *
 * @throws CodecError 0x81 when there is none or it belongs to other packets [5.0 section 2.2.2.2].
 */
export function propertyById(id: number, packet: PropertyPacket): Property {
  const property = propertiesByPacket[packet][id];
  if (property !== undefined) return property;
  const hexadecimal = `0x${id.toString(16).padStart(2, '0')}`;
  const misplaced = definitions.find(([, definition]) => definition.id === id)?.[1].title;
  throw malformed(
    packet,
    misplaced === undefined
      ? `property ${hexadecimal} does not exist`
      : `${misplaced} does not belong into this packet`,
  );
}

/** As `propertyById`, for the encoder. */
export function propertyByName(name: PropertyName, packet: PropertyPacket): Property {
  return propertyById(propertyDefinitions[name].id, packet);
}

/**
 * Adds `property` to the set of those seen in this packet.
 *
 * @throws CodecError 0x82 when it may occur once and is there already.
 */
export function seenWith(seen: number, property: Property, packet: PropertyPacket): number {
  if ((seen & property.bit) !== 0 && !property.repeatable) {
    throw protocolError(packet, `${property.title} is included more than once`);
  }
  return seen | property.bit;
}
