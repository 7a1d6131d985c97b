import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Connect, ProtocolVersion } from '../../../src/codec/control-packet.ts';
import { connectVersion } from '../../../src/codec/decode-connect.ts';
import { decodeFrame } from './support/decode-frame.ts';
import { packet, prefixed, shortProperties, uint16 } from './support/wire.ts';

// What the versions allow that looks like a fault.

const id = uint16(7);

/** CONNECT of 3.1 or 3.1.1. */
function connect(level: number, flags: number, ...payload: Buffer[]): Connect {
  const name = (level & 0x7f) === 3 ? 'MQIsdp' : 'MQTT';
  const frame = packet(0x10, prefixed(name), level, flags, uint16(60), ...payload);
  return decodeFrame(frame, 5) as Connect;
}

describe('CONNECT of 3.1', () => {
  test('user name and password may be missing although their flags are set', () => {
    const without = connect(3, 0xc2, prefixed('c'));
    assert.equal('username' in without, false);
    assert.equal('password' in without, false);
    const withName = connect(3, 0xc2, prefixed('c'), prefixed('u'));
    assert.equal(withName.username, 'u');
    assert.equal('password' in withName, false);
  });

  test('will QoS and will retain are disregarded without a will, and so is the reserved flag', () => {
    const decoded = connect(3, 0x3b, prefixed('c'));
    assert.equal('will' in decoded, false);
  });

  test('a client identifier above 23 characters is left to the broker, as is an empty one', () => {
    assert.equal(connect(3, 2, prefixed('x'.repeat(60))).clientId.length, 60);
    assert.equal(connect(3, 2, prefixed('')).clientId, '');
    assert.equal(connect(4, 0, prefixed('')).clientId, '');
  });
});

describe('CONNECT', () => {
  test('bit 0x80 of the level is a bridge in 3.1 and 3.1.1', () => {
    const levels: [number, ProtocolVersion, boolean][] = [
      [0x83, 3, true],
      [3, 3, false],
      [0x84, 4, true],
      [4, 4, false],
    ];
    for (const [level, version, bridge] of levels) {
      const decoded = connect(level, 2, prefixed('c'));
      assert.equal(decoded.protocolVersion, version);
      assert.equal(decoded.bridge, bridge);
    }
  });

  test('5.0 allows a password without user name', () => {
    const frame = packet(
      0x10,
      prefixed('MQTT'),
      5,
      0x42,
      uint16(0),
      shortProperties(),
      prefixed(''),
      prefixed('p'),
    );
    const decoded = decodeFrame(frame, 4) as Connect;
    assert.deepEqual(decoded.password, Buffer.from('p'));
    assert.equal('username' in decoded, false);
  });

  test('empty user name, password and will payload are there, not missing', () => {
    const decoded = connect(4, 0xc6, prefixed('c'), prefixed('w'), prefixed(''), prefixed(''), prefixed(''));
    assert.equal(decoded.username, '');
    assert.deepEqual(decoded.password, Buffer.alloc(0));
    assert.deepEqual(decoded.will?.payload, Buffer.alloc(0));
  });

  test('password and will payload own their memory', () => {
    const frame = packet(
      0x10,
      prefixed('MQTT'),
      4,
      0xc6,
      uint16(0),
      ...['c', 'w', 'bye', 'u', 'pw'].map(prefixed),
    );
    const decoded = decodeFrame(frame, 4) as Connect;
    frame.fill(0);
    assert.deepEqual(decoded.password, Buffer.from('pw'));
    assert.deepEqual(decoded.will?.payload, Buffer.from('bye'));
    assert.equal(decoded.password?.buffer.byteLength, 2);
  });

  test('the version of a CONNECT that is at fault further on can be told, for the form of the answer', () => {
    const bodies = [
      { body: Buffer.concat([prefixed('MQTT'), Buffer.from([5])]), version: 5 },
      { body: Buffer.concat([prefixed('MQIsdp'), Buffer.from([3, 0xff])]), version: 3 },
      { body: Buffer.concat([prefixed('MQTT'), Buffer.from([0x84])]), version: 4 },
      { body: Buffer.concat([prefixed('MQTT'), Buffer.from([6])]), version: undefined },
      { body: prefixed('MQTT'), version: undefined },
      { body: Buffer.alloc(0), version: undefined },
    ];
    for (const { body, version } of bodies) assert.equal(connectVersion(body, 0, body.length), version);
  });
});

describe('other packets of 3.1', () => {
  test('SUBSCRIBE, UNSUBSCRIBE and PUBREL may carry DUP', () => {
    const frames = [packet(0x8a, id, prefixed('t'), 1), packet(0xaa, id, prefixed('t')), packet(0x6a, id)];
    assert.deepEqual(
      frames.map((frame) => decodeFrame(frame, 3).type),
      ['subscribe', 'unsubscribe', 'pubrel'],
    );
  });

  test('CONNACK has no Session Present', () => {
    assert.deepEqual(decodeFrame(packet(0x20, 1, 0), 3), {
      type: 'connack',
      sessionPresent: false,
      reasonCode: 0,
      properties: {},
    });
  });
});

describe('short forms of 5.0', () => {
  const none = { properties: {} };
  const forms = [
    { frame: packet(0x40, id), decoded: { type: 'puback', packetId: 7, reasonCode: 0, ...none } },
    { frame: packet(0x50, id, 0x87), decoded: { type: 'pubrec', packetId: 7, reasonCode: 0x87, ...none } },
    { frame: packet(0x62, id, 0x92, 0), decoded: { type: 'pubrel', packetId: 7, reasonCode: 0x92, ...none } },
    { frame: packet(0xe0), decoded: { type: 'disconnect', reasonCode: 0, ...none } },
    { frame: packet(0xe0, 4), decoded: { type: 'disconnect', reasonCode: 4, ...none } },
    { frame: packet(0xe0, 4, 0), decoded: { type: 'disconnect', reasonCode: 4, ...none } },
    { frame: packet(0xf0), decoded: { type: 'auth', reasonCode: 0, ...none } },
  ];
  for (const { frame, decoded } of forms) {
    test(frame.toString('hex'), () => assert.deepEqual(decodeFrame(frame, 5), decoded));
  }
});

describe('left to the broker', () => {
  test('filters that are empty or misuse wildcards are decoded', () => {
    const frame = packet(0x82, id, shortProperties(), prefixed(''), 0, prefixed('a#/+b'), 1);
    const decoded = decodeFrame(frame, 5);
    assert.deepEqual(decoded.type === 'subscribe' && decoded.subscriptions.map(({ filter }) => filter), [
      '',
      'a#/+b',
    ]);
  });

  test('No Local on a topic that only resembles a shared one', () => {
    const frame = packet(0x82, id, shortProperties(), prefixed('$shared/t'), 4);
    assert.equal(decodeFrame(frame, 5).type, 'subscribe');
  });
});
