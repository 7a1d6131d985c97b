import assert from 'node:assert/strict';
import type { ControlPacket } from '../../src/codec/control-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';
import { publishPacket } from '../support/scripted-client.ts';
import { packet, prefixed, uint16 } from '../unit/codec/support/wire.ts';

const versions = [3, 4] as const;

/** A CONNECT with these flags and this payload. */
function connectWith(version: 3 | 4, flags: number, ...payload: readonly (string | Buffer)[]): Buffer {
  const name = prefixed(version === 3 ? 'MQIsdp' : 'MQTT');
  const header = Buffer.concat([name, Buffer.from([version, flags]), uint16(0)]);
  return packet(0x10, header, ...payload.map((field) => prefixed(field)));
}

const CLEAN = 0x02;
const WILL = 0x04;
const PASSWORD = 0x40;
const USER_NAME = 0x80;

const firstPackets: readonly ControlPacket[] = [
  { type: 'pingreq' },
  publishPacket('a', 'payload', { retain: true }),
  { type: 'disconnect', reasonCode: 0, properties: {} },
  { type: 'pubrel', packetId: 1, reasonCode: 0, properties: {} },
  { type: 'unsubscribe', packetId: 1, filters: ['a'], properties: {} },
];

/** What does not fit: the flags, the payload, and what is wrong. No return code says so. */
const misfits: readonly (readonly [string, number, ...string[]])[] = [
  ['[3.1.1:MQTT-3.1.2-9] the will missing', CLEAN | WILL, 'c'],
  ['[3.1.1:MQTT-3.1.2-9] the Will Message missing', CLEAN | WILL, 'c', 'w'],
  ['[3.1.1:MQTT-3.1.2-11] a will without its flag', CLEAN, 'c', 'w', 'gone'],
  ['[3.1.1:MQTT-3.1.2-18] a user name without its flag', CLEAN, 'c', 'user'],
  ['[3.1.1:MQTT-3.1.2-20] a password without its flag', CLEAN | USER_NAME, 'c', 'user', 'password'],
  ['[3.1.1:MQTT-3.1.3-3] the Client Identifier missing', CLEAN],
];

/** As above, and of 3.1.1 alone: 3.1 does not have these rules, or lets the fields be missing. */
const misfitsOf4: readonly (readonly [string, number, ...string[]])[] = [
  ['[3.1.1:MQTT-3.1.2-11] Will QoS 1 without Will Flag', CLEAN | 0x08, 'c'],
  ['[3.1.1:MQTT-3.1.2-11] Will QoS 2 without Will Flag', CLEAN | 0x10, 'c'],
  ['[3.1.1:MQTT-3.1.2-11] [3.1.1:MQTT-3.1.2-15] Will Retain without Will Flag', CLEAN | 0x20, 'c'],
  ['the user name missing', CLEAN | USER_NAME, 'c'],
  ['[3.1.1:MQTT-3.1.2-21] the password missing', CLEAN | USER_NAME | PASSWORD, 'c', 'user'],
];

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const clientIds = [
  'a',
  'Z',
  '0',
  '0123456789',
  letters.slice(0, 23),
  letters.slice(23, 46),
  letters.slice(46),
];

