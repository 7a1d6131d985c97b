import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { login, plant } from './plant.ts';

describe('wills', () => {
  const broker = sharedBroker({ security: plant });

  const watch = async (t: TestContext) => {
    const watcher = await connectMqttJs(t, broker().listener(), login('engineer'));
    await watcher.subscribe('#', { qos: 1 });
    return watcher;
  };

  /** sensor-1 with a will that waits, and a session that lasts. */
  const withWill = (
    t: TestContext,
    willDelayInterval: number,
    sessionExpiryInterval: number,
    clean = false,
  ) =>
    connectMqttJs(t, broker().listener(), {
      ...login('sensor-1'),
      clientId: 'with-will',
      more: {
        clean,
        properties: { sessionExpiryInterval },
        will: {
          topic: 'sensors/sensor-1/will',
          payload: Buffer.from(`after ${willDelayInterval}`),
          qos: 1,
          retain: false,
          properties: { willDelayInterval },
        },
      },
    });

  test('5.0: a will waits for its delay', async (t) => {
    const watcher = await watch(t);
    const sensor = await withWill(t, 1, 60);
    const vanished = Date.now();
    await sensor.vanish();
    const last = await watcher.waitForPayload('after 1');
    assert.equal(last.properties?.messageExpiryInterval, undefined);
    // The broker may have noticed the end later than we did, never earlier.
    assert.ok(Date.now() - vanished >= 999, `${Date.now() - vanished} ms`);
  });

  test('5.0: a client that is back in time takes its will back', async (t) => {
    const watcher = await watch(t);
    await (await withWill(t, 1, 60)).vanish();
    const back = await withWill(t, 2, 60);
    assert.equal(back.connack?.sessionPresent, true);
    await back.vanish();
    await watcher.waitForPayload('after 2');
    assert.deepEqual(watcher.payloads, ['after 2']);
  });

  test('5.0: a will does not wait longer than its session', async (t) => {
    const watcher = await watch(t);
    await (await withWill(t, 600, 1)).vanish();
    await watcher.waitForPayload('after 600');
  });

  test('5.0: a clean start publishes the will that waits', async (t) => {
    const watcher = await watch(t);
    await (await withWill(t, 500, 600)).vanish();
    const fresh = await withWill(t, 0, 0, true);
    assert.equal(fresh.connack?.sessionPresent, false);
    await watcher.waitForPayload('after 500');
    await fresh.end();
  });

  for (const [reasonCode, fires] of [
    [0, false],
    [4, true],
  ] as const) {
    test(`5.0: DISCONNECT with reason ${reasonCode}: the will is ${fires ? '' : 'not '}published`, async (t) => {
      const watcher = await watch(t);
      const leaving = await withWill(t, 0, 0);
      await leaving.end({ reasonCode });
      const sensor = await connectMqttJs(t, broker().listener(), login('sensor-1'));
      if (fires) await watcher.waitForPayload('after 0');
      await sensor.publish('sensors/sensor-1/t', 'last', { qos: 1 });
      await watcher.waitForPayload('last');
      assert.deepEqual(watcher.payloads, fires ? ['after 0', 'last'] : ['last']);
    });
  }

  for (const version of ['3.1', '3.1.1', '5.0'] as const) {
    const denied = { topic: 'sensors/sensor-2/will', payload: 'not mine', qos: 1 } as const;

    test(`${version}: a will on a topic that may not be written refuses the connection (row A9)`, async (t) => {
      const watcher = await watch(t);
      const will = { ...denied, payload: Buffer.from(denied.payload), retain: true };
      const refused = await connectMqttJs(t, broker().listener(), {
        ...login('sensor-1'),
        version,
        more: { will },
      });
      assert.deepEqual([refused.connackCode, refused.closed], [version === '5.0' ? 0x87 : 5, true]);
      await watcher.publish('last', 'last', { qos: 1 });
      await watcher.waitForPayload('last');
      assert.deepEqual(watcher.payloads, ['last']);
    });

    test(`${version}: Paho is told the same`, { skip: needsPaho() }, async () => {
      const { host, port } = broker().listener();
      const { connack } = await pahoSession({ host, port, version, ...login('sensor-1'), will: denied });
      assert.equal(connack, version === '5.0' ? 0x87 : 5);
    });
  }
});
