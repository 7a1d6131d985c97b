import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import { BrokerStartError, startBroker } from '../support/broker-process.ts';
import { loginOf, passwordClient, passwordHash } from '../support/password-records.ts';
import { repositoryRoot } from '../support/repository.ts';
import { runProgram } from '../support/run-program.ts';
import { reload } from './support/reload.ts';
import { connackCode, login, publicationOf, publish, subscribe } from './support/requests.ts';

/** Texts that may not come out of the broker again. */
const secrets = {
  plain: 'plain-secret-51d7',
  changed: 'changed-secret-8e02',
  hashed: 'hashed-secret-0c44',
  sent: 'sent-secret-77ab',
  payload: 'payload-secret-93f1',
  property: 'property-secret-2b60',
  file: 'file-secret-ff09',
  variable: 'variable-secret-6d3e',
};
const hash = passwordHash(secrets.hashed);

function assertNoSecret(text: string, where: string): void {
  for (const [name, secret] of Object.entries({ ...secrets, hash: hash.slice(-20) })) {
    assert.ok(!text.includes(secret), `${where} contains the ${name} secret`);
    const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
    assert.ok(!text.includes(base64.slice(0, -1)), `${where} contains the ${name} secret in base64`);
  }
}

const rights = [{ access: 'readWrite', topic: 'plant/#' }] as const;
const security = (password: string) => ({
  clients: [
    passwordClient('plain', rights, { authentication: { password_hash: undefined, password } }),
    passwordClient('hashed', rights, { authentication: { password_hash: hash } }),
    passwordClient('file', rights, {
      authentication: { password_hash: undefined, password: '${file:secret.txt}' },
    }),
    passwordClient('variable', rights, {
      authentication: { password_hash: undefined, password: '${env:DEVICE_SECRET}' },
    }),
    passwordClient('off', rights, { enabled: false, authentication: { password_hash: hash } }),
  ],
});

