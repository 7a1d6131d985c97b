import fc from 'fast-check';
import type { ControlPacket, ProtocolVersion } from '../../../../src/codec/control-packet.ts';
import { encodePacket } from '../../../../src/codec/encode-packet.ts';
import { packetOf, typesOf, versions } from './packet-arbitraries.ts';

export interface CorpusEntry {
  readonly version: ProtocolVersion;
  readonly packet: ControlPacket;
  readonly frame: Buffer;
}

const SAMPLES_PER_TYPE = 12;

/** Packets of every type and version, always the same. */
export const corpus: readonly CorpusEntry[] = versions.flatMap((version) =>
  typesOf(version).flatMap((type) =>
    fc
      .sample(packetOf(type, version), { numRuns: SAMPLES_PER_TYPE, seed: 3_1_1 })
      .map((packet) => ({ version, packet, frame: encodePacket(packet, version) })),
  ),
);
