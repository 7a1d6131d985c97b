import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectParts } from '../support/attacking-client.ts';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import { loginOf, passwordClient, passwordHash, testPassword } from '../support/password-records.ts';
import { reload } from './support/reload.ts';
import { login, publicationOf, publish, subscribe, subscriptionTo } from './support/requests.ts';

const rights = [{ access: 'readWrite', topic: 'plant/#' }] as const;
const slowHash = passwordHash(testPassword, 'slow');
const slow = (more: Parameters<typeof passwordClient>[2] = {}) =>
  passwordClient('slow', rights, {
    ...more,
    authentication: { password_hash: slowHash, ...more.authentication },
  });
const observer = passwordClient('observer', [{ access: 'readWrite', topic: '#' }]);

/** One hash at a time, and slow ones: a CONNECT behind several of `slow` stays pending while the test acts. */
const config = { limits: { concurrent_password_hashes: 1 } };
const hashesAhead = 3;

/** Sends CONNECT as `slow` behind others; it waits for its verification when this returns. */
async function pendingConnect(broker: BrokerProcess, parts: ConnectParts = {}): Promise<AttackingClient> {
  const busy = await login(broker.listener(), 'observer', { clientId: 'busy' });
  for (let index = 0; index < hashesAhead; index++) {
    const ahead = await AttackingClient.open(broker.listener());
    ahead.send(connectWith({ ...loginOf('slow', 'wrong'), clientId: 'ahead' }));
  }
  const client = await AttackingClient.open(broker.listener(), { version: parts.protocolVersion ?? 5 });
  client.send(connectWith({ ...loginOf('slow'), clientId: 'pending', ...parts }));
  // Every round trip is a turn of the broker's event loop: by now it has accepted and read all of them.
  for (let turn = 0; turn < 4 * hashesAhead; turn++) await busy.settled();
  busy.destroy();
  return client;
}

/** Why the CONNECT of this client id was refused, as the operator reads it. */
async function refusalCause(broker: BrokerProcess, clientId = 'pending'): Promise<unknown> {
  return (await broker.waitForLog('connect_refused', ({ client_id: id }) => id === clientId))['cause'];
}

