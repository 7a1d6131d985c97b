import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { decodeFrame } from './support/decode-frame.ts';
import {
  oracleDecode,
  oracleEncode,
  oracleReads,
  oracleWrites,
  withSortedUserProperties,
} from './support/oracle.ts';
import { packetOf, typesOf, versions } from './support/packet-arbitraries.ts';

// What mqtt-packet is lax about is listed in support/oracle.ts.

const runs = { numRuns: 150, seed: 20_261_120 };

for (const version of versions) {
  describe(`MQTT level ${version}`, () => {
    for (const type of typesOf(version)) {
      test(`${type}: what we encode we decode again`, () => {
        fc.assert(
          fc.property(packetOf(type, version), (packet) => {
            assert.deepEqual(decodeFrame(encodePacket(packet, version), version), packet);
          }),
          runs,
        );
      });

      test(`${type}: mqtt-packet reads what we write`, () => {
        fc.assert(
          fc.property(packetOf(type, version).filter(oracleReads), (packet) => {
            const theirs = oracleDecode(encodePacket(packet, version), version);
            assert.deepEqual(withSortedUserProperties(theirs), withSortedUserProperties(packet));
          }),
          runs,
        );
      });

      test(`${type}: we read what mqtt-packet writes`, () => {
        fc.assert(
          fc.property(packetOf(type, version).filter(oracleWrites), (packet) => {
            const ours = decodeFrame(oracleEncode(packet, version), version);
            assert.deepEqual(withSortedUserProperties(ours), withSortedUserProperties(packet));
          }),
          runs,
        );
      });
    }
  });
}
