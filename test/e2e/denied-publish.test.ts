import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish, mosquittoSubscribe } from '../support/mosquitto.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

const denied = { topic: 'commands/sensor-1/stop', payload: 'denied' };
const allowed = { topic: 'sensors/sensor-1/t', payload: 'allowed' };

describe('on_denied_publish: drop', { skip: needs(...mosquittoPrograms) }, () => {
  const broker = sharedBroker({ config: { mqtt: { on_denied_publish: 'drop' } }, security: plant });

  for (const version of ['3.1', '3.1.1'] as const) {
    test(`${version}: a denied publish is acknowledged in full and reaches nobody`, async (t) => {
      const as = (username: string) => ({ ...broker().listener(), version, ...login(username) });
      const engineer = await mosquittoSubscribe(t, as('engineer'), ['#'], 2);
      for (const qos of [0, 1, 2] as const) {
        const { exitCode, acknowledged } = await mosquittoPublish(as('sensor-1'), { ...denied, qos });
        assert.deepEqual([exitCode, acknowledged], [0, qos === 0 ? [] : [0]]);
      }
      await mosquittoPublish(as('sensor-1'), allowed);
      const messages = await engineer.waitForMessages(1);
      assert.deepEqual(
        messages.map(({ payload }) => String(payload)),
        ['allowed'],
      );
    });

    test(`${version}: the connection stays`, async (t) => {
      const options = { version, ...login('sensor-1') };
      const sensor = await connectMqttJs(t, broker().listener(), options);
      for (const qos of [0, 1, 2] as const) {
        assert.equal(await sensor.publish(denied.topic, denied.payload, { qos }), 0);
      }
      assert.equal(await sensor.publish(allowed.topic, allowed.payload, { qos: 1 }), 0);
      assert.equal(sensor.closed, false);
    });
  }
});

describe('a denied publish in 5.0', () => {
  const broker = sharedBroker({ security: plant });

  test('ends its flow: the connection stays and every identifier and quota is free again', async (t) => {
    const engineer = await connectMqttJs(t, broker().listener(), login('engineer'));
    await engineer.subscribe('#', { qos: 2 });
    const sensor = await connectMqttJs(t, broker().listener(), login('sensor-1'));
    const quota = sensor.connack?.properties?.receiveMaximum ?? 0;
    assert.equal(quota, 1024);

    await sensor.publish(denied.topic, denied.payload, { qos: 0 });
    for (const qos of [1, 2] as const) {
      const attempts: Promise<number | 'closed'>[] = Array.from({ length: quota + 1 }, () =>
        sensor.publish(denied.topic, denied.payload, { qos }),
      );
      assert.deepEqual(new Set(await Promise.all(attempts)), new Set([0x87]));
    }
    assert.equal(sensor.packets.filter(({ cmd }) => cmd === 'pubcomp').length, 0);
    assert.equal(await sensor.publish(allowed.topic, allowed.payload, { qos: 2 }), 0);
    await engineer.waitForPayload('allowed');
    assert.deepEqual(engineer.payloads, ['allowed']);
  });

  test('with RETAIN leaves nothing behind, and cannot remove what is there', async (t) => {
    const engineer = await connectMqttJs(t, broker().listener(), login('engineer'));
    await engineer.publish('commands/sensor-1/mode', 'kept', { qos: 1, retain: true });
    const sensor = await connectMqttJs(t, broker().listener(), login('sensor-1'));
    for (const payload of ['', 'replaced']) {
      assert.equal(await sensor.publish('commands/sensor-1/mode', payload, { qos: 1, retain: true }), 0x87);
    }
    assert.equal(await sensor.publish('commands/sensor-2/mode', 'new', { qos: 1, retain: true }), 0x87);
    await engineer.subscribe('commands/+/mode');
    await engineer.publish('commands/last/mode', 'last', { qos: 0 });
    await engineer.waitForPayload('last');
    assert.deepEqual(engineer.payloads, ['kept', 'last']);
  });
});
