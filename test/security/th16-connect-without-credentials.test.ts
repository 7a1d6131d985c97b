import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { loginOf, passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { connackCode } from './support/requests.ts';

/** A CONNECT that lacks what a provider looks at is refused like any other, and crashes nothing. */
const attempts = {
  'no username and no password': {},
  'no client id either': { clientId: '' },
  'a username alone': { username: 'device' },
  'an unknown username alone': { username: 'nobody' },
  'an empty username alone': { username: '' },
  'a password alone': { password: Buffer.from('x') },
  'an empty password alone': { password: Buffer.alloc(0) },
  'an empty username and an empty password': { username: '', password: Buffer.alloc(0) },
  'a password of bytes that are no text': {
    username: 'device',
    password: Buffer.from([0xff, 0xfe, 0, 0x80]),
  },
  'the longest username and password': {
    username: 'u'.repeat(65_000),
    password: Buffer.alloc(60_000, 'p'),
  },
  'a username like a property of objects': { username: '__proto__', password: Buffer.from('x') },
  'another one': { username: 'constructor', clientId: 'toString', password: Buffer.from('x') },
} as const;

describe('TH16 a CONNECT without credentials', () => {
  const broker = sharedBroker({
    security: {
      clients: [
        passwordClient('device'),
        passwordClient('without', [], { authentication: { password_hash: undefined, passwordless: true } }),
      ],
    },
  });

  for (const [what, parts] of Object.entries(attempts)) {
    test(`${what} is refused`, async () => {
      assert.equal(await connackCode(broker().listener(), parts), 0x86);
      const { username, password, clientId } = {
        username: undefined,
        password: undefined,
        clientId: 'c',
        ...parts,
      };
      if (clientId === '' || (password !== undefined && username === undefined)) return;
      for (const protocolVersion of [3, 4] as const) {
        assert.equal(await connackCode(broker().listener(), { ...parts, protocolVersion }), 5);
      }
    });
  }

  test('an Authentication Method that nobody speaks is refused with 0x8C, with and without data', async () => {
    for (const properties of [
      { authenticationMethod: 'SCRAM-SHA-256' },
      { authenticationMethod: '' },
      { authenticationMethod: 'X', authenticationData: Buffer.alloc(1000) },
    ]) {
      const code = await connackCode(broker().listener(), { ...loginOf('device'), properties });
      assert.equal(code, 0x8c);
    }
  });

  test('mosquitto_pub without credentials is refused', { skip: needs(...mosquittoPrograms) }, async () => {
    const { host, port } = broker().listener();
    for (const [version, code] of [
      ['3.1.1', 5],
      ['5.0', 0x86],
    ] as const) {
      const { connack } = await mosquittoPublish({ host, port, version }, { topic: 'a', payload: 'b' });
      assert.equal(connack, code);
    }
  });

  test('afterwards the broker lets in who may come, and has met no error of its own', async () => {
    assert.equal(await connackCode(broker().listener(), loginOf('device')), 0);
    assert.equal(await connackCode(broker().listener(), { username: 'without' }), 0);
    assert.deepEqual(
      broker()
        .logs()
        .filter(({ event }) => event === 'internal_error'),
      [],
    );
  });
});
