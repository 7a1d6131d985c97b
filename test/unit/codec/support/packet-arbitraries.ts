import fc from 'fast-check';
import type {
  ControlPacket,
  PacketType,
  Properties,
  ProtocolVersion,
  UserProperty,
} from '../../../../src/codec/control-packet.ts';
import type { PropertyDefinition, PropertyPacket } from '../../../../src/codec/property-tables.ts';
import { propertyDefinitions } from '../../../../src/codec/property-tables.ts';
import type { ReasonPacket } from '../../../../src/codec/reason-codes.ts';
import { mayCarry } from '../../../../src/codec/reason-codes.ts';

/** Valid packets of every type and version, their properties drawn from the codec's own table. */

export const versions = [3, 4, 5] as const satisfies readonly ProtocolVersion[];

/** Objects as the decoder makes them, with Object's prototype. */
function record<Fields>(
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
): fc.Arbitrary<Fields> {
  return fc.record<Fields>(fields, { noNullPrototype: true });
}

const strangeTexts = [
  '\uFEFFbom',
  'mid\uFEFFdle',
  '\u{10FFFF}',
  '\uFFFF',
  'e\u0301',
  '\u00e9',
  '\u0001',
  '',
  '/',
  '$share',
];

const text = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 40 }),
    fc.constantFrom(...strangeTexts),
  )
  .map((value) => value.replaceAll('\0', ''));
