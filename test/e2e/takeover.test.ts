import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import type { MqttJsOptions, MqttVersion } from '../support/mqtt-js.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

describe('a client id that is taken (row A8)', () => {
  const config = {
    listeners: [
      { name: 'tcp', protocol: 'tcp', port: 0 },
      { name: 'shared', protocol: 'tcp', port: 0, shared_client_ids: true },
    ],
  };
  const broker = sharedBroker({ config, security: plant });

  const connectAs = (t: TestContext, username: string, options: MqttJsOptions, listener = 'tcp') =>
    connectMqttJs(t, broker().listener(listener), { ...login(username), ...options });

  /** A session that outlives its connection. */
  function lasting(version: MqttVersion, clientId: string, clean = false): MqttJsOptions {
    const expiry = version === '5.0' ? { properties: { sessionExpiryInterval: 600 } } : {};
    return { version, clientId, more: { clean, ...expiry } };
  }

  for (const version of mqttVersions) {
    test(`${version}: its owner takes it over, with the session; the old connection is told`, async (t) => {
      const options = lasting(version, `owner-${version}`);
      const old = await connectAs(t, 'sensor-1', options);
      await old.subscribe('commands/sensor-1/#', { qos: 1 });
      const fresh = await connectAs(t, 'sensor-1', options);
      assert.equal(fresh.connackCode, 0);
      assert.equal(await old.waitForClose(), version === '5.0' ? 0x8e : undefined);
      if (version !== '3.1') assert.equal(fresh.connack?.sessionPresent, true);
      const dashboard = await connectAs(t, 'dashboard', {});
      await dashboard.publish('commands/sensor-1/go', 'go', { qos: 1 });
      await fresh.waitForPayload('go');
      assert.deepEqual(old.payloads, []);
    });

    for (const clean of [false, true]) {
      test(`${version}: another principal is refused, connected or not, with clean start ${clean}`, async (t) => {
        const clientId = `mine-${version}-${clean}`;
        const owner = await connectAs(t, 'sensor-1', lasting(version, clientId));
        await owner.subscribe('commands/sensor-1/#', { qos: 1 });
        const refusal = version === '5.0' ? 0x85 : 2;
        const intruder = await connectAs(t, 'engineer', lasting(version, clientId, clean));
        assert.deepEqual([intruder.connackCode, intruder.closed], [refusal, true]);
        assert.equal(owner.closed, false);

        await owner.end();
        const later = await connectAs(t, 'engineer', lasting(version, clientId, clean));
        assert.deepEqual([later.connackCode, later.closed], [refusal, true]);
        const dashboard = await connectAs(t, 'dashboard', {});
        await dashboard.publish('commands/sensor-1/go', 'kept for the owner', { qos: 1 });
        const back = await connectAs(t, 'sensor-1', lasting(version, clientId));
        assert.equal(back.connackCode, 0);
        await back.waitForPayload('kept for the owner');
      });
    }
  }

  test('the id is free when the session has ended', async (t) => {
    const first = await connectAs(t, 'sensor-1', { clientId: 'free' });
    assert.equal((await connectAs(t, 'sensor-2', { clientId: 'free' })).connackCode, 0x85);
    await first.end();
    await broker().waitForLog('client_disconnected', (entry) => entry['client_id'] === 'free');
    assert.equal((await connectAs(t, 'sensor-2', { clientId: 'free' })).connackCode, 0);
  });

  test('a failed credential learns nothing about the id', async (t) => {
    await connectAs(t, 'sensor-1', { clientId: 'known' });
    const wrong = await connectAs(t, 'sensor-2', { clientId: 'known', password: 'wrong' });
    assert.equal(wrong.connackCode, 0x86);
  });

  test('shared_client_ids: another principal takes the id over, never the session', async (t) => {
    const owner = await connectAs(t, 'dashboard', lasting('5.0', 'shared'), 'shared');
    await owner.subscribe('sensors/#', { qos: 1 });
    const other = await connectAs(t, 'sensor-1', lasting('5.0', 'shared'), 'shared');
    assert.deepEqual([other.connackCode, other.connack?.sessionPresent], [0, false]);
    assert.equal(await owner.waitForClose(), 0x8e);
    await other.subscribe('commands/sensor-1/#', { qos: 1 });
    await other.publish('sensors/sensor-1/t', 'not for sensor-1', { qos: 1 });
    const dashboard = await connectAs(t, 'dashboard', {});
    await dashboard.publish('commands/sensor-1/go', 'last', { qos: 1 });
    await other.waitForPayload('last');
    assert.deepEqual(other.payloads, ['last']);
  });

  test('mosquitto_sub is told of the takeover in 5.0', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const connection = {
      ...broker().listener(),
      version: '5.0',
      clientId: 'mosquitto',
      ...login('sensor-1'),
    } as const;
    const old = await mosquittoSubscribe(t, connection, ['commands/sensor-1/#']);
    const fresh = await mosquittoSubscribe(t, connection, ['commands/sensor-1/#']);
    await old.waitForOutput(/received DISCONNECT \(142\)/i);
    await fresh.stop();
    await old.stop();
  });
});
