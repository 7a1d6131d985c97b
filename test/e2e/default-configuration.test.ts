import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reload } from '../security/support/reload.ts';
import { baseConfiguration, startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

const guesses = [
  {},
  { username: 'admin', password: 'admin' },
  { username: 'admin', password: 'public' },
  { username: 'admin', password: '' },
  { username: 'mqtt', password: 'mqtt' },
  { username: 'root', password: 'root' },
  { username: 'guest', password: 'guest' },
  { username: 'sensor-001', password: 'garden-gate' },
  { username: 'anonymous' },
];

test('without a security file nobody gets in, and there is no default account (TH15)', async (t) => {
  const config = { listeners: ['tcp', 'ws'].map((protocol) => ({ name: protocol, protocol, port: 0 })) };
  const broker = await startBroker(t, { config });
  for (const listener of ['tcp', 'ws']) {
    for (const version of mqttVersions) {
      const attempts = guesses.map(async (guess) => {
        const { connackCode } = await connectMqttJs(t, broker.listener(listener), { version, ...guess });
        return connackCode;
      });
      assert.deepEqual(new Set(await Promise.all(attempts)), new Set([version === '5.0' ? 0x86 : 5]));
    }
  }
  // It is the missing record that keeps them out, nothing else.
  const named = { ...baseConfiguration, ...config, security_file: 'security.yaml' };
  await reload(broker, { 'portcullis.yaml': named, 'security.yaml': plant });
  assert.equal((await connectMqttJs(t, broker.listener(), login('sensor-1'))).connackCode, 0);
});

test('mosquitto_pub hears the same', { skip: needs(...mosquittoPrograms) }, async (t) => {
  const broker = await startBroker(t);
  const publication = { topic: 'hello', payload: 'world' };
  const nameless = await mosquittoPublish(broker.listener(), publication);
  assert.deepEqual([nameless.exitCode, nameless.connack], [5, 5]);
});

test('a security file without clients, an empty provider order and a client without rights let nobody do anything', async (t) => {
  const broker = await startBroker(t, { security: { clients: [] } });
  assert.equal((await connectMqttJs(t, broker.listener(), login('sensor-1'))).connackCode, 0x86);
  await reload(broker, { 'security.yaml': { ...plant, providers: { order: [] } } });
  assert.equal((await connectMqttJs(t, broker.listener(), login('sensor-1'))).connackCode, 0x86);
  const bare = { clients: plant.clients.map((record) => ({ ...record, permissions: [], roles: [] })) };
  await reload(broker, { 'security.yaml': bare });
  const client = await connectMqttJs(t, broker.listener(), login('engineer'));
  assert.equal(client.connackCode, 0);
  assert.deepEqual(await client.subscribe(['#', 'a', '$SYS/#', '$share/g/a']), [0x87, 0x87, 0x87, 0x87]);
  assert.equal(await client.publish('a', 'x', { qos: 1 }), 0x87);
});
