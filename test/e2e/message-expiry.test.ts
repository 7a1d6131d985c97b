import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { eventually } from '../support/eventually.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { login, plant } from './plant.ts';

describe('message expiry in 5.0', () => {
  const broker = sharedBroker({ security: plant });

  test('is counted down while a retained message waits, and then the message is gone', async (t) => {
    const engineer = await connectMqttJs(t, broker().listener(), login('engineer'));
    const retained = (payload: string, seconds: number) =>
      engineer.publish(`expiry/${payload}`, payload, {
        qos: 1,
        retain: true,
        properties: { messageExpiryInterval: seconds },
      });
    await retained('hour', 3_600);
    await retained('moment', 2);
    await engineer.publish('expiry/z', 'forever', { qos: 1, retain: true });

    /** What a SUBSCRIBE is sent, up to the message that stays. */
    const replay = async () => {
      const earlier = engineer.messages.length;
      await engineer.subscribe(['expiry/moment', 'expiry/hour', 'expiry/z']);
      await engineer.until('the last retained message', () =>
        engineer.payloads.indexOf('forever', earlier) === -1 ? undefined : true,
      );
      return engineer.messages.slice(earlier);
    };
    const first = await replay();
    assert.deepEqual(
      first.map(({ payload }) => String(payload)),
      ['moment', 'hour', 'forever'],
    );
    assert.equal(first[2]?.properties?.messageExpiryInterval, undefined);
    const left = await eventually(async () => {
      const messages = await replay();
      const texts = messages.map(({ payload }) => String(payload));
      return texts.includes('moment') ? undefined : messages[0]?.properties?.messageExpiryInterval;
    });
    assert.ok(left < 3_600 && left > 3_590, `${left} s of 3600`);
  });

  test('empties the queue of a client that is away, of what has expired only', async (t) => {
    const options = {
      ...login('dashboard'),
      clientId: 'away',
      more: { clean: false, properties: { sessionExpiryInterval: 60 } },
    };
    const away = await connectMqttJs(t, broker().listener(), options);
    await away.subscribe('sensors/#', { qos: 1 });
    await away.end();
    const sensor = await connectMqttJs(t, broker().listener(), login('sensor-1'));
    const send = (payload: string, properties = {}) =>
      sensor.publish('sensors/sensor-1/t', payload, { qos: 1, properties });
    await send('moment', { messageExpiryInterval: 1 });
    await send('hour', { messageExpiryInterval: 3_600 });
    await send('forever');

    const watcher = await connectMqttJs(t, broker().listener(), login('engineer'));
    await sensor.publish('sensors/sensor-1/clock', 'tick', {
      qos: 1,
      retain: true,
      properties: { messageExpiryInterval: 1 },
    });
    await eventually(async () => {
      await watcher.subscribe(['sensors/sensor-1/clock']);
      await watcher.publish('now', 'now', { qos: 1 });
      const ticks = watcher.messages.length;
      await watcher.unsubscribe('sensors/sensor-1/clock');
      watcher.messages.length = 0;
      return ticks === 0 ? true : undefined;
    });

    const back = await connectMqttJs(t, broker().listener(), options);
    const [first] = await back.waitForMessages(2);
    assert.deepEqual(back.payloads, ['hour', 'forever']);
    const left = first?.properties?.messageExpiryInterval ?? 0;
    assert.ok(left < 3_600 && left > 3_590, `${left} s of 3600`);
    await back.end({ properties: { sessionExpiryInterval: 0 } });
  });
});
