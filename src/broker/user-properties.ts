import { CodecError } from '../codec/codec-error.ts';
import type { PacketType, Properties } from '../codec/control-packet.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import type { Limits } from '../runtime/limits.ts';

/** Whether there are more user properties than one packet, or one will, may have. */
export function hasTooMany(limits: Limits, { userProperties }: Properties): boolean {
  return (userProperties?.length ?? 0) > limits.userProperties;
}

/** @throws CodecError 0x97 for more user properties than a packet may have */
export function checkUserProperties(limits: Limits, packet: PacketType, properties: Properties): void {
  if (hasTooMany(limits, properties)) throw tooManyUserProperties(limits, packet);
}

/** The error of a packet with more user properties than it may have. */
export function tooManyUserProperties(limits: Limits, packet: PacketType): CodecError {
  const fault = `${packet.toUpperCase()}: more than ${limits.userProperties} user properties`;
  return new CodecError(reasonCodes.quotaExceeded, fault);
}
