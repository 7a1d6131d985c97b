import type { PacketType } from './control-packet.ts';
import { reasonCodes } from './reason-codes.ts';

/** A packet, or the will inside CONNECT, which has properties of its own. */
export type PacketPart = PacketType | 'will';

/**
 * The bytes break the specification, or a packet cannot be encoded within it. The message names packet, field and
 * fault and never holds a string or payload of the peer, so that no secret reaches a log through it.
 */
export class CodecError extends Error {
  /** 5.0 reason code for CONNACK or DISCONNECT: 0x81, 0x82, 0x84, 0x90, 0x94, 0x95. */
  readonly reasonCode: number;
  /** Set when a 3.x client is told before the connection is closed; without it the connection is closed in silence. */
  readonly connackReturnCode?: 1 | 2;

  constructor(reasonCode: number, message: string, connackReturnCode?: 1 | 2) {
    super(message);
    this.name = 'CodecError';
    this.reasonCode = reasonCode;
    if (connackReturnCode !== undefined) this.connackReturnCode = connackReturnCode;
  }
}

/** `packet` as the specification writes it. */
function packetTitle(packet: PacketPart): string {
  return packet === 'will' ? 'CONNECT will' : packet.toUpperCase();
}

/** Error 0x81: the bytes cannot be parsed as the specification says [5.0 section 1.2]. */
export function malformed(packet: PacketPart, fault: string): CodecError {
  return faultOf(reasonCodes.malformedPacket, packet, fault);
}

/** Error 0x82: it can be parsed, yet holds what the protocol does not allow [5.0 section 1.2]. */
export function protocolError(packet: PacketPart, fault: string): CodecError {
  return faultOf(reasonCodes.protocolError, packet, fault);
}

/** An error with a more exact reason code than 0x81 and 0x82. */
export function faultOf(
  reasonCode: number,
  packet: PacketPart,
  fault: string,
  connackReturnCode?: 1 | 2,
): CodecError {
  return new CodecError(reasonCode, `${packetTitle(packet)}: ${fault}`, connackReturnCode);
}
