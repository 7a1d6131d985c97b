import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import type { MosquittoMessage } from '../support/mosquitto.ts';
import { mosquittoPrograms, mosquittoPublish, mosquittoSubscribe } from '../support/mosquitto.ts';
import { mqttVersions } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

function texts(messages: readonly MosquittoMessage[]): readonly string[] {
  return messages.map(({ payload }) => String(payload));
}

describe('messages of mosquitto clients', { skip: needs(...mosquittoPrograms) }, () => {
  const broker = sharedBroker({ security: plant });

  for (const version of mqttVersions) {
    const as = (username: string) => ({ ...broker().listener(), version, ...login(username) });
    /** A topic of this version alone: the broker is shared. */
    const topic = (name: string): string => `site/${version}/${name}`;

    test(`${version}: a retained message waits for later subscribers until an empty one removes it`, async (t) => {
      const mode = topic('mode');
      await mosquittoPublish(as('engineer'), { topic: mode, payload: 'old', qos: 1, retain: true });
      await mosquittoPublish(as('engineer'), { topic: mode, payload: 'eco', qos: 1, retain: true });
      const first = await mosquittoSubscribe(t, as('engineer'), [mode], 1);
      const [replayed] = await first.waitForMessages(1);
      assert.deepEqual([String(replayed?.payload), replayed?.retain, replayed?.qos], ['eco', true, 1]);

      await mosquittoPublish(as('engineer'), { topic: mode, payload: '', qos: 1, retain: true });
      const [, removal] = await first.waitForMessages(2);
      assert.deepEqual([removal?.payload.length, removal?.retain], [0, false]);
      const later = await mosquittoSubscribe(t, as('engineer'), [mode], 1);
      await mosquittoPublish(as('engineer'), { topic: mode, payload: 'live', qos: 1 });
      assert.deepEqual(texts(await later.waitForMessages(1)), ['live']);
    });

    test(`${version}: a will is published when its client is killed, and after good-bye only if that says so`, async (t) => {
      const will = { topic: 'sensors/sensor-1/will', payload: `${version} gone`, qos: 1, retain: true };
      const watcher = await mosquittoSubscribe(t, as('dashboard'), ['sensors/#'], 1);
      const leaving = await mosquittoSubscribe(t, { ...as('sensor-1'), will }, ['commands/sensor-1/a']);
      await leaving.stop();
      await mosquittoPublish(as('sensor-1'), {
        topic: 'sensors/sensor-1/t',
        payload: 'left in peace',
        qos: 1,
      });
      const killed = await mosquittoSubscribe(t, { ...as('sensor-1'), will }, ['commands/sensor-1/a']);
      killed.kill();
      // In 5.0 mosquitto_sub leaves with reason 0x04, "disconnect with will message".
      const expected = [...(version === '5.0' ? [will.payload] : []), 'left in peace', will.payload];
      const messages = await watcher.waitForMessages(expected.length);
      assert.deepEqual(texts(messages), expected);
      assert.equal(messages.at(-1)?.qos, 1);
      const later = await mosquittoSubscribe(t, as('dashboard'), ['sensors/sensor-1/will'], 1);
      assert.equal((await later.waitForMessages(1))[0]?.retain, true);
      await mosquittoPublish(as('sensor-1'), { topic: will.topic, payload: '', retain: true });
    });

    test(`${version}: a persistent session gets what came while it was away, once and in order`, async (t) => {
      const clientId = `logger-${version}`;
      const logger = { ...as('dashboard'), clientId, persistent: true };
      const before = await mosquittoSubscribe(t, logger, ['sensors/#'], 2);
      await before.stop();

      const missed = [0, 1, 2, 1, 2] as const;
      for (const [index, qos] of missed.entries()) {
        await mosquittoPublish(as('sensor-1'), { topic: 'sensors/sensor-1/t', payload: `${index}`, qos });
      }
      const resumed = await mosquittoSubscribe(t, logger, ['sensors/none'], 2);
      await resumed.waitForMessages(4);
      await mosquittoPublish(as('sensor-1'), { topic: 'sensors/sensor-1/t', payload: 'live', qos: 1 });
      const messages = await resumed.waitForMessages(5);
      // A QoS 2 message counts when it is released, so order is kept within a QoS. QoS 0 is not kept.
      const withQos = (wanted: number) => texts(messages.filter(({ qos }) => qos === wanted));
      assert.deepEqual([withQos(0), withQos(1), withQos(2)], [[], ['1', '3', 'live'], ['2', '4']]);
      await resumed.stop();
      // Clean start ends the session: what comes now is for nobody.
      const cleaned = await mosquittoSubscribe(t, { ...as('dashboard'), clientId }, ['sensors/other/#'], 1);
      await cleaned.stop();
      await mosquittoPublish(as('sensor-1'), { topic: 'sensors/sensor-1/t', payload: 'for nobody', qos: 1 });
      const fresh = await mosquittoSubscribe(t, logger, ['sensors/sensor-1/#'], 1);
      await mosquittoPublish(as('sensor-1'), { topic: 'sensors/sensor-1/t', payload: 'fresh', qos: 1 });
      assert.deepEqual(texts(await fresh.waitForMessages(1)), ['fresh']);
      await fresh.stop();
      await (await mosquittoSubscribe(t, { ...as('dashboard'), clientId }, ['sensors/other'])).stop();
    });

    test(`${version}: the members of a shared subscription share the messages, each goes to one`, async (t) => {
      const job = topic('job');
      const members = [
        await mosquittoSubscribe(t, as('engineer'), [`$share/workers/${job}`], 1),
        await mosquittoSubscribe(t, as('engineer'), [`$share/workers/${job}`], 1),
      ];
      const all = await mosquittoSubscribe(t, as('engineer'), [job], 1);
      const jobs = Array.from({ length: 6 }, (_, index) => `job ${index}`);
      for (const payload of jobs) await mosquittoPublish(as('engineer'), { topic: job, payload, qos: 1 });
      assert.deepEqual(texts(await all.waitForMessages(jobs.length)), jobs);
      const shares = await Promise.all(members.map((member) => member.waitForMessages(jobs.length / 2)));
      assert.deepEqual(shares.flatMap(texts).sort(), jobs);
    });
  }
});
