import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Properties } from '../../../src/codec/control-packet.ts';
import {
  decodeProperties,
  encodeProperties,
  forwardablePropertiesOf,
} from '../../../src/codec/properties.ts';
import type { PropertyDefinition, PropertyPacket } from '../../../src/codec/property-tables.ts';
import { propertyDefinitions } from '../../../src/codec/property-tables.ts';
import { reasonCodes } from '../../../src/codec/reason-codes.ts';
import { codecErrorOf } from './support/decode-frame.ts';
import { propertiesFor } from './support/packet-arbitraries.ts';

const definitions = Object.entries<PropertyDefinition>(propertyDefinitions);
const packets = [...new Set(definitions.flatMap(([, definition]) => definition.packets))];

/** A value of each wire type, and of every property the one fit for it. */
const samples = {
  flag: 1,
  uint16: 7,
  uint32: 7,
  string: 'x',
  binary: Buffer.from('x'),
  variableByteInteger: [7],
  stringPair: [['k', 'v']],
} as const;

function sampleOf(name: string, definition: PropertyDefinition): Properties {
  const method = name === 'authenticationData' ? { authenticationMethod: 'M' } : {};
  return { ...method, [name]: samples[definition.type] } as Properties;
}

test('the table has the 27 properties of the standard, each identifier once', () => {
  const identifiers = definitions.map(([, definition]) => definition.id);
  assert.equal(new Set(identifiers).size, 27);
  // [5.0 table 2-4]
  assert.deepEqual(
    identifiers.toSorted((a, b) => a - b),
    [1, 2, 3, 8, 9, 11, 17, 18, 19, 21, 22, 23, 24, 25, 26, 28, 31, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42],
  );
});

describe('every property in every packet', () => {
  for (const packet of packets) {
    test(packet, () => {
      for (const [name, definition] of definitions) {
        const properties = sampleOf(name, definition);
        if (definition.packets.includes(packet)) {
          const encoded = encodeProperties(properties, packet);
          assert.deepEqual(decodeProperties(encoded, 0, encoded.length, packet), properties);
        } else {
          refusedEverywhere(properties, definition, packet);
        }
      }
    });
  }
});

/** Neither written nor read [5.0 section 2.2.2.2]. */
function refusedEverywhere(
  properties: Properties,
  definition: PropertyDefinition,
  packet: PropertyPacket,
): void {
  assert.equal(
    codecErrorOf(() => encodeProperties(properties, packet)).reasonCode,
    reasonCodes.malformedPacket,
  );
  const encoded = encodeProperties(properties, definition.packets[0]!);
  const error = codecErrorOf(() => decodeProperties(encoded, 0, encoded.length, packet));
  assert.equal(error.reasonCode, reasonCodes.malformedPacket);
}

test('user properties keep their order and their repetitions [MQTT-3.3.2-18]', () => {
  const userProperties = [
    ['b', '1'],
    ['a', ''],
    ['b', '1'],
    ['', 'x'],
  ] as const;
  const encoded = encodeProperties({ userProperties: [...userProperties] }, 'subscribe');
  assert.deepEqual(decodeProperties(encoded, 0, encoded.length, 'subscribe'), { userProperties });
});

test('buffers are copies', () => {
  const encoded = encodeProperties({ correlationData: Buffer.from('id') }, 'publish');
  const decoded = decodeProperties(encoded, 0, encoded.length, 'publish');
  encoded.fill(0);
  assert.deepEqual(decoded.correlationData, Buffer.from('id'));
});

test('forwardable properties of a will are those that PUBLISH has too, without its expiry', () => {
  const property = fc.property(propertiesFor('will', 5), (properties) => {
    const { willDelayInterval, messageExpiryInterval, ...forwarded } = properties;
    const encoded = forwardablePropertiesOf(properties);
    assert.deepEqual(decodeProperties(encoded, 0, encoded.length, 'publish'), forwarded);
  });
  fc.assert(property, { numRuns: 200, seed: 6 });
});

describe('values that do not fit are refused', () => {
  const refused: { name: string; packet: PropertyPacket; properties: Properties; code: number }[] = [
    { name: 'Receive Maximum 0', packet: 'connack', properties: { receiveMaximum: 0 }, code: 0x82 },
    { name: 'Receive Maximum 65,536', packet: 'connack', properties: { receiveMaximum: 65_536 }, code: 0x81 },
    { name: 'Topic Alias 0', packet: 'publish', properties: { topicAlias: 0 }, code: 0x94 },
    { name: 'Session Expiry -1', packet: 'connack', properties: { sessionExpiryInterval: -1 }, code: 0x81 },
    {
      name: 'Session Expiry 2^32',
      packet: 'connack',
      properties: { sessionExpiryInterval: 2 ** 32 },
      code: 0x81,
    },
    { name: 'half a second', packet: 'publish', properties: { messageExpiryInterval: 0.5 }, code: 0x81 },
    {
      name: 'Subscription Identifier 0',
      packet: 'publish',
      properties: { subscriptionIdentifiers: [1, 0] },
      code: 0x82,
    },
    {
      name: 'two in SUBSCRIBE',
      packet: 'subscribe',
      properties: { subscriptionIdentifiers: [1, 2] },
      code: 0x82,
    },
    { name: '2^28', packet: 'subscribe', properties: { subscriptionIdentifiers: [2 ** 28] }, code: 0x81 },
    { name: 'a lone surrogate', packet: 'puback', properties: { reasonString: '\ud800' }, code: 0x81 },
    { name: 'U+0000', packet: 'puback', properties: { reasonString: 'a\0b' }, code: 0x81 },
    { name: '65,536 bytes', packet: 'puback', properties: { reasonString: 'x'.repeat(65_536) }, code: 0x81 },
    {
      name: '65,536 bytes of data',
      packet: 'auth',
      properties: { authenticationData: Buffer.alloc(65_536) },
      code: 0x81,
    },
  ];
  for (const { name, packet, properties, code } of refused) {
    test(`${name} in ${packet}`, () => {
      assert.equal(codecErrorOf(() => encodeProperties(properties, packet)).reasonCode, code);
    });
  }
});

test('absent properties given as undefined are not written', () => {
  const properties = { reasonString: undefined } as unknown as Properties;
  assert.equal(encodeProperties(properties, 'puback').length, 0);
});
