import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReasonPacket, Sender } from '../../../src/codec/reason-codes.ts';
import {
  connackReturnCode,
  mayCarry,
  reasonCodeDefinitions,
  reasonCodes,
} from '../../../src/codec/reason-codes.ts';

test('the table has the 43 codes of the standard, and three names for 0', () => {
  const codes = Object.values(reasonCodes);
  assert.equal(codes.length, 45);
  // [5.0 table 2-6]
  const errors = Array.from({ length: 0xa2 - 0x80 + 1 }, (_, index) => 0x80 + index);
  assert.deepEqual(
    [...new Set<number>(codes)].toSorted((a, b) => a - b),
    [0, 1, 2, 4, 0x10, 0x11, 0x18, 0x19, ...errors],
  );
  assert.equal(reasonCodes.notAuthorized, 0x87);
  assert.equal(reasonCodeDefinitions.notAuthorized.description, 'Not authorized');
});

describe('who may send which code in which packet', () => {
  const cases: { packet: ReasonPacket; code: number; sender?: Sender; allowed: boolean }[] = [
    { packet: 'connack', code: reasonCodes.banned, sender: 'server', allowed: true },
    { packet: 'connack', code: reasonCodes.sessionTakenOver, allowed: false },
    { packet: 'disconnect', code: reasonCodes.sessionTakenOver, sender: 'server', allowed: true },
    { packet: 'disconnect', code: reasonCodes.sessionTakenOver, sender: 'client', allowed: false },
    { packet: 'disconnect', code: reasonCodes.sessionTakenOver, allowed: true },
    { packet: 'disconnect', code: reasonCodes.disconnectWithWillMessage, sender: 'client', allowed: true },
    { packet: 'disconnect', code: reasonCodes.disconnectWithWillMessage, sender: 'server', allowed: false },
    { packet: 'disconnect', code: reasonCodes.protocolError, sender: 'client', allowed: true },
    { packet: 'puback', code: reasonCodes.noMatchingSubscribers, sender: 'client', allowed: false },
    { packet: 'pubrel', code: reasonCodes.packetIdentifierNotFound, sender: 'client', allowed: true },
    { packet: 'auth', code: reasonCodes.reAuthenticate, sender: 'client', allowed: true },
    { packet: 'auth', code: reasonCodes.reAuthenticate, sender: 'server', allowed: false },
    { packet: 'auth', code: reasonCodes.success, sender: 'client', allowed: false },
    { packet: 'suback', code: 3, allowed: false },
    { packet: 'suback', code: 999, allowed: false },
  ];
  for (const { packet, code, sender, allowed } of cases) {
    test(`${packet} 0x${code.toString(16)} from ${sender ?? 'anybody'}: ${allowed}`, () => {
      assert.equal(mayCarry(packet, code, sender), allowed);
    });
  }
});

describe('return codes of 3.x', () => {
  const cases = [
    { code: reasonCodes.unsupportedProtocolVersion, returnCode: 1 },
    { code: reasonCodes.clientIdentifierNotValid, returnCode: 2 },
    { code: reasonCodes.serverUnavailable, returnCode: 3 },
    { code: reasonCodes.serverBusy, returnCode: 3 },
    { code: reasonCodes.connectionRateExceeded, returnCode: 3 },
    { code: reasonCodes.quotaExceeded, returnCode: 3 },
    { code: reasonCodes.badUserNameOrPassword, returnCode: 5 },
    { code: reasonCodes.notAuthorized, returnCode: 5 },
    { code: reasonCodes.banned, returnCode: 5 },
  ];
  for (const { code, returnCode } of cases) {
    test(`0x${code.toString(16)} is ${returnCode}`, () => assert.equal(connackReturnCode(code), returnCode));
  }
});
