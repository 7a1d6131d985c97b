import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

test('SIGTERM: clients are told, what was sent to them arrives, and the broker ends with 0', async (t) => {
  const listeners = [
    { name: 'tcp', protocol: 'tcp', port: 0 },
    { name: 'ws', protocol: 'ws', port: 0 },
  ];
  const broker = await startBroker(t, { config: { listeners }, security: plant });
  const clients = [];
  for (const { name } of listeners) {
    for (const version of mqttVersions) {
      const client = await connectMqttJs(t, broker.listener(name), { ...login('dashboard'), version });
      await client.subscribe('sensors/#', { qos: 1 });
      clients.push({ version, client });
    }
  }
  const sensor = await connectMqttJs(t, broker.listener(), login('sensor-1'));
  assert.equal(await sensor.publish('sensors/sensor-1/t', 'the last one', { qos: 1 }), 0);
  broker.kill('SIGTERM');

  for (const { version, client } of clients) {
    assert.equal(await client.waitForClose(), version === '5.0' ? 0x8b : undefined);
    assert.deepEqual(client.payloads, ['the last one']);
  }
  assert.equal(await sensor.waitForClose(), 0x8b);
  assert.deepEqual(await broker.ended(), { exitCode: 0, signal: null });
  const events = broker.logs().map(({ event }) => event);
  assert.ok(events.indexOf('broker_stopping') < events.indexOf('broker_stopped'));
  const late = await connectMqttJs(t, broker.listener(), login('sensor-1'));
  assert.equal(late.connackCode, undefined);
});

test('SIGTERM: mosquitto_sub is told in 5.0', { skip: needs(...mosquittoPrograms) }, async (t) => {
  const broker = await startBroker(t, { security: plant });
  const connection = { ...broker.listener(), version: '5.0', ...login('dashboard') } as const;
  const subscriber = await mosquittoSubscribe(t, connection, ['sensors/#']);
  broker.kill('SIGTERM');
  await subscriber.waitForOutput(/received DISCONNECT \(139\)/i);
  assert.equal((await broker.ended()).exitCode, 0);
});

test('SIGINT does the same', async (t) => {
  const broker = await startBroker(t, { security: plant });
  const client = await connectMqttJs(t, broker.listener(), login('dashboard'));
  broker.kill('SIGINT');
  assert.equal(await client.waitForClose(), 0x8b);
  assert.deepEqual(await broker.ended(), { exitCode: 0, signal: null });
});

test('a client that does not read cannot hold the end up', async (t) => {
  const broker = await startBroker(t, { config: { limits: { drain_time: '500ms' } }, security: plant });
  const stuck = await connectMqttJs(t, broker.listener(), login('engineer'));
  await stuck.subscribe('flood/#');
  stuck.client.stream.pause();
  const flooder = await connectMqttJs(t, broker.listener(), login('engineer'));
  // More than the broker's queue for one reader and the system's buffers hold.
  const payload = Buffer.alloc(500_000);
  for (let count = 0; count < 40; count++) await flooder.publish('flood/1', payload, { qos: 1 });
  broker.kill('SIGTERM');
  assert.equal(await flooder.waitForClose(), 0x8b);
  assert.deepEqual(await broker.ended(), { exitCode: 0, signal: null });
});
