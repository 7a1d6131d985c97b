import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish, mosquittoSubscribe } from '../support/mosquitto.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

const security = {
  ...plant,
  roles: [
    ...plant.roles,
    {
      name: 'guest',
      permissions: [
        { access: 'readWrite', topic: 'lobby/#' },
        { access: 'write', topic: 'homes/${username}/#' },
      ],
    },
  ],
};

test('guests have the rights of their roles, and no name', {
  skip: needs(...mosquittoPrograms),
}, async (t) => {
  const broker = await startBroker(t, { config: { anonymous: { roles: ['guest'] } }, security });
  for (const version of mqttVersions) {
    const guest = { ...broker.listener(), version };
    const reader = await mosquittoSubscribe(t, guest, ['lobby/#'], 1);
    assert.deepEqual(reader.granted, [1]);
    const { acknowledged } = await mosquittoPublish(guest, { topic: 'lobby/bell', payload: 'ding', qos: 1 });
    assert.deepEqual(acknowledged, [0]);
    assert.equal(String((await reader.waitForMessages(1))[0]?.payload), 'ding');
  }
  const guest = await connectMqttJs(t, broker.listener());
  assert.equal(await guest.publish('sensors/sensor-1/t', 'x', { qos: 1 }), 0x87);
  for (const home of ['homes//t', 'homes/undefined/t', 'homes/anonymous/t']) {
    assert.equal(await guest.publish(home, 'x', { qos: 1 }), 0x87, home);
  }
  // Whoever sends a name or a password must mean it.
  for (const attempt of [
    login('nobody'),
    { username: 'sensor-1' },
    { username: 'sensor-1', password: 'wrong' },
  ]) {
    assert.equal((await connectMqttJs(t, broker.listener(), attempt)).connackCode, 0x86);
  }
  assert.equal((await connectMqttJs(t, broker.listener(), login('sensor-1'))).connackCode, 0);
});

test('all guests are one owner of sessions, and not the owner of others', async (t) => {
  const broker = await startBroker(t, { config: { anonymous: { roles: ['guest'] } }, security });
  const first = await connectMqttJs(t, broker.listener(), { clientId: 'tablet' });
  assert.equal((await connectMqttJs(t, broker.listener(), { clientId: 'tablet' })).connackCode, 0);
  assert.equal(await first.waitForClose(), 0x8e);
  await connectMqttJs(t, broker.listener(), { ...login('sensor-1'), clientId: 'sensor' });
  assert.equal((await connectMqttJs(t, broker.listener(), { clientId: 'sensor' })).connackCode, 0x85);
});

test('guests may have the rights of a client, and any credentials may count for none on loopback', async (t) => {
  const visitor = passwordClient('visitor', [{ access: 'write', topic: 'lobby/#' }]);
  const broker = await startBroker(t, {
    config: { anonymous: { client: 'visitor', ignore_credentials: true } },
    security: { clients: [visitor] },
  });
  for (const attempt of [
    {},
    { username: 'who', password: 'ever' },
    { username: 'visitor', password: 'wrong' },
  ]) {
    const guest = await connectMqttJs(t, broker.listener(), attempt);
    assert.equal(guest.connackCode, 0);
    assert.equal(await guest.publish('lobby/bell', 'ding', { qos: 1 }), 0);
    assert.equal(await guest.publish('attic', 'x', { qos: 1 }), 0x87);
  }
});

test('a listener that does not name anonymous has no guests', async (t) => {
  const listeners = [
    { name: 'open', protocol: 'tcp', port: 0 },
    { name: 'closed', protocol: 'tcp', port: 0, providers: ['basic'] },
  ];
  const broker = await startBroker(t, { config: { listeners, anonymous: { roles: ['guest'] } }, security });
  assert.equal((await connectMqttJs(t, broker.listener('open'))).connackCode, 0);
  assert.equal((await connectMqttJs(t, broker.listener('closed'))).connackCode, 0x86);
});
