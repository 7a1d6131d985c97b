import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { sharedBroker, startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { passwordHash } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';

/** A record with these fields; each may write its own topic, so that a publish tells which record matched. */
function record(name: string, authentication: Readonly<Record<string, unknown>>) {
  return {
    name,
    authentication: { kind: 'password', ...authentication },
    permissions: [{ access: 'write', topic: `matched/${name}` }],
  };
}

const shared = passwordHash('shared');

describe('basic (row T4)', () => {
  const broker = sharedBroker({
    security: {
      clients: [
        record('all-three', { client_id: 'id', username: 'user', password_hash: shared }),
        record('id-password', { client_id: 'id', password_hash: shared }),
        record('user-password', { username: 'user', password_hash: shared }),
        record('password-only', { password_hash: passwordHash('token-4711') }),
        record('id-only', { client_id: 'meter-1', passwordless: true }),
        record('user-only', { username: 'display', passwordless: true }),
        record('both-names', { client_id: 'meter-2', username: 'display-2', passwordless: true }),
        record('plain', { username: 'plain', password: 'pläin ☂' }),
        { ...record('off', { username: 'off', password_hash: shared }), enabled: false },
      ],
    },
  });

  interface Login {
    readonly clientId?: string;
    readonly username?: string;
    readonly password?: string;
  }

  const connect = (t: TestContext, login: Login) => connectMqttJs(t, broker().listener(), login);

  for (const [login, matched] of [
    [{ clientId: 'id', username: 'user', password: 'shared' }, 'all-three'],
    [{ clientId: 'id', username: 'somebody', password: 'shared' }, 'id-password'],
    [{ clientId: 'other', username: 'user', password: 'shared' }, 'user-password'],
    [{ clientId: 'any', username: 'any', password: 'token-4711' }, 'password-only'],
    [{ clientId: 'meter-1' }, 'id-only'],
    [{ clientId: 'meter-1', username: 'any' }, 'id-only'],
    [{ clientId: 'any', username: 'display' }, 'user-only'],
    [{ clientId: 'meter-2', username: 'display-2' }, 'both-names'],
    [{ clientId: 'any', username: 'plain', password: 'pläin ☂' }, 'plain'],
  ] as const satisfies readonly (readonly [Login, string])[]) {
    test(`${JSON.stringify(login)} is ${matched}`, async (t) => {
      const client = await connect(t, login);
      assert.equal(client.connackCode, 0);
      assert.equal(await client.publish(`matched/${matched}`, '', { qos: 1 }), 0);
      await broker().waitForLog('client_connected', (entry) => entry['client'] === matched);
    });
  }

  test('whoever brings less, more or something else is nobody', async (t) => {
    const attempts = [
      { clientId: 'id', username: 'user', password: 'wrong' },
      { clientId: 'id', username: 'user', password: '' },
      { clientId: 'id', username: 'user' },
      { clientId: 'id' },
      { clientId: 'other', username: 'other', password: 'shared' },
      { clientId: 'meter-2' },
      { clientId: 'any', username: 'display-2' },
      { clientId: 'any', username: 'display', password: '' },
      { clientId: 'any', username: 'Display' },
      { clientId: 'any', username: 'off', password: 'shared' },
    ] as const satisfies readonly Login[];
    const refused = attempts.map(async (login) => {
      assert.equal((await connect(t, login)).connackCode, 0x86, JSON.stringify(login));
    });
    await Promise.all(refused);
  });

  // MQTT.js cannot send a password without a username.
  for (const [login, matched] of [
    [{ clientId: 'id', password: 'shared' }, 'id-password'],
    [{ clientId: 'any', password: 'token-4711' }, 'password-only'],
    [{ clientId: 'meter-1' }, 'id-only'],
    [{ clientId: 'id', password: 'wrong' }, undefined],
    [{ clientId: 'meter-1', password: 'any' }, undefined],
    [{ clientId: 'meter-9' }, undefined],
  ] as const satisfies readonly (readonly [Login, string | undefined])[]) {
    const skip = needs(...mosquittoPrograms);
    test(`mosquitto_pub with ${JSON.stringify(login)} is ${matched ?? 'nobody'}`, { skip }, async () => {
      const connection = { ...broker().listener(), version: '5.0', ...login } as const;
      const publication = { topic: `matched/${matched ?? 'id-only'}`, payload: '1', qos: 1 } as const;
      const { connack, acknowledged } = await mosquittoPublish(connection, publication);
      assert.deepEqual([connack, acknowledged], matched === undefined ? [0x86, []] : [0, [0]]);
    });
  }
});

describe('the chain (row T3)', () => {
  const clients = [record('known', { username: 'known', password_hash: shared })];
  const login = { username: 'known', password: 'shared' };

  test('without a providers block there is basic; an empty order lets nobody in', async (t) => {
    const usual = await startBroker(t, { security: { clients } });
    assert.equal((await connectMqttJs(t, usual.listener(), login)).connackCode, 0);
    const empty = await startBroker(t, { security: { clients, providers: { order: [] } } });
    assert.equal((await connectMqttJs(t, empty.listener(), login)).connackCode, 0x86);
  });

  test('a listener is served by the providers that it names', async (t) => {
    const listeners = [
      { name: 'tcp', protocol: 'tcp', port: 0 },
      { name: 'none', protocol: 'tcp', port: 0, providers: [] },
      { name: 'basic', protocol: 'tcp', port: 0, providers: ['basic'] },
    ];
    const broker = await startBroker(t, { config: { listeners }, security: { clients } });
    for (const [listener, code] of [
      ['tcp', 0],
      ['none', 0x86],
      ['basic', 0],
    ] as const) {
      assert.equal((await connectMqttJs(t, broker.listener(listener), login)).connackCode, code, listener);
    }
  });

  test('an authentication method that no provider speaks is refused as such', async (t) => {
    const broker = await startBroker(t, { security: { clients } });
    const properties = {
      authenticationMethod: 'SCRAM-SHA-256',
      authenticationData: Buffer.from('n,,n=known,r=x'),
    };
    const client = await connectMqttJs(t, broker.listener(), { ...login, more: { properties } });
    assert.equal(client.connackCode, 0x8c);
  });

  test('kinds that have not come yet are refused at start', async (t) => {
    const scram = { name: 'meter', authentication: { kind: 'scram', username: 'meter', password: 'x' } };
    await assert.rejects(
      startBroker(t, { security: { clients: [scram] } }),
      /"scram": is not available in this version/,
    );
  });
});
