import { faultOf, malformed, protocolError } from './codec-error.ts';
import type { Property, PropertyPacket } from './property-tables.ts';
import {
  checkText,
  lengthPrefixedEnd,
  readUint16,
  readUint32,
  readVariableByteInteger,
  variableByteIntegerLength,
} from './wire-types.ts';

const PLUS = 0x2b;
const HASH = 0x23;

/** Whether a Topic Name holds a wildcard, which only filters may [MQTT-3.3.2-14]. The bytes are valid UTF-8. */
export function hasWildcard(buffer: Buffer, start: number, end: number): boolean {
  for (let offset = start; offset < end; offset++) {
    const byte = buffer[offset]!;
    if (byte === PLUS || byte === HASH) return true;
  }
  return false;
}

/**
 * Checks the property value that begins at `offset`, in place and without allocation.
 *
 * @returns the offset behind the value.
 * @throws CodecError 0x81 when it is cut off or not of its type, 0x82 or 0x94 when the value is not allowed.
 */
export function checkedValueEnd(
  buffer: Buffer,
  offset: number,
  end: number,
  property: Property,
  packet: PropertyPacket,
): number {
  switch (property.type) {
    case 'flag':
      return flagEnd(buffer, offset, end, property, packet);
    case 'uint16':
    case 'uint32':
    case 'variableByteInteger':
      return integerEnd(buffer, offset, end, property, packet);
    case 'binary':
      return lengthPrefixedEnd(buffer, offset, end, packet, property.title);
    case 'string':
      return textEnd(buffer, offset, end, property, packet);
    case 'stringPair':
      // Name and value of a User Property. [MQTT-1.5.7-1]
      return textEnd(buffer, textEnd(buffer, offset, end, property, packet), end, property, packet);
    default:
      return property.type satisfies never;
  }
}

function flagEnd(
  buffer: Buffer,
  offset: number,
  end: number,
  property: Property,
  packet: PropertyPacket,
): number {
  if (offset >= end) throw malformed(packet, `${property.title} is cut off`);
  if (buffer[offset]! > 1) {
    throw protocolError(packet, `${property.title} is ${buffer[offset]}; it is 0 or 1`);
  }
  return offset + 1;
}

function integerEnd(
  buffer: Buffer,
  offset: number,
  end: number,
  property: Property,
  packet: PropertyPacket,
): number {
  let value: number;
  let valueEnd: number;
  if (property.type === 'variableByteInteger') {
    value = readVariableByteInteger(buffer, offset, end, packet, property.title);
    valueEnd = offset + variableByteIntegerLength(value);
  } else {
    valueEnd = offset + (property.type === 'uint16' ? 2 : 4);
    if (valueEnd > end) throw malformed(packet, `${property.title} is cut off`);
    value = property.type === 'uint16' ? readUint16(buffer, offset) : readUint32(buffer, offset);
  }
  if (value === 0 && property.zeroRefusedWith !== undefined) {
    throw faultOf(property.zeroRefusedWith, packet, `${property.title} is 0; it is 1 or more`);
  }
  return valueEnd;
}

function textEnd(
  buffer: Buffer,
  offset: number,
  end: number,
  property: Property,
  packet: PropertyPacket,
): number {
  const valueEnd = lengthPrefixedEnd(buffer, offset, end, packet, property.title);
  checkText(buffer, offset + 2, valueEnd, packet, property.title); // [MQTT-3.3.2-13] [MQTT-3.3.2-19]
  if (property.topicName) {
    // [MQTT-4.7.3-1]
    if (valueEnd === offset + 2) throw protocolError(packet, `${property.title} is empty`);
    // [MQTT-3.3.2-14]
    if (hasWildcard(buffer, offset + 2, valueEnd)) {
      throw protocolError(packet, `${property.title} contains a wildcard`);
    }
  }
  return valueEnd;
}
