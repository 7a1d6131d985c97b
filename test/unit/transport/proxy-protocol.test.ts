import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseProxyHeader } from '../../../src/transport/proxy-protocol.ts';
import { proxyV2 } from './proxy-headers.ts';

const ipv4Block = Buffer.from('c0000209cb007101d9030fa1', 'hex');
const ipv6Block = Buffer.from(
  '20010db800000000000000000000000120010db8000000000000000000000002d90322b3',
  'hex',
);
const mappedBlock = Buffer.from(`${'00'.repeat(10)}ffffc0000209${'00'.repeat(16)}d90322b3`, 'hex');
const tlvs = Buffer.from('0400030000002000080100000000abcd', 'hex');

interface Case {
  readonly name: string;
  readonly header: Buffer;
  readonly source?: { readonly address: string; readonly port: number };
}

const v1 = (line: string): Buffer => Buffer.from(`${line}\r\n`, 'latin1');

const good: readonly Case[] = [
  {
    name: 'v1 IPv4',
    header: v1('PROXY TCP4 192.0.2.9 203.0.113.1 55555 4001'),
    source: { address: '192.0.2.9', port: 55_555 },
  },
  {
    name: 'v1 IPv6',
    header: v1('PROXY TCP6 2001:DB8:0::1 ::1 1 2'),
    source: { address: '2001:db8::1', port: 1 },
  },
  {
    name: 'v1 mapped',
    header: v1('PROXY TCP6 ::ffff:192.0.2.9 ::1 1 2'),
    source: { address: '192.0.2.9', port: 1 },
  },
  {
    name: 'v1 longest',
    header: v1(
      `PROXY TCP6 ${Array(2).fill('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff').join(' ')} 65535 65535`,
    ),
    source: { address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65_535 },
  },
  {
    name: 'v1 port 0',
    header: v1('PROXY TCP4 192.0.2.9 203.0.113.1 0 0'),
    source: { address: '192.0.2.9', port: 0 },
  },
  { name: 'v1 UNKNOWN', header: v1('PROXY UNKNOWN') },
  { name: 'v1 UNKNOWN with addresses', header: v1('PROXY UNKNOWN ffff::1 ffff::2 65535 65535') },
  { name: 'v2 IPv4', header: proxyV2(0x21, 0x11, ipv4Block), source: { address: '192.0.2.9', port: 55_555 } },
  {
    name: 'v2 IPv4 with TLVs',
    header: proxyV2(0x21, 0x11, ipv4Block, tlvs),
    source: { address: '192.0.2.9', port: 55_555 },
  },
  {
    name: 'v2 IPv6',
    header: proxyV2(0x21, 0x21, ipv6Block),
    source: { address: '2001:db8::1', port: 55_555 },
  },
  {
    name: 'v2 mapped',
    header: proxyV2(0x21, 0x21, mappedBlock),
    source: { address: '192.0.2.9', port: 55_555 },
  },
  { name: 'v2 LOCAL', header: proxyV2(0x20, 0x00) },
  { name: 'v2 LOCAL with an address', header: proxyV2(0x20, 0x11, ipv4Block) },
  { name: 'v2 LOCAL of an unknown family', header: proxyV2(0x20, 0xff, tlvs) },
  { name: 'v2 UNSPEC', header: proxyV2(0x21, 0x00, tlvs) },
  {
    name: 'v2 longest',
    header: proxyV2(0x21, 0x11, ipv4Block, Buffer.alloc(4096 - 16 - 12)),
    source: { address: '192.0.2.9', port: 55_555 },
  },
];

test('a header gives the source, and its exact length whatever follows', () => {
  for (const { name, header, source } of good) {
    const expected = { kind: 'complete', byteLength: header.length, ...(source && { source }) };
    assert.deepEqual(parseProxyHeader(header), expected, name);
    for (const rest of ['x', '\r\n', 'PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n']) {
      assert.deepEqual(
        parseProxyHeader(Buffer.concat([header, Buffer.from(rest)])),
        expected,
        `${name} and more`,
      );
    }
  }
});

test('every beginning of a header is incomplete', () => {
  for (const { name, header } of good) {
    for (let length = 0; length < header.length; length += 1) {
      assert.deepEqual(
        parseProxyHeader(header.subarray(0, length)),
        { kind: 'incomplete' },
        `${name} at ${length}`,
      );
    }
  }
});

