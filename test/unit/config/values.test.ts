import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cidr, host } from '../../../src/config/network-values.ts';
import { Problems } from '../../../src/config/problems.ts';
import { formatDuration, formatSize } from '../../../src/config/quantities.ts';
import type { Schema } from '../../../src/config/schema.ts';
import { ReadContext } from '../../../src/config/schema.ts';
import { parseYaml } from '../../../src/config/yaml-document.ts';
import { configuration, filesWith } from './fixtures.ts';

function reads<T>(schema: Schema<T>, text: string): T | undefined {
  const { root } = parseYaml(JSON.stringify(text), {});
  const sources = { env: {}, folder: '/', files: filesWith({}), hostname: () => 'h' };
  return schema.read(root, new ReadContext(new Problems(root), sources));
}

describe('quantities', () => {
  const sizes: readonly (readonly [string, number])[] = [
    ['100B', 100],
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['1MB', 1_000_000],
    ['64kB', 64_000],
    ['64KB', 64_000],
  ];
  for (const [text, bytes] of sizes) {
    it(text, () =>
      assert.equal(configuration(`mqtt: { max_packet_size: ${text} }`).mqtt.maxPacketSize, bytes),
    );
  }

  const durations: readonly (readonly [string, number])[] = [
    ['250ms', 250],
    ['2s', 2_000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
  ];
  for (const [text, milliseconds] of durations) {
    it(text, () => assert.equal(configuration(`mqtt: { ack_wait: ${text} }`).mqtt.ackWait, milliseconds));
  }

  it('are written with the largest unit that fits', () => {
    assert.deepEqual([0, 250, 2000, 90_000, 86_400_000].map(formatDuration), [
      '0s',
      '250ms',
      '2s',
      '90s',
      '1d',
    ]);
    assert.deepEqual([0, 100, 65_536, 1_048_576, 1_000_000].map(formatSize), [
      '0B',
      '100B',
      '64KiB',
      '1MiB',
      '1000000B',
    ]);
  });
});

it('booleans in any case', () => {
  for (const [word, value] of [
    ['YES', true],
    ['No', false],
    ['on', true],
    ['OFF', false],
    ['True', true],
    ['"false"', false],
  ] as const) {
    assert.equal(configuration(`policy: { trust_client_id: ${word} }`).policy.trustClientId, value, word);
  }
});

describe('addresses', () => {
  for (const good of [
    '127.0.0.1',
    '0.0.0.0',
    '::',
    '::1',
    'fe80::1',
    'localhost',
    'broker.example',
    'a-b.c1',
  ]) {
    it(good, () => assert.equal(reads(host(), good), good));
  }
  for (const bad of [
    '*',
    '127.0.0.1:1883',
    '256.0.0.1',
    '1.2.3',
    '[::1]',
    '-a',
    'a..b',
    'a b',
    'mqtt://x',
    'a_b',
  ]) {
    it(`not ${bad}`, () => assert.equal(reads(host(), bad), undefined));
  }
});

describe('blocks', () => {
  for (const good of ['10.0.0.0/8', '127.0.0.1/32', '0.0.0.0/0', '::/0', 'fd00::/8', '::1/128']) {
    it(good, () => assert.equal(reads(cidr(), good), good));
  }
  for (const bad of [
    '10.0.0.0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'x/8',
  ]) {
    it(`not ${bad}`, () => assert.equal(reads(cidr(), bad), undefined));
  }
});