const topicName = text.map((value) => value.replaceAll(/[+#]/g, '-') || 't');
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const packetId = fc.integer({ min: 1, max: 65_535 });
const payload = fc.oneof(bytes(60), bytes(300));

/** mqtt-packet loses a first empty value of a repeated name, hence none is empty. */
const userProperty = fc
  .tuple(
    text,
    text.map((value) => value || 'v'),
  )
  .map((pair): UserProperty => pair);

function propertyValue(definition: PropertyDefinition, packet: PropertyPacket): fc.Arbitrary<unknown> {
  const min = definition.zeroRefusedWith === undefined ? 0 : 1;
  switch (definition.type) {
    case 'flag':
      return fc.constantFrom(0, 1);
    case 'uint16':
      return fc.integer({ min, max: 0xffff });
    case 'uint32':
      return fc.integer({ min, max: 0xffffffff });
    case 'string':
      return definition.topicName ? topicName : text;
    case 'binary':
      return bytes(20);
    case 'stringPair':
      return fc.array(userProperty, { minLength: 1, maxLength: 3 });
    case 'variableByteInteger': {
      const maxLength = definition.repeatableIn?.includes(packet) ? 3 : 1;
      return fc.array(fc.integer({ min, max: 268_435_455 }), { minLength: 1, maxLength });
    }
    default:
      return definition.type satisfies never;
  }
}

export function propertiesFor(packet: PropertyPacket, version: ProtocolVersion): fc.Arbitrary<Properties> {
  if (version !== 5) return fc.constant({});
  const arbitraries = Object.entries<PropertyDefinition>(propertyDefinitions)
    .filter(([, definition]) => definition.packets.includes(packet))
    .map(([name, definition]) => [name, propertyValue(definition, packet)] as const);
  const drawn = fc.record(Object.fromEntries(arbitraries), {
    requiredKeys: [],
    noNullPrototype: true,
  }) as fc.Arbitrary<Properties>;
  return drawn.map((properties) => {
    if (properties.authenticationMethod === undefined) delete properties.authenticationData;
    return properties;
  });
}

function reasonCodeFor(packet: ReasonPacket, version: ProtocolVersion): fc.Arbitrary<number> {
  if (version !== 5) return fc.constant(0);
  return fc.constantFrom(
    ...Array.from({ length: 256 }, (_, code) => code).filter((code) => mayCarry(packet, code)),
  );
}

function connect(version: ProtocolVersion): fc.Arbitrary<ControlPacket> {
  const will = record({
    topic: topicName,
    payload: bytes(30),
    qos,
    retain: fc.boolean(),
    properties: propertiesFor('will', version),
  });
  const fields = {
    type: fc.constant('connect' as const),
    protocolVersion: fc.constant(version),
    bridge: version === 5 ? fc.constant(false) : fc.boolean(),
    cleanStart: fc.boolean(),
    keepAlive: fc.integer({ min: 0, max: 0xffff }),
    clientId: text,
    username: text,
    password: bytes(20),
    will,
    properties: propertiesFor('connect', version),
  };
  return fc
    .record(fields, {
      noNullPrototype: true,
      requiredKeys: [
        'type',
        'protocolVersion',
        'bridge',
        'cleanStart',
        'keepAlive',
        'clientId',
        'properties',
      ],
    })
    .map((packet) => {
      if (version !== 5 && packet.username === undefined) delete packet.password;
      return packet;
    });
}

function publish(version: ProtocolVersion): fc.Arbitrary<ControlPacket> {
  return record({
    type: fc.constant('publish' as const),
    dup: fc.boolean(),
    qos,
    retain: fc.boolean(),
    topic: topicName,
    packetId,
    payload,
    properties: propertiesFor('publish', version),
    omitTopic: fc.boolean(),
  }).map(({ omitTopic, ...packet }) => ({
    ...packet,
    topic: omitTopic && packet.properties.topicAlias !== undefined ? '' : packet.topic,
    dup: packet.dup && packet.qos > 0,
    packetId: packet.qos > 0 ? packet.packetId : 0,
  }));
}

function subscribe(version: ProtocolVersion): fc.Arbitrary<ControlPacket> {
  const off = fc.constant(false);
  const request = record({
    filter: text,
    qos,
    noLocal: version === 5 ? fc.boolean() : off,
    retainAsPublished: version === 5 ? fc.boolean() : off,
    retainHandling:
      version === 5 ? fc.constantFrom(0 as const, 1 as const, 2 as const) : fc.constant(0 as const),
  }).map((drawn) => ({ ...drawn, noLocal: drawn.noLocal && !drawn.filter.startsWith('$share/') }));
  return record({
    type: fc.constant('subscribe' as const),
    packetId,
    subscriptions: fc.array(request, { minLength: 1, maxLength: 4 }),
    properties: propertiesFor('subscribe', version),
  });
}

function subscriptionAnswer(
  type: 'suback' | 'unsuback',
  version: ProtocolVersion,
): fc.Arbitrary<ControlPacket> {
  const code =
    version === 5 || type === 'unsuback' ? reasonCodeFor(type, version) : fc.constantFrom(0, 1, 2, 0x80);
  const none = type === 'unsuback' && version !== 5;
  return record({
    type: fc.constant(type),
    packetId,
    reasonCodes: none ? fc.constant<number[]>([]) : fc.array(code, { minLength: 1, maxLength: 4 }),
    properties: propertiesFor(type, version),
  });
}

function acknowledgement(
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  version: ProtocolVersion,
): fc.Arbitrary<ControlPacket> {
  return record({
    type: fc.constant(type),
    packetId,
    reasonCode: reasonCodeFor(type, version),
    properties: propertiesFor(type, version),
  });
}

/** Any valid packet of one type. AUTH exists in 5.0 only. */
export function packetOf(type: PacketType, version: ProtocolVersion): fc.Arbitrary<ControlPacket> {
  switch (type) {
    case 'connect':
      return connect(version);
    case 'connack':
      return record({
        type: fc.constant(type),
        sessionPresent: version === 3 ? fc.constant(false) : fc.boolean(),
        reasonCode: version === 5 ? reasonCodeFor(type, version) : fc.integer({ min: 0, max: 5 }),
        properties: propertiesFor(type, version),
      }).map((packet) => ({ ...packet, sessionPresent: packet.sessionPresent && packet.reasonCode === 0 }));
    case 'publish':
      return publish(version);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return acknowledgement(type, version);
    case 'subscribe':
      return subscribe(version);
    case 'suback':
    case 'unsuback':
      return subscriptionAnswer(type, version);
    case 'unsubscribe':
      return record({
        type: fc.constant(type),
        packetId,
        filters: fc.array(text, { minLength: 1, maxLength: 4 }),
        properties: propertiesFor(type, version),
      });
    case 'pingreq':
    case 'pingresp':
      return record({ type: fc.constant(type) });
    case 'disconnect':
      return record({
        type: fc.constant(type),
        reasonCode: reasonCodeFor(type, version),
        properties: propertiesFor(type, version),
      });
    case 'auth':
      return record({
        type: fc.constant(type),
        reasonCode: reasonCodeFor(type, version),
        properties: propertiesFor(type, version),
      }).map((packet) => ({
        ...packet,
        properties: {
          ...packet.properties,
          authenticationMethod: packet.properties.authenticationMethod ?? 'SCRAM',
        },
      }));
    default:
      return type satisfies never;
  }
}

/** The packet types of a version. */
export function typesOf(version: ProtocolVersion): PacketType[] {
  const types: PacketType[] = [
    'connect',
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
    'pingreq',
    'pingresp',
    'disconnect',
  ];
  return version === 5 ? [...types, 'auth'] : types;
}

/** Any valid packet of a version. */
export function packetOfVersion(version: ProtocolVersion): fc.Arbitrary<ControlPacket> {
  return fc.oneof(...typesOf(version).map((type) => packetOf(type, version)));
}