test('anything else is malformed, as soon as it can be known', () => {
  const bad: readonly (readonly [string, Buffer])[] = [
    ['an MQTT CONNECT', Buffer.from('101000044d5154540402003c0004', 'hex')],
    ['a TLS record', Buffer.from('16', 'hex')],
    ['an HTTP request', Buffer.from('GET')],
    ['PUT, which begins with P', Buffer.from('PU')],
    ['lower case', v1('proxy TCP4 192.0.2.9 203.0.113.1 1 2')],
    ['v1 without addresses', v1('PROXY TCP4')],
    ['v1 with a field too many', v1('PROXY TCP4 192.0.2.9 203.0.113.1 1 2 3')],
    ['v1 with two spaces', v1('PROXY TCP4  192.0.2.9 203.0.113.1 1 2')],
    ['v1 with a trailing space', v1('PROXY TCP4 192.0.2.9 203.0.113.1 1 2 ')],
    ['v1 with a tab', v1('PROXY TCP4\t192.0.2.9 203.0.113.1 1 2')],
    ['v1 UDP4', v1('PROXY UDP4 192.0.2.9 203.0.113.1 1 2')],
    ['v1 family and address at odds', v1('PROXY TCP4 ::1 ::1 1 2')],
    ['v1 IPv4 as TCP6', v1('PROXY TCP6 192.0.2.9 203.0.113.1 1 2')],
    ['v1 zone', v1('PROXY TCP6 fe80::1%eth0 ::1 1 2')],
    ['v1 leading zero of an address', v1('PROXY TCP4 192.0.2.09 203.0.113.1 1 2')],
    ['v1 port too large', v1('PROXY TCP4 192.0.2.9 203.0.113.1 65536 2')],
    ['v1 destination port too large', v1('PROXY TCP4 192.0.2.9 203.0.113.1 1 65536')],
    ['v1 leading zero of a port', v1('PROXY TCP4 192.0.2.9 203.0.113.1 01 2')],
    ['v1 negative port', v1('PROXY TCP4 192.0.2.9 203.0.113.1 -1 2')],
    ['v1 hexadecimal port', v1('PROXY TCP4 192.0.2.9 203.0.113.1 0x1 2')],
    ['v1 empty port', v1('PROXY TCP4 192.0.2.9 203.0.113.1 1 ')],
    ['v1 bare LF', Buffer.from(`PROXY TCP4 192.0.2.9 203.0.113.1 1 2\n${' '.repeat(80)}`)],
    ['v1 NUL', v1('PROXY TCP4 192.0.2.9\0 203.0.113.1 1 2')],
    ['v1 107 bytes without CRLF', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`)],
    ['v1 CRLF behind 107 bytes', v1(`PROXY UNKNOWN ${'x'.repeat(92)}`)],
    ['v2 version 1', proxyV2(0x11, 0x11, ipv4Block)],
    ['v2 command 2', proxyV2(0x22, 0x11, ipv4Block)],
    ['v2 UDP over IPv4', proxyV2(0x21, 0x12, ipv4Block)],
    ['v2 UNIX', proxyV2(0x21, 0x31, Buffer.alloc(216))],
    ['v2 unknown family', proxyV2(0x21, 0x41, ipv4Block)],
    ['v2 block one byte short', proxyV2(0x21, 0x11, ipv4Block.subarray(1))],
    ['v2 IPv6 with the block of IPv4', proxyV2(0x21, 0x21, ipv4Block)],
    [
      'v2 declared longer than is read',
      proxyV2(0x21, 0x11, ipv4Block, Buffer.alloc(4096 - 16 - 11)).subarray(0, 16),
    ],
    ['v2 signature with one bit wrong', Buffer.from('0d0a0d0a000d0a515549540b', 'hex')],
  ];
  for (const [name, bytes] of bad) assert.equal(parseProxyHeader(bytes).kind, 'malformed', name);
});

test('no bytes make it throw, hold more than 4 KiB, or read past the header', () => {
  const beginnings = fc.constantFrom(
    '',
    '50524f585920',
    '50524f58592054435034',
    '0d0a0d0a000d0a515549540a',
    '0d0a0d0a000d0a515549540a2111',
  );
  const bytes = fc
    .tuple(beginnings, fc.uint8Array({ maxLength: 200 }))
    .map(([beginning, rest]) => Buffer.concat([Buffer.from(beginning, 'hex'), rest]));
  const property = fc.property(bytes, (input) => {
    const header = parseProxyHeader(input);
    if (header.kind === 'complete') {
      assert.ok(header.byteLength <= Math.min(input.length, 4096));
      assert.deepEqual(parseProxyHeader(input.subarray(0, header.byteLength)), header);
      assert.equal(parseProxyHeader(input.subarray(0, header.byteLength - 1)).kind, 'incomplete');
    } else if (header.kind === 'incomplete') {
      assert.ok(input.length < 4096);
    }
  });
  fc.assert(property, { seed: 9, numRuns: 2000 });
});
