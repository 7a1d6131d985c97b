import { ByteWriter } from './byte-writer.ts';
import { faultOf, protocolError } from './codec-error.ts';
import type { Properties, UserProperty } from './control-packet.ts';
import type { Property, PropertyPacket } from './property-tables.ts';
import { propertyById, propertyByName, propertyDefinitions, seenWith } from './property-tables.ts';
import { checkedValueEnd } from './property-values.ts';
import { ownedCopy, readUint16, readUint32, readVariableByteInteger } from './wire-types.ts';

type PropertyValue = NonNullable<Properties[keyof Properties]>;
type PropertyEntry = [name: keyof Properties, value: PropertyValue | undefined];

/**
 * Decodes the properties of `packet` in `start` to `end`, their length not included. Buffers are copies.
 *
 * @throws CodecError 0x81 for unknown, misplaced or cut off ones, 0x82 for duplicates and values that are not allowed,
 * 0x94 for Topic Alias 0.
 */
export function decodeProperties(
  buffer: Buffer,
  start: number,
  end: number,
  packet: PropertyPacket,
): Properties {
  const properties: Properties = {};
  let seen = 0;
  let offset = start;
  while (offset < end) {
    const property = propertyById(buffer[offset]!, packet);
    seen = seenWith(seen, property, packet);
    const valueEnd = checkedValueEnd(buffer, offset + 1, end, property, packet);
    addProperty(properties, property, buffer, offset + 1, valueEnd);
    offset = valueEnd;
  }
  // [5.0 sections 3.1.2.11.10 and 3.15.2.2.3]
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError(packet, 'Authentication Data stands without Authentication Method');
  }
  return properties;
}

/** Takes a value that `checkedValueEnd` has accepted; the two lists are appended to. */
function addProperty(
  properties: Properties,
  property: Property,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  if (property.type === 'stringPair') {
    properties.userProperties ??= [];
    properties.userProperties.push(userPropertyAt(buffer, start, end));
  } else if (property.type === 'variableByteInteger') {
    properties.subscriptionIdentifiers ??= [];
    properties.subscriptionIdentifiers.push(
      readVariableByteInteger(buffer, start, end, 'publish', property.title),
    );
  } else {
    Object.assign(properties, { [property.name]: valueAt(buffer, start, end, property.type) });
  }
}

function userPropertyAt(buffer: Buffer, start: number, end: number): UserProperty {
  const nameEnd = start + 2 + readUint16(buffer, start);
  return [buffer.toString('utf8', start + 2, nameEnd), buffer.toString('utf8', nameEnd + 2, end)];
}

function valueAt(
  buffer: Buffer,
  start: number,
  end: number,
  type: 'flag' | 'uint16' | 'uint32' | 'string' | 'binary',
): PropertyValue {
  switch (type) {
    case 'flag':
      return buffer[start]!;
    case 'uint16':
      return readUint16(buffer, start);
    case 'uint32':
      return readUint32(buffer, start);
    case 'string':
      return buffer.toString('utf8', start + 2, end);
    case 'binary':
      return ownedCopy(buffer, start + 2, end);
    default:
      return type satisfies never;
  }
}

/**
 * Encodes properties for `packet`, without their length.
 *
 * @throws CodecError 0x81, 0x82 or 0x94 when one does not belong there or has a value that is not allowed.
 */
export function encodeProperties(properties: Properties, packet: PropertyPacket): Buffer {
  const writer = new ByteWriter(packet);
  for (const [name, value] of Object.entries(properties) as PropertyEntry[]) {
    if (value !== undefined) writeProperty(writer, propertyByName(name, packet), value, packet);
  }
  return writer.written();
}

function writeProperty(
  writer: ByteWriter,
  property: Property,
  value: PropertyValue,
  packet: PropertyPacket,
): void {
  if (typeof value === 'number') {
    writeNumber(writer, property, value, packet);
  } else if (typeof value === 'string') {
    writer.byte(property.id);
    writer.text(value, property.title);
  } else if (Buffer.isBuffer(value)) {
    writer.byte(property.id);
    writer.binary(value, property.title);
  } else {
    writeList(writer, property, value, packet);
  }
}

function writeNumber(writer: ByteWriter, property: Property, value: number, packet: PropertyPacket): void {
  if (value === 0 && property.zeroRefusedWith !== undefined) {
    throw faultOf(property.zeroRefusedWith, packet, `${property.title} is 0; it is 1 or more`);
  }
  writer.byte(property.id);
  if (property.type === 'uint32') {
    writer.uint32(value, property.title);
  } else if (property.type === 'uint16') {
    writer.uint16(value, property.title);
  } else if (property.type === 'variableByteInteger') {
    writer.variableByteInteger(value, property.title);
  } else {
    writer.byte(value);
  }
}

function writeList(
  writer: ByteWriter,
  property: Property,
  values: readonly (number | UserProperty)[],
  packet: PropertyPacket,
): void {
  let seen = 0;
  for (const value of values) {
    seen = seenWith(seen, property, packet);
    if (typeof value === 'number') {
      writeNumber(writer, property, value, packet);
    } else {
      writer.byte(property.id);
      writer.text(value[0], property.title);
      writer.text(value[1], property.title);
    }
  }
}

/** The properties of a will or PUBLISH that every receiver gets, encoded without their length. */
export function forwardablePropertiesOf(properties: Properties): Buffer {
  const forwarded = Object.entries(properties).filter(
    ([name]) => 'forwarded' in propertyDefinitions[name as keyof Properties],
  );
  return encodeProperties(Object.fromEntries(forwarded), 'publish');
}
