import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AttackingClient } from '../support/attacking-client.ts';
import { baseConfiguration, startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { passwordClient, passwordHash, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { reload } from './support/reload.ts';
import { login, publish, subscribe } from './support/requests.ts';

const byClientId = [{ access: 'readWrite', topic: 'ids/${clientId}/#' }] as const;
const byUsername = [{ access: 'readWrite', topic: 'names/${username}/#' }] as const;
const password_hash = passwordHash(testPassword);
const keyed = { username: undefined, password_hash };
const security = {
  clients: [
    passwordClient('free', [...byClientId, ...byUsername]),
    passwordClient('bound', byClientId, { authentication: { client_id: 'its-own' } }),
    // Knows its client by password, or by client id and password, so that a username is only said, never proven.
    passwordClient('id-only', [...byClientId, ...byUsername], {
      authentication: { ...keyed, client_id: 'by-id' },
    }),
    passwordClient('fenced', [
      { access: 'readWrite', topic: 'all/#' },
      { effect: 'deny', access: 'readWrite', topic: 'all/${clientId}/#' },
    ]),
  ],
  roles: [{ name: 'guest', permissions: [...byClientId, ...byUsername] }],
};

/** Row A1: a name that the client merely sends fills no template. */
describe('TH27 names that a client chooses', () => {
  test('${clientId} is not bound by what a client sends', async (t) => {
    const broker = await startBroker(t, { security });
    const client = await login(broker.listener(), 'free', { clientId: 'victim' });
    assert.deepEqual(await subscribe(client, ['ids/victim/#', 'ids/#', 'ids/+/x']), [0x87, 0x87, 0x87]);
    assert.equal(await publish(client, 'ids/victim/x'), 0x87);
    assert.equal(await publish(client, 'names/free/x'), 0);
  });

  test('it is when the credential names it, and not for another client id', async (t) => {
    const broker = await startBroker(t, { security });
    const client = await login(broker.listener(), 'bound', { clientId: 'its-own' });
    assert.equal(await publish(client, 'ids/its-own/x'), 0);
    assert.equal(await publish(client, 'ids/other/x'), 0x87);
    await assert.rejects(login(broker.listener(), 'bound', { clientId: 'other' }), /0x86/);
  });

  test('a username that the credential does not hold is not a proven one', async (t) => {
    const broker = await startBroker(t, { security });
    const client = await AttackingClient.connected(broker.listener(), {
      clientId: 'by-id',
      username: 'victim',
      password: Buffer.from(testPassword),
    });
    assert.equal(await publish(client, 'names/victim/x'), 0x87);
    assert.equal(await publish(client, 'ids/by-id/x'), 0);
  });

  test('an anonymous client has neither, whatever it sends', async (t) => {
    const config = { anonymous: { roles: ['guest'], ignore_credentials: true } };
    const broker = await startBroker(t, { security, config });
    const client = await AttackingClient.connected(broker.listener(), {
      clientId: 'victim',
      username: 'victim',
      password: Buffer.from('x'),
    });
    assert.equal(await publish(client, 'names/victim/x'), 0x87);
    assert.equal(await publish(client, 'ids/victim/x'), 0x87);
  });

  test('an id that the broker assigned is trusted no more than another', async (t) => {
    const broker = await startBroker(t, { security });
    const assigned = await login(broker.listener(), 'free', { clientId: '' });
    assert.deepEqual(await subscribe(assigned, 'ids/+/x'), [0x87]);
  });

  test('in a deny an unbound variable covers every value', async (t) => {
    const broker = await startBroker(t, { security });
    const client = await login(broker.listener(), 'fenced', { clientId: 'x' });
    assert.equal(await publish(client, 'all/anything/y'), 0x87);
    assert.equal(await publish(client, 'all/x/y'), 0x87);
    assert.equal(await publish(client, 'all'), 0);
  });

  test('trust_client_id binds it, and a reload that turns it off takes it back at once', async (t) => {
    const trusting = (trust: boolean) => ({ policy: { trust_client_id: trust } });
    const broker = await startBroker(t, { security, config: trusting(true) });
    const client = await login(broker.listener(), 'free', { clientId: 'mine' });
    assert.deepEqual(await subscribe(client, 'ids/mine/#'), [0]);
    assert.equal(await publish(client, 'ids/mine/x'), 0);
    assert.equal(await publish(client, 'ids/other/x'), 0x87);
    await client.settled();
    const config = { ...baseConfiguration, security_file: 'security.yaml', ...trusting(false) };
    await reload(broker, { 'portcullis.yaml': config });
    assert.equal(await publish(client, 'ids/mine/x'), 0x87);
    await broker.waitForLog('subscription_suspended', ({ filter }) => filter === 'ids/mine/#');
  });

  test('mosquitto_pub with the client id of another writes nothing of it', {
    skip: needs(...mosquittoPrograms),
  }, async (t) => {
    const broker = await startBroker(t, { security });
    const { host, port } = broker.listener();
    const connection = { host, port, version: '5.0', clientId: 'victim' } as const;
    const { acknowledged } = await mosquittoPublish(
      { ...connection, username: 'free', password: testPassword },
      { topic: 'ids/victim/x', payload: '1', qos: 1 },
    );
    assert.deepEqual(acknowledged, [0x87]);
  });
});