forEachStore('3.1 CONNECT of 3.1.1', (brokerTest) => {
  for (const version of versions) {
    for (const first of firstPackets) {
      brokerTest(
        `[3.1.1:MQTT-3.1.0-1] ${first.type} as first packet ends the connection, version ${version}`,
        async (broker) => {
          const client = await broker.open(version);
          client.send(first);
          client.sendRaw(connectWith(version, CLEAN, 'c'));
          await client.expectClosed();
          const other = await broker.connect({ protocolVersion: version });
          await other.subscribe('a');
          await other.ping();
        },
      );
    }

    brokerTest(
      `[3.1.1:MQTT-3.1.2-1] another protocol name ends the connection, version ${version}`,
      async (broker) => {
        for (const name of ['MQTX', 'mqtt', 'MQTTT', 'MQ', 'HTTP', '']) {
          const client = await broker.open(version);
          const rest = Buffer.concat([Buffer.from([version, CLEAN]), uint16(0), prefixed('c')]);
          client.sendRaw(Buffer.concat([packet(0x10, prefixed(name), rest), packet(0xc0)]));
          await client.expectClosed();
        }
      },
    );

    for (const [fault, flags, ...payload] of misfits) {
      brokerTest(
        `[3.1.1:MQTT-3.1.4-1] [3.1.1:MQTT-3.2.2-6] ${fault}: closed without CONNACK, version ${version}`,
        async (broker) => {
          const client = await broker.open(version);
          client.sendRaw(connectWith(version, flags, ...payload));
          await client.expectClosed();
        },
      );
    }

    brokerTest(
      `[3.1.1:MQTT-3.1.3-5] Client Identifiers of digits and letters are let in, version ${version}`,
      async (broker) => {
        for (const clientId of clientIds) {
          const client = await broker.connect({ protocolVersion: version, clientId });
          await client.ping();
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.3-9] [3.1.1:MQTT-3.2.2-4] a refused Client Identifier: return code 2 and closed, version ${version}`,
      async (broker) => {
        const client = await broker.open(version, '');
        const { reasonCode, sessionPresent } = await client.connect({ cleanStart: false });
        assert.deepEqual([reasonCode, sessionPresent], [2, false]);
        await client.expectClosed();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.3-1] [3.1.1:MQTT-3.1.3-3] the fields of the payload have their order, version ${version}`,
      {
        security: {
          clients: [passwordClient('user', [{ access: 'readWrite', topic: '#' }])],
        },
      },
      async (broker) => {
        const witness = await broker.connect({ protocolVersion: version });
        await witness.subscribe('will-topic', { qos: 1 });
        const client = await broker.open(version, 'identifier');
        client.sendRaw(
          connectWith(
            version,
            CLEAN | WILL | USER_NAME | PASSWORD,
            'identifier',
            'will-topic',
            'will-message',
            'user',
            testPassword,
          ),
        );
        assert.equal((await client.expect('connack')).reasonCode, 0);
        assert.equal(broker.logged('client_connected', { client_id: 'identifier' }).length, 1);
        await broker.drop(client);
        await witness.receive({ topic: 'will-topic', payload: 'will-message' });
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.2-18] [3.1.1:MQTT-3.1.2-20] without its flag nothing is read as a user name or password, version ${version}`,
      {
        security: {
          clients: [passwordClient('user', [{ access: 'readWrite', topic: '#' }])],
        },
      },
      async (broker) => {
        const nameless = await broker.open(version);
        nameless.sendRaw(connectWith(version, CLEAN, 'c1'));
        assert.equal((await nameless.expect('connack')).reasonCode, 0);
        const withoutPassword = await broker.open(version);
        withoutPassword.sendRaw(connectWith(version, CLEAN | USER_NAME, 'c2', 'user'));
        assert.equal((await withoutPassword.expect('connack')).reasonCode, 5);
        for (const [flags, ...fields] of [
          [CLEAN, 'c3', 'user', testPassword],
          [CLEAN | USER_NAME, 'c4', 'user', testPassword],
        ] as const) {
          const client = await broker.open(version);
          client.sendRaw(connectWith(version, flags, ...fields));
          await client.expectClosed();
        }
      },
    );
  }

  for (const [fault, flags, ...payload] of misfitsOf4) {
    brokerTest(
      `[3.1.1:MQTT-3.1.4-1] [3.1.1:MQTT-3.2.2-6] ${fault}: closed without CONNACK, version 4`,
      async (broker) => {
        const client = await broker.open(4);
        client.sendRaw(connectWith(4, flags, ...payload));
        await client.expectClosed();
      },
    );
  }

  brokerTest(
    '[3.1.1:MQTT-3.2.2-6] a Will Topic with a wildcard has no return code: closed without CONNACK, 3.x',
    async (broker) => {
      for (const version of versions) {
        const client = await broker.open(version);
        client.sendRaw(connectWith(version, CLEAN | WILL, 'c', 'a/+', 'gone'));
        await client.expectClosed();
      }
    },
  );

  for (const level of [0, 1, 2, 3, 6, 127]) {
    brokerTest(
      `[3.1.1:MQTT-3.1.2-2] level ${level}: return code 1, Session Present 0, and closed`,
      async (broker) => {
        const client = await broker.open(4);
        const rest = Buffer.concat([Buffer.from([level, CLEAN]), uint16(0), prefixed('c')]);
        client.sendRaw(Buffer.concat([packet(0x10, prefixed('MQTT'), rest), packet(0xc0)]));
        const { reasonCode, sessionPresent } = await client.expect('connack');
        assert.deepEqual([reasonCode, sessionPresent], [1, false]);
        await client.expectClosed();
      },
    );
  }
});
