import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ControlPacket, ProtocolVersion } from '../../../src/codec/control-packet.ts';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { codecErrorOf, decodeFrame } from './support/decode-frame.ts';
import { corpus } from './support/packet-corpus.ts';

const none = { properties: {} };
const reason = { properties: { reasonString: 'why' } };

describe('bytes as the specification prints them', () => {
  const cases: { name: string; packet: ControlPacket; version: ProtocolVersion; hex: string }[] = [
    {
      name: 'CONNECT of 3.1',
      packet: {
        type: 'connect',
        protocolVersion: 3,
        bridge: false,
        cleanStart: true,
        keepAlive: 10,
        clientId: 'c',
        ...none,
      },
      version: 5,
      hex: '100f00064d51497364700302000a000163',
    },
    {
      name: 'CONNECT of a 3.1.1 bridge',
      packet: {
        type: 'connect',
        protocolVersion: 4,
        bridge: true,
        cleanStart: false,
        keepAlive: 0,
        clientId: '',
        ...none,
      },
      version: 4,
      hex: '100c00044d5154548400' + '0000' + '0000',
    },
    {
      name: 'CONNACK of 3.1 without Session Present',
      packet: { type: 'connack', sessionPresent: true, reasonCode: 0, ...none },
      version: 3,
      hex: '20020000',
    },
    {
      name: 'CONNACK of 3.1.1 without properties',
      packet: { type: 'connack', sessionPresent: true, reasonCode: 0, ...reason },
      version: 4,
      hex: '20020100',
    },
    {
      name: '[MQTT-2.2.2-1] CONNACK of 5.0 without properties',
      packet: { type: 'connack', sessionPresent: false, reasonCode: 0x87, ...none },
      version: 5,
      hex: '2003008700',
    },
    {
      name: 'PUBACK of 3.1.1 without its reason',
      packet: { type: 'puback', packetId: 1, reasonCode: 0x87, ...reason },
      version: 4,
      hex: '40020001',
    },
    {
      name: 'PUBREC of 5.0, success',
      packet: { type: 'pubrec', packetId: 1, reasonCode: 0, ...none },
      version: 5,
      hex: '50020001',
    },
    {
      name: 'PUBREC of 5.0 with a reason code alone',
      packet: { type: 'pubrec', packetId: 1, reasonCode: 0x87, ...none },
      version: 5,
      hex: '5003000187',
    },
    {
      name: '[MQTT-3.6.1-1] PUBREL of 5.0 with a reason string and code 0',
      packet: { type: 'pubrel', packetId: 1, reasonCode: 0, ...reason },
      version: 5,
      hex: '620a00010006' + '1f0003776879',
    },
    {
      name: 'UNSUBACK of 3.1.1 without codes',
      packet: { type: 'unsuback', packetId: 1, reasonCodes: [0x11], ...reason },
      version: 4,
      hex: 'b0020001',
    },
    {
      name: '[MQTT-3.8.1-1] SUBSCRIBE of 3.1.1 without options',
      packet: {
        type: 'subscribe',
        packetId: 1,
        subscriptions: [{ filter: 't', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 }],
        ...none,
      },
      version: 4,
      hex: '8206000100017401',
    },
    {
      name: '[MQTT-3.10.1-1] UNSUBSCRIBE of 3.1.1',
      packet: { type: 'unsubscribe', packetId: 1, filters: ['t'], ...none },
      version: 4,
      hex: 'a2050001000174',
    },
    {
      name: 'DISCONNECT of 5.0, normal',
      packet: { type: 'disconnect', reasonCode: 0, ...none },
      version: 5,
      hex: 'e000',
    },
    {
      name: 'DISCONNECT of 5.0',
      packet: { type: 'disconnect', reasonCode: 0x8e, ...none },
      version: 5,
      hex: 'e0018e',
    },
    {
      name: 'DISCONNECT of 3.1.1',
      packet: { type: 'disconnect', reasonCode: 4, ...none },
      version: 4,
      hex: 'e000',
    },
    { name: 'AUTH, success', packet: { type: 'auth', reasonCode: 0, ...none }, version: 5, hex: 'f000' },
    {
      name: 'AUTH',
      packet: { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'M' } },
      version: 5,
      hex: 'f0061804' + '1500014d',
    },
    { name: 'PINGRESP', packet: { type: 'pingresp' }, version: 4, hex: 'd000' },
  ];
  for (const { name, packet, version, hex } of cases) {
    test(name, () => assert.equal(encodePacket(packet, version).toString('hex'), hex));
  }
});

describe('what does not fit is refused', () => {
  const subscribe = { type: 'subscribe', packetId: 1, ...none } as const;
  const option = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const cases: { name: string; packet: ControlPacket }[] = [
    {
      name: 'a Packet Identifier of 65,536',
      packet: { type: 'puback', packetId: 65_536, reasonCode: 0, ...none },
    },
    {
      name: '[MQTT-1.5.4-1] a filter with a lone surrogate',
      packet: { ...subscribe, subscriptions: [{ filter: 'a\ud800', ...option }] },
    },
    {
      name: '[MQTT-1.5.4-2] a filter with U+0000',
      packet: { ...subscribe, subscriptions: [{ filter: 'a\0', ...option }] },
    },
    {
      name: '[MQTT-4.7.3-3] a filter of 65,536 bytes',
      packet: { ...subscribe, subscriptions: [{ filter: '\u00e9'.repeat(32_768), ...option }] },
    },
    {
      name: 'a Keep Alive of 65,536 s',
      packet: {
        type: 'connect',
        protocolVersion: 4,
        bridge: false,
        cleanStart: true,
        keepAlive: 65_536,
        clientId: '',
        ...none,
      },
    },
  ];
  for (const { name, packet } of cases) {
    test(name, () => assert.equal(codecErrorOf(() => encodePacket(packet, 5)).reasonCode, 0x81));
  }
});

test('a frame shares no memory with what is encoded after it', () => {
  const frames = corpus.map(({ packet, version }) => encodePacket(packet, version));
  for (const [index, { packet, version }] of corpus.entries()) {
    assert.deepEqual(decodeFrame(frames[index]!, version), packet);
  }
});

test('no text of the peer is in an error', () => {
  const secret = 'hunter2';
  const packet: ControlPacket = {
    type: 'connect',
    protocolVersion: 4,
    bridge: false,
    cleanStart: true,
    keepAlive: 0,
    clientId: `${secret}\0`,
    ...none,
  };
  assert.doesNotMatch(codecErrorOf(() => encodePacket(packet, 4)).message, /hunter2/);
});
