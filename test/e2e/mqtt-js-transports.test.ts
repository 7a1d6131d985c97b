import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { sharedBroker, startBroker } from '../support/broker-process.ts';
import { testCertificates } from '../support/certificates.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { everyListener, login, plant } from './plant.ts';

const transports = ['tcp', 'tls', 'ws', 'wss'] as const;

const refusals = {
  '3.1': { credential: 5, filter: 1, publish: 'closed' },
  '3.1.1': { credential: 5, filter: 128, publish: 'closed' },
  '5.0': { credential: 0x86, filter: 0x87, publish: 0x87 },
} as const;

describe('MQTT.js', { skip: needs('openssl') }, () => {
  let caFile = '';
  const broker = sharedBroker(async () => {
    caFile = (await testCertificates()).authority.caFile;
    return { config: { listeners: await everyListener() }, security: plant };
  });

  for (const transport of transports) {
    for (const version of mqttVersions) {
      const refusal = refusals[version];
      const connectAs = (t: TestContext, credentials: object) => {
        const secure = transport === 'tls' || transport === 'wss';
        const options = { version, ...credentials, ...(secure ? { tls: { caFile } } : {}) };
        return connectMqttJs(t, broker().listener(transport), options);
      };

      test(`[3.1.1:MQTT-7.0.0-2] ${version} over ${transport}: what is allowed arrives, with QoS 0, 1 and 2`, async (t) => {
        const dashboard = await connectAs(t, login('dashboard'));
        assert.deepEqual(await dashboard.subscribe('sensors/+/t', { qos: 2 }), [2]);
        const sensor = await connectAs(t, login('sensor-1'));
        for (const qos of [0, 1, 2] as const) {
          assert.equal(await sensor.publish('sensors/sensor-1/t', `with ${qos}`, { qos }), 0);
          await dashboard.waitForMessages(qos + 1);
        }
        assert.deepEqual(
          dashboard.messages.map(({ topic, qos, retain }) => [topic, qos, retain]),
          [0, 1, 2].map((qos) => ['sensors/sensor-1/t', qos, false]),
        );
        assert.deepEqual(dashboard.payloads, ['with 0', 'with 1', 'with 2']);
      });

      test(`${version} over ${transport}: a message of 200 KB arrives whole`, async (t) => {
        const dashboard = await connectAs(t, login('dashboard'));
        await dashboard.subscribe('sensors/+/picture', { qos: 1 });
        const sensor = await connectAs(t, login('sensor-1'));
        const picture = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 31) % 251));
        assert.equal(await sensor.publish('sensors/sensor-1/picture', picture, { qos: 1 }), 0);
        const [message] = await dashboard.waitForMessages(1);
        assert.ok(picture.equals(message?.payload as Buffer));
      });

      test(`${version} over ${transport}: failed credentials`, async (t) => {
        const attempts = await Promise.all([
          connectAs(t, { username: 'sensor-1', password: 'wrong' }),
          connectAs(t, login('nobody')),
          connectAs(t, {}),
        ]);
        for (const { connackCode, closed, connack } of attempts) {
          assert.deepEqual([connackCode, closed, connack?.sessionPresent], [refusal.credential, true, false]);
        }
      });

      test(`${version} over ${transport}: a denied subscription and a denied publish`, async (t) => {
        const engineer = await connectAs(t, login('engineer'));
        await engineer.subscribe('#', { qos: 2 });
        const sensor = await connectAs(t, login('sensor-1'));
        const filters = ['commands/sensor-2/#', 'commands/sensor-1/#'];
        assert.deepEqual(await sensor.subscribe(filters, { qos: 1 }), [refusal.filter, 1]);
        await engineer.publish('commands/sensor-2/stop', 'not for sensor-1', { qos: 1 });
        await engineer.publish('commands/sensor-1/stop', 'for sensor-1', { qos: 1 });
        await sensor.waitForPayload('for sensor-1');
        assert.deepEqual(sensor.payloads, ['for sensor-1']);

        assert.equal(await sensor.publish('commands/sensor-1/stop', 'denied', { qos: 1 }), refusal.publish);
        assert.equal(sensor.closed, version !== '5.0');
        await engineer.publish('last', 'last', { qos: 1 });
        await engineer.waitForPayload('last');
        assert.deepEqual(engineer.payloads, ['not for sensor-1', 'for sensor-1', 'last']);
      });
    }
  }
});

test('use_mutual_tls: the environment overrides the file, and what is neither yes nor no is an error (row C1)', async (t) => {
  const config = { use_mutual_tls: true };
  const variable = (PORTCULLIS_USE_MUTUAL_TLS: string) => ({ env: { PORTCULLIS_USE_MUTUAL_TLS } });
  for (const value of ['no', 'false']) {
    const broker = await startBroker(t, { config, security: plant, ...variable(value) });
    assert.equal((await connectMqttJs(t, broker.listener(), login('sensor-1'))).connackCode, 0);
  }
  await assert.rejects(
    startBroker(t, { security: plant, ...variable('maybe') }),
    /PORTCULLIS_USE_MUTUAL_TLS: use_mutual_tls: "maybe": must be yes, no, true or false/,
  );
});
