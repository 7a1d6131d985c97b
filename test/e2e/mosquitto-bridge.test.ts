import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish, mosquittoSubscribe } from '../support/mosquitto.ts';
import { needsMosquittoBroker, startMosquittoBroker } from '../support/mosquitto-broker.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

describe("a bridge of Debian's mosquitto", {
  skip: needsMosquittoBroker() || needs(...mosquittoPrograms),
}, () => {
  const bridge = passwordClient('bridge', [
    { access: 'readWrite', topic: 'site/#' },
    { access: 'write', topic: '$SYS/broker/connection/+/state' },
  ]);
  const broker = sharedBroker({ security: { ...plant, clients: [...plant.clients, bridge] } });

  for (const [protocol, version] of [
    ['mqttv31', 3],
    ['mqttv311', 4],
  ] as const) {
    test(`${protocol}: messages go both ways once, retained ones stay retained`, async (t) => {
      const { host, port } = broker().listener();
      const mosquitto = await startMosquittoBroker(t, [
        `connection edge-${version}`,
        `address ${host}:${port}`,
        `bridge_protocol_version ${protocol}`,
        'try_private true',
        `remote_clientid bridge-${version}`,
        'remote_username bridge',
        `remote_password ${login('bridge').password}`,
        `topic site/${version}/# both 2`,
      ]);
      const isBridge = (entry: Record<string, unknown>) => entry['client_id'] === `bridge-${version}`;
      const entry = await broker().waitForLog('client_connected', isBridge, 10_000);
      assert.deepEqual([entry['bridge'], entry['protocol_version']], [true, version]);
      await mosquitto.waitForOutput(/Received SUBACK from /);

      const topic = (name: string): string => `site/${version}/${name}`;
      const ours = await connectMqttJs(t, broker().listener(), login('engineer'));
      await ours.subscribe(topic('#'), { qos: 2, rap: true });
      const theirs = await mosquittoSubscribe(t, { ...mosquitto, version: '3.1.1' }, [topic('#')], 2);

      for (const qos of [0, 1, 2] as const) {
        await mosquittoPublish(mosquitto, { topic: topic('from-there'), payload: `there ${qos}`, qos });
        await ours.waitForPayload(`there ${qos}`);
        await ours.publish(topic('from-here'), `here ${qos}`, { qos });
        await theirs.waitForOutput(new RegExp(`${Buffer.from(`here ${qos}`).toString('hex')} `, 'i'));
      }
      await mosquittoPublish(mosquitto, {
        topic: topic('kept-there'),
        payload: 'kept there',
        qos: 1,
        retain: true,
      });
      await ours.waitForPayload('kept there');
      await ours.publish(topic('kept-here'), 'kept here', { qos: 1, retain: true });

      // A loop would bring second copies; what is sent last both ways comes behind them.
      await mosquittoPublish(mosquitto, { topic: topic('last'), payload: 'last there', qos: 1 });
      await ours.waitForPayload('last there');
      await ours.publish(topic('last'), 'last here', { qos: 1 });
      const expected = [0, 1, 2].flatMap((qos) => [`there ${qos}`, `here ${qos}`]);
      expected.push('kept there', 'kept here', 'last there', 'last here');
      const received = await theirs.waitForMessages(expected.length);
      assert.deepEqual(
        received.map(({ payload }) => String(payload)),
        expected,
      );
      await ours.waitForPayload('last here');
      assert.deepEqual(ours.payloads, expected);
      assert.deepEqual(
        ours.messages.filter(({ retain }) => retain).map(({ payload }) => String(payload)),
        ['kept there', 'kept here'],
      );
      const late = await mosquittoSubscribe(t, { ...mosquitto, version: '3.1.1' }, [topic('kept-here')], 1);
      assert.equal((await late.waitForMessages(1))[0]?.retain, true);
    });
  }
});
