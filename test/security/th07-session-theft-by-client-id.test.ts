import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { loginOf, passwordClient, passwordHash, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { connackCode, login, publicationOf, publish, subscribe } from './support/requests.ts';

const rights = [{ access: 'readWrite', topic: 'plant/#' }] as const;

/** Row A8: a session, live or stored, belongs to the identity that made it, and nothing happens to it before the proof. */
describe('TH07 session theft by client id', () => {
  const broker = sharedBroker({
    config: { anonymous: { roles: ['guest'] } },
    security: {
      clients: [
        passwordClient('owner', rights),
        passwordClient('thief', rights),
        passwordClient('slow', rights, {
          authentication: { password_hash: passwordHash(testPassword, 'slow') },
        }),
      ],
      roles: [{ name: 'guest', permissions: rights }],
    },
  });

  for (const [name, parts] of [
    ['with credentials of its own', loginOf('thief')],
    ['with Clean Start', { ...loginOf('thief'), cleanStart: true }],
    ['as an anonymous client', {}],
  ] as const) {
    for (const [protocolVersion, code] of [
      [5, 0x85],
      [4, 2],
      [3, 2],
    ] as const) {
      test(`another principal ${name} is refused a live session (level ${protocolVersion})`, async () => {
        const owner = await login(broker().listener(), 'owner', { clientId: 'live' });
        await subscribe(owner, 'plant/#');
        const attempt = { cleanStart: false, ...parts, clientId: 'live', protocolVersion };
        assert.equal(await connackCode(broker().listener(), attempt), code);
        owner.send(publicationOf('plant/x'));
        const [message] = await owner.settled();
        assert.equal(message?.type === 'publish' && message.topic, 'plant/x');
        owner.send({ type: 'disconnect', reasonCode: 0, properties: {} });
        await owner.end();
      });
    }
  }

  test('a stored session and its queue are neither read nor purged by another principal', async () => {
    const keep = { clientId: 'stored', properties: { sessionExpiryInterval: 60 } };
    const before = await login(broker().listener(), 'owner', keep);
    await subscribe(before, 'plant/#', 1);
    before.destroy();
    await broker().waitForLog('client_disconnected', ({ client_id: id }) => id === 'stored');
    const writer = await login(broker().listener(), 'thief', { clientId: 'writer' });
    await publish(writer, 'plant/queued');
    for (const cleanStart of [true, false]) {
      const attempt = { ...loginOf('thief'), ...keep, cleanStart };
      assert.equal(await connackCode(broker().listener(), attempt), 0x85);
    }
    const after = await AttackingClient.open(broker().listener());
    after.send(connectWith({ ...loginOf('owner'), ...keep, cleanStart: false }));
    assert.equal((await after.nextOf('connack')).sessionPresent, true);
    assert.equal((await after.nextOf('publish')).topic, 'plant/queued');
    after.destroy();
    writer.destroy();
  });

  test('wrong passwords, unknown names and a pending authentication leave a live session alone', async () => {
    const owner = await login(broker().listener(), 'owner', { clientId: 'untouched' });
    await subscribe(owner, 'plant/#');
    for (const attempt of [loginOf('owner', 'wrong'), loginOf('nobody')]) {
      assert.equal(await connackCode(broker().listener(), { ...attempt, clientId: 'untouched' }), 0x86);
    }
    // The slow hash is still being computed when the owner's own round trips are over.
    const pending = await AttackingClient.open(broker().listener());
    pending.send(connectWith({ ...loginOf('slow'), clientId: 'untouched' }));
    for (let round = 0; round < 5; round++) assert.equal(await publish(owner, 'plant/x'), 0);
    assert.equal((await pending.nextOf('connack')).reasonCode, 0x85);
    assert.equal((await owner.settled()).length, 0);
    assert.equal(
      broker()
        .logs()
        .filter(({ event }) => event === 'session_taken_over').length,
      0,
    );
    owner.destroy();
  });

  test('its own principal takes it over, and the old connection is told', async () => {
    const old = await login(broker().listener(), 'owner', { clientId: 'mine' });
    const now = await login(broker().listener(), 'owner', { clientId: 'mine' });
    const { packets } = await old.end();
    assert.deepEqual(
      packets.map((packet) => packet.type === 'disconnect' && packet.reasonCode),
      [0x8e],
    );
    now.destroy();
  });

  test('mosquitto_pub with the client id of another is refused', {
    skip: needs(...mosquittoPrograms),
  }, async () => {
    const owner = await login(broker().listener(), 'owner', { clientId: 'shared-id' });
    const { host, port } = broker().listener();
    for (const [version, code] of [
      ['5.0', 0x85],
      ['3.1.1', 2],
    ] as const) {
      const { connack } = await mosquittoPublish(
        { host, port, version, clientId: 'shared-id', username: 'thief', password: testPassword },
        { topic: 'plant/x', payload: 'stolen' },
      );
      assert.equal(connack, code);
    }
    assert.deepEqual(await owner.settled(), []);
    owner.destroy();
  });
});
