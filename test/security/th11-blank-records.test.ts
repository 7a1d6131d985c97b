import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BrokerStartError, startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { loginOf, passwordHash } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { connackCode } from './support/requests.ts';

const quickHash = passwordHash('x');
const record = (authentication: string): string =>
  `clients:\n  - name: device\n    authentication: { kind: password, ${authentication} }\n`;

/** A record that would let in somebody without a password stops the start; it never counts as "no password needed". */
const refused: Readonly<Record<string, string>> = {
  'no password': record('username: device'),
  'an empty password': record("username: device, password: ''"),
  'a password of YAML null': record('username: device, password:'),
  'an empty hash': record("username: device, password_hash: ''"),
  'a hash that is no hash': record('username: device, password_hash: secret'),
  'a hash of another kind': record('username: device, password_hash: "$2b$12$abcdefghijklmnopqrstuv"'),
  'a hash that is cut off': record(`username: device, password_hash: "${quickHash.slice(0, -30)}"`),
  'a hash without its salt': record('username: device, password_hash: "$argon2id$v=19$m=8,t=1,p=1$$"'),
  'a hash with a line break': record(`username: device, password_hash: "${quickHash}\\n${quickHash}"`),
  'a password and a hash': record(`username: device, password: x, password_hash: "${quickHash}"`),
  'passwordless without a name': record('passwordless: yes'),
  'passwordless with a password': record('username: device, password: x, passwordless: yes'),
  'an empty username': record("username: '', password: x"),
  'nothing at all': 'clients:\n  - name: device\n    authentication: { kind: password }\n',
  'no authentication': 'clients:\n  - name: device\n',
  'a missing secret file': record('username: device, password: "${file:not-there}"'),
  'an empty secret file': record('username: device, password: "${file:empty}"'),
  'a missing variable': record('username: device, password: "${env:NOT_THERE}"'),
  'text that is no YAML': 'clients: [',
};

describe('TH11 blank and malformed records', () => {
  for (const [what, security] of Object.entries(refused)) {
    test(`${what} stops the start`, async (t) => {
      const starting = startBroker(t, { security, files: { empty: '\n' } });
      await assert.rejects(starting, (error) => {
        assert.ok(error instanceof BrokerStartError);
        assert.equal(error.exitCode, 1);
        assert.equal(error.stdout, '', 'no listener was opened');
        assert.match(error.stderr, /security\.yaml/);
        return true;
      });
    });
  }

  for (const [what, options] of Object.entries({
    'no security file': {},
    'an empty security file': { security: '' },
    'a security file with empty lists': { security: 'clients: []\nroles: []\n' },
    'an empty provider order': {
      security: `${record(`username: device, password_hash: "${quickHash}"`)}providers: { order: [] }\n`,
    },
  })) {
    test(`${what} lets nobody in`, async (t) => {
      const broker = await startBroker(t, options);
      const attempts = [
        {},
        { clientId: '' },
        loginOf('device', 'x'),
        loginOf('device', ''),
        loginOf('', ''),
        { username: 'device' },
        { password: Buffer.from('x') },
        { password: Buffer.alloc(0) },
      ];
      for (const attempt of attempts) {
        assert.equal(await connackCode(broker.listener(), attempt), 0x86, JSON.stringify(attempt));
      }
      assert.equal(
        await connackCode(broker.listener(), { ...loginOf('device', 'x'), protocolVersion: 4 }),
        5,
      );
    });
  }

  test('mosquitto_pub is not let in without a password', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const security = record(`username: device, password_hash: "${quickHash}"`);
    const broker = await startBroker(t, { security });
    const { host, port } = broker.listener();
    for (const attempt of [{}, { username: 'device' }, { username: 'device', password: '' }]) {
      const { connack } = await mosquittoPublish({ host, port, ...attempt }, { topic: 'a', payload: 'b' });
      assert.equal(connack, 5);
    }
  });
});