describe('TH15 secrets', () => {
  test('no secret comes out at any event of a whole run', async (t) => {
    const broker = await startBroker(t, {
      config: {
        mqtt: { receive_maximum: 2 },
        limits: { subscriptions_per_session: 2, retained_messages: 30 },
      },
      security: security(secrets.plain),
      files: { 'secret.txt': `${secrets.file}\n` },
      env: { DEVICE_SECRET: secrets.variable },
    });
    const listener = broker.listener();
    const payload = Buffer.from(secrets.payload);
    const properties = { userProperties: [['k', secrets.property] as const] };

    for (const [name, password] of [
      ['plain', secrets.plain],
      ['hashed', secrets.hashed],
      ['file', secrets.file],
      ['variable', secrets.variable],
    ] as const) {
      const code = await connackCode(listener, { ...loginOf(name, password), clientId: name });
      assert.equal(code, 0, name);
    }
    for (const attempt of [
      loginOf('plain', secrets.sent),
      loginOf('nobody', secrets.sent),
      loginOf('off', secrets.hashed),
      { password: Buffer.from(secrets.sent) },
      {
        ...loginOf('plain', secrets.sent),
        properties: { authenticationMethod: 'X', authenticationData: Buffer.from(secrets.sent) },
      },
      {
        ...loginOf('plain', secrets.plain),
        will: { topic: 'denied', payload, qos: 0 as const, retain: false, properties },
      },
    ]) {
      assert.notEqual(await connackCode(listener, { clientId: 'x', ...attempt }), 0);
    }
    const client = await login(listener, 'plain', {
      ...loginOf('plain', secrets.plain),
      will: { topic: 'plant/will', payload, qos: 1, retain: true, properties },
    });
    await publish(client, 'plant/x', { payload, properties, retain: true });
    await publish(client, 'denied', { payload, properties });
    const filters = ['plant/#', 'denied', 'plant/x', 'plant/too-many'];
    assert.deepEqual(await subscribe(client, filters, 1), [1, 0x87, 1, 0x97]);
    // Malformed packets with secrets in them: one behind CONNECT, one as CONNECT.
    client.send(publicationOf('plant/#', { payload, properties }));
    await client.end();
    const malformed = await AttackingClient.connected(listener, loginOf('plain', secrets.plain));
    malformed.sendBytes(Buffer.concat([Buffer.from([0x82, secrets.sent.length]), Buffer.from(secrets.sent)]));
    await malformed.end();
    const garbage = await AttackingClient.open(listener);
    garbage.sendBytes(Buffer.from(`${secrets.sent}${secrets.sent}`));
    await garbage.end();

    const live = await login(listener, 'plain', loginOf('plain', secrets.plain));
    await reload(broker, { 'security.yaml': security(secrets.changed) });
    await live.end();
    for (const text of [
      `clients:\n  - name: a\n    authentication: { kind: password, username: a, password: ${secrets.sent}, password_hash: ${secrets.sent} }\n`,
      `clients:\n  - name: a\n    authentication: { kind: password, username: a, password: [${secrets.sent}] }\n`,
      `clients:\n  - name: a\n    authentication: { kind: password, username: a, passwort: ${secrets.sent} }\n`,
      `clients:\n  - name: a\n    authentication: { kind: password, username: a, password: "${secrets.sent} }\n`,
      `clients: ${secrets.sent}: ${secrets.sent}\n`,
    ]) {
      await reload(broker, { 'security.yaml': text }, 'configuration_rejected');
    }
    await broker.stop();
    assertNoSecret(broker.outputText(), 'the output');
    const seen = new Set(broker.logs().map(({ event }) => event));
    for (const event of [
      'connect_refused',
      'client_connected',
      'client_disconnected',
      'protocol_violation',
      'publish_denied',
      'subscribe_denied',
      'limit_reached',
      'access_revoked',
      'configuration_rejected',
      'broker_stopped',
    ]) {
      assert.ok(seen.has(event), `the run had no event ${event}`);
    }
  });

  test('nor does it when the start fails, or config check says what is wrong', async (t) => {
    const wrong = `clients:\n  - name: a\n    authentication: { kind: password, username: a, password: ${secrets.sent}, client_Id: ${secrets.sent} }\n`;
    await assert.rejects(startBroker(t, { security: wrong }), (error) => {
      assert.ok(error instanceof BrokerStartError);
      assertNoSecret(error.stdout + error.stderr, 'what start says');
      return true;
    });
    const broker = await startBroker(t, { security: '' });
    const args = [join(repositoryRoot, 'dist', 'main.js'), 'config', 'check', '--config', broker.configFile];
    await reload(broker, { 'security.yaml': wrong }, 'configuration_rejected');
    const checked = await runProgram(process.execPath, args);
    assert.equal(checked.exitCode, 1);
    assertNoSecret(checked.stdout + checked.stderr, 'what config check says');
  });

  test('no secret is a file in the data folder', async (t) => {
    const broker = await startBroker(t, {
      security: security(secrets.plain),
      files: { 'secret.txt': secrets.file },
      env: { DEVICE_SECRET: secrets.variable },
    });
    assert.equal(await connackCode(broker.listener(), loginOf('plain', secrets.plain)), 0);
    await broker.stop();
    const folder = join(broker.directory, 'data');
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
    for (const file of files.filter((entry) => entry.isFile())) {
      const path = join(file.parentPath, file.name);
      assertNoSecret(readFileSync(path, 'latin1'), path);
    }
  });
});

describe('TH15 default accounts', () => {
  const usual = ['admin', 'root', 'guest', 'mqtt', 'user', 'test', 'public', 'portcullis', 'tbmq', 'nats'];

  test('a fresh broker without any configuration lets nobody in', async (t) => {
    const config = 'listeners: [{ name: tcp, protocol: tcp, port: 0 }]\n';
    const broker = await startBroker(t, { config });
    for (const name of usual) {
      for (const password of [name, 'public', 'password', '', '123456']) {
        const attempt = await AttackingClient.open(broker.listener());
        attempt.send(connectWith({ ...loginOf(name, password), clientId: name }));
        assert.equal((await attempt.nextOf('connack')).reasonCode, 0x86, `${name} ${password}`);
        attempt.destroy();
      }
    }
    assert.equal(await connackCode(broker.listener(), {}), 0x86);
  });
});
