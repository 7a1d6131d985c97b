import { malformed, protocolError } from './codec-error.ts';
import type { Properties } from './control-packet.ts';
import { decodeProperties } from './properties.ts';
import type { PropertyPacket } from './property-tables.ts';
import {
  decodeText,
  lengthPrefixedEnd,
  ownedCopy,
  readUint16,
  readVariableByteInteger,
  variableByteIntegerLength,
} from './wire-types.ts';

/**
 * Goes through the body of one packet, field by field. Each field throws CodecError 0x81 when it is cut off or not of
 * its type, naming the packet and `field`.
 */
export class BodyReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly #packet: PropertyPacket;
  #offset: number;

  constructor(packet: PropertyPacket, buffer: Buffer, start: number, end: number) {
    this.#packet = packet;
    this.#buffer = buffer;
    this.#offset = start;
    this.#end = end;
  }

  /** Bytes that have not been read. */
  get remaining(): number {
    return this.#end - this.#offset;
  }

  byte(field: string): number {
    return this.#buffer[this.#take(1, field)]!;
  }

  uint16(field: string): number {
    return readUint16(this.#buffer, this.#take(2, field));
  }

  packetIdentifier(): number {
    const packetId = this.uint16('Packet Identifier');
    // [MQTT-2.2.1-3]
    if (packetId === 0) throw protocolError(this.#packet, 'Packet Identifier is 0; it is 1 or more');
    return packetId;
  }

  text(field: string): string {
    const start = this.#offset + 2;
    this.#offset = lengthPrefixedEnd(this.#buffer, this.#offset, this.#end, this.#packet, field);
    return decodeText(this.#buffer, start, this.#offset, this.#packet, field);
  }

  /** A copy. */
  binary(field: string): Buffer {
    const start = this.#offset + 2;
    this.#offset = lengthPrefixedEnd(this.#buffer, this.#offset, this.#end, this.#packet, field);
    return ownedCopy(this.#buffer, start, this.#offset);
  }

  /** All that is left, as a copy. */
  rest(): Buffer {
    return ownedCopy(this.#buffer, this.#take(this.remaining, 'Payload'), this.#end);
  }

  /** The properties with their length; those of the will are told apart by `packet`. */
  properties(packet: PropertyPacket = this.#packet): Properties {
    const length = readVariableByteInteger(this.#buffer, this.#offset, this.#end, packet, 'Property Length');
    this.#offset += variableByteIntegerLength(length);
    const start = this.#take(length, 'Properties');
    return decodeProperties(this.#buffer, start, this.#offset, packet);
  }

  /** Nothing may follow the last field. */
  finish(): void {
    if (this.remaining > 0) throw malformed(this.#packet, `${this.remaining} bytes follow the last field`);
  }

  #take(count: number, field: string): number {
    const start = this.#offset;
    if (start + count > this.#end) throw malformed(this.#packet, `${field} is cut off`);
    this.#offset = start + count;
    return start;
  }
}
