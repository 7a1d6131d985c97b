import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nearest } from '../../../src/config/nearest.ts';

const keys = ['ack_wait', 'connect_timeout', 'max_packet_size', 'host', 'port', 'path'];

for (const [word, expected] of [
  ['ack_wiat', 'ack_wait'],
  ['ackWait', 'ack_wait'],
  ['ACK-WAIT', 'ack_wait'],
  ['connectTimeOut', 'connect_timeout'],
  ['connection_timeout', 'connect_timeout'],
  ['prot', 'port'],
  ['max_packetsize', 'max_packet_size'],
  ['colour', undefined],
  ['x'.repeat(10_000), undefined],
] as const) {
  it(`${word.slice(0, 20)} → ${expected}`, () => assert.equal(nearest(word, keys), expected));
}
