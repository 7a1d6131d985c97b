import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressMatcher, canonicalAddress } from '../../../src/transport/remote-address.ts';

test('an address has one text', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:0DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['::ffff:0:192.0.2.1', '::ffff:0:c000:201'],
    ['', undefined],
    ['192.0.2', undefined],
    ['192.0.2.01', undefined],
    ['localhost', undefined],
    ['2001:db8::1::', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(canonicalAddress(text), expected, text);
});

test('blocks match the addresses within them, of their own family', () => {
  const matches = addressMatcher(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1']);
  for (const inside of ['10.255.0.1', '192.0.2.7', '2001:db8:ffff::1', '::1'])
    assert.ok(matches(inside), inside);
  for (const outside of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', '0.0.0.1']) {
    assert.equal(matches(outside), false, outside);
  }
});

test('nothing is trusted by an empty list, all by the widest blocks', () => {
  assert.equal(addressMatcher([])('127.0.0.1'), false);
  assert.ok(addressMatcher(['0.0.0.0/0'])('203.0.113.9'));
  assert.ok(addressMatcher(['::/0'])('2001:db8::1'));
});

test('an entry that is no block is named', () => {
  for (const entry of [
    '',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10/8',
    '::/129',
    '::1/64/2',
    'all',
    'fe80::1%eth0/64',
  ]) {
    assert.throws(() => addressMatcher([entry]), { name: 'RangeError', message: entry }, entry);
  }
});