describe('TH28 what happens while an authentication is pending', () => {
  test('a client that a reload removes meanwhile is refused', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const client = await pendingConnect(broker);
    await reload(broker, { 'security.yaml': { clients: [observer] } });
    assert.equal((await client.nextOf('connack')).reasonCode, 0x86);
    await client.end();
    assert.equal(
      broker.logs().filter(({ client_id: id, event }) => id === 'pending' && event === 'client_connected')
        .length,
      0,
    );
  });

  test('a client that a reload disables meanwhile is refused, in 3.1.1 too', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const client = await pendingConnect(broker, { protocolVersion: 4 });
    await reload(broker, { 'security.yaml': { clients: [observer, slow({ enabled: false })] } });
    assert.equal((await client.nextOf('connack')).reasonCode, 5);
    assert.equal(await refusalCause(broker), 'disabled');
  });

  test('a password that a reload has made void neither takes over nor purges the session of its client', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const stale = await pendingConnect(broker, { clientId: 'mine', cleanStart: true });
    // From now on the client has no password, so that its CONNECT need not wait behind the stale one for a hash.
    const changed = slow({ authentication: { password_hash: undefined, passwordless: true } });
    await reload(broker, { 'security.yaml': { clients: [observer, changed] } });
    const keep = { clientId: 'mine', properties: { sessionExpiryInterval: 60 } };
    const owner = await AttackingClient.connected(broker.listener(), { username: 'slow', ...keep });
    await subscribe(owner, 'plant/#', 1);
    assert.equal((await stale.nextOf('connack')).reasonCode, 0x86);
    assert.equal(await refusalCause(broker, 'mine'), 'credential-changed');
    const writer = await login(broker.listener(), 'observer');
    await publish(writer, 'plant/x');
    assert.equal((await owner.nextOf('publish')).topic, 'plant/x');
  });

  test('rights that a reload takes away meanwhile are not there after CONNACK', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const client = await pendingConnect(broker);
    client.send(subscriptionTo('plant/#'), publicationOf('plant/x', { qos: 1 }));
    await reload(broker, { 'security.yaml': { clients: [observer, slow({ permissions: [] })] } });
    assert.equal((await client.nextOf('connack')).reasonCode, 0);
    assert.deepEqual((await client.nextOf('suback')).reasonCodes, [0x87]);
    assert.equal((await client.nextOf('puback')).reasonCode, 0x87);
  });

  test('a will whose right a reload takes away meanwhile refuses the CONNECT', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const will = {
      topic: 'plant/will',
      payload: Buffer.from('gone'),
      qos: 0,
      retain: false,
      properties: {},
    } as const;
    const client = await pendingConnect(broker, { will });
    await reload(broker, { 'security.yaml': { clients: [observer, slow({ permissions: [] })] } });
    assert.equal((await client.nextOf('connack')).reasonCode, 0x87);
  });

  test('a connection type that a reload takes away meanwhile refuses the CONNECT', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const client = await pendingConnect(broker);
    const noTcp = slow({ allowed_connection_types: ['MQTT_WS'] });
    await reload(broker, { 'security.yaml': { clients: [observer, noTcp] } });
    assert.equal((await client.nextOf('connack')).reasonCode, 0x87);
  });

  test('a connection type that a reload takes away from a connected client ends its connection', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const live = await login(broker.listener(), 'observer');
    const noTcp = { ...observer, allowed_connection_types: ['MQTT_WS'] };
    await reload(broker, { 'security.yaml': { clients: [noTcp, slow()] } });
    assert.equal((await live.nextOf('disconnect')).reasonCode, 0x87);
  });

  test('a socket closed meanwhile leaves nothing behind', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const watcher = await login(broker.listener(), 'observer');
    await subscribe(watcher, '#');
    const keep = { properties: { sessionExpiryInterval: 60 }, cleanStart: false };
    const will = {
      topic: 'plant/will',
      payload: Buffer.from('gone'),
      qos: 0,
      retain: true,
      properties: {},
    } as const;
    const closed = await pendingConnect(broker, { ...keep, will });
    closed.send(publicationOf('plant/x'), subscriptionTo('plant/#'));
    closed.destroy();
    // Its turn has come and gone when one that queued behind it is answered.
    const behind = await AttackingClient.open(broker.listener());
    behind.send(connectWith({ ...loginOf('slow'), ...keep, clientId: 'pending' }));
    const connack = await behind.nextOf('connack', 20_000);
    assert.deepEqual([connack.reasonCode, connack.sessionPresent], [0, false]);
    assert.deepEqual(await watcher.settled(), []);
    assert.equal(
      broker.logs().filter(({ client_id: id, event }) => id === 'pending' && event === 'client_connected')
        .length,
      1,
    );
  });

  test('packets behind CONNECT are handled after CONNACK, in order, and never before', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const watcher = await login(broker.listener(), 'observer');
    await subscribe(watcher, '#');
    const client = await pendingConnect(broker);
    client.send(subscriptionTo('plant/#'), publicationOf('plant/1', { qos: 1 }), publicationOf('plant/2'), {
      type: 'pingreq',
    });
    for (let round = 0; round < 5; round++) assert.deepEqual(await watcher.settled(), []);
    const types = [];
    for (let count = 0; count < 6; count++) types.push((await client.next(20_000)).type);
    assert.deepEqual([...types.slice(0, 2)], ['connack', 'suback']);
    assert.deepEqual([...types].sort(), ['connack', 'pingresp', 'puback', 'publish', 'publish', 'suback']);
    const topics = (await watcher.settled()).map((packet) => packet.type === 'publish' && packet.topic);
    assert.deepEqual(topics, ['plant/1', 'plant/2']);
  });

  for (const [what, packets] of [
    ['a second CONNECT', [connectWith({ ...loginOf('observer'), clientId: 'second' })]],
    ['AUTH', [{ type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'x' } }]],
  ] as const) {
    test(`${what} behind a pending CONNECT ends the connection after CONNACK`, async (t) => {
      const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
      const client = await pendingConnect(broker);
      client.send(...packets);
      assert.equal((await client.nextOf('connack', 20_000)).reasonCode, 0);
      assert.equal((await client.nextOf('disconnect')).reasonCode, 0x82);
      assert.equal((await client.end()).packets.length, 0);
    });
  }

  test('packets behind a CONNECT that is refused are never handled', async (t) => {
    const broker = await startBroker(t, { config, security: { clients: [observer, slow()] } });
    const watcher = await login(broker.listener(), 'observer');
    await subscribe(watcher, '#');
    const client = await AttackingClient.open(broker.listener());
    client.send(
      connectWith({ ...loginOf('observer', 'wrong'), clientId: 'x' }),
      publicationOf('plant/x', { qos: 1 }),
      connectWith({ ...loginOf('observer'), clientId: 'x' }),
      publicationOf('plant/y', { qos: 1 }),
    );
    assert.equal((await client.nextOf('connack')).reasonCode, 0x86);
    assert.deepEqual((await client.end()).packets, []);
    assert.deepEqual(await watcher.settled(), []);
  });
});
