import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { testCertificates } from '../support/certificates.ts';
import type { MosquittoConnection, MosquittoTls } from '../support/mosquitto.ts';
import { mosquittoPrograms, mosquittoPublish, mosquittoSubscribe } from '../support/mosquitto.ts';
import { mqttVersions } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { everyListener, login, plant } from './plant.ts';

const transports = ['tcp', 'tls', 'mutual'] as const;

/** CONNACK for a failed credential, and SUBACK for a denied filter asked for with QoS 1. */
const refusals = {
  '3.1': { credential: 5, filter: 1 },
  '3.1.1': { credential: 5, filter: 128 },
  '5.0': { credential: 134, filter: 135 },
} as const;

async function tlsOf(transport: (typeof transports)[number]): Promise<MosquittoTls | undefined> {
  if (transport === 'tcp') return undefined;
  const { authority } = await testCertificates();
  const shown = transport === 'mutual' ? await authority.client('gateway') : {};
  return { caFile: authority.caFile, ...shown };
}

for (const transport of transports) {
  describe(`mosquitto's clients over ${transport}`, { skip: needs(...mosquittoPrograms, 'openssl') }, () => {
    let tls: MosquittoTls | undefined;
    const broker = sharedBroker(async () => {
      tls = await tlsOf(transport);
      return { config: { listeners: await everyListener() }, security: plant };
    });

    for (const version of mqttVersions) {
      const as = (username: string): MosquittoConnection => {
        const { host, port } = broker().listener(transport);
        return { host, port, version, ...login(username), ...(tls === undefined ? {} : { tls }) };
      };

      test(`[3.1.1:MQTT-7.0.0-2] ${version}: what is allowed arrives, with QoS 0, 1 and 2`, async (t) => {
        const dashboard = await mosquittoSubscribe(t, as('dashboard'), ['sensors/#'], 2);
        assert.deepEqual(dashboard.granted, [2]);
        for (const qos of [0, 1, 2] as const) {
          const publication = { topic: 'sensors/sensor-1/t', payload: `with ${qos}`, qos };
          const sent = await mosquittoPublish(as('sensor-1'), publication);
          assert.deepEqual([sent.exitCode, sent.connack, sent.acknowledged], [0, 0, qos === 0 ? [] : [0]]);
        }
        const messages = await dashboard.waitForMessages(3);
        assert.deepEqual(
          messages.map(({ topic, payload, qos, retain }) => [topic, String(payload), qos, retain]),
          [0, 1, 2].map((qos) => ['sensors/sensor-1/t', `with ${qos}`, qos, false]),
        );
      });

      test(`${version}: a wrong password, an unknown user and no name at all get the same code`, async () => {
        const publication = { topic: 'sensors/sensor-1/t', payload: 'no' };
        const { username: _, password: __, ...nameless } = as('sensor-1');
        const sent = await Promise.all([
          mosquittoPublish({ ...as('sensor-1'), password: 'wrong' }, publication),
          mosquittoPublish(as('nobody'), publication),
          mosquittoPublish(nameless, publication),
        ]);
        const { credential } = refusals[version];
        assert.deepEqual(
          sent.map(({ connack }) => connack),
          [credential, credential, credential],
        );
        assert.ok(sent.every(({ exitCode }) => exitCode !== 0));
      });

      test(`${version}: a denied publish is answered as the version can, and reaches nobody`, async (t) => {
        const engineer = await mosquittoSubscribe(t, as('engineer'), ['#'], 2);
        const denied = { topic: 'commands/sensor-2/stop', payload: 'denied' };
        await mosquittoPublish(as('sensor-1'), { ...denied, qos: 0 });
        const once = await mosquittoPublish(as('sensor-1'), { ...denied, qos: 1 });
        const exactly = await mosquittoPublish(as('sensor-1'), { ...denied, qos: 2 });
        if (version === '5.0') {
          assert.deepEqual([once.exitCode, once.acknowledged], [0, [135]]);
          // The refusal is in PUBREC, whose code mosquitto_pub prints in words only; no PUBCOMP follows.
          assert.deepEqual([exactly.exitCode, exactly.acknowledged], [0, []]);
          assert.deepEqual(exactly.warnings, ['Publish 1 failed: Not authorized.']);
        } else {
          for (const { connack, acknowledged, stderr } of [once, exactly]) {
            assert.deepEqual([connack, acknowledged], [0, []]);
            assert.match(stderr, /The connection was lost/);
          }
        }
        await mosquittoPublish(as('sensor-1'), { topic: 'sensors/sensor-1/t', payload: 'allowed' });
        assert.deepEqual(
          (await engineer.waitForMessages(1)).map(({ payload }) => String(payload)),
          ['allowed'],
        );
      });

      test(`${version}: a denied subscription is answered as the version can, and delivers nothing`, async (t) => {
        const filters = ['commands/sensor-2/#', 'commands/sensor-1/#', '#'];
        const sensor = await mosquittoSubscribe(t, as('sensor-1'), filters, 1);
        const { filter } = refusals[version];
        assert.deepEqual(sensor.granted, [filter, 1, filter]);
        for (const target of ['sensor-2', 'sensor-1']) {
          const publication = { topic: `commands/${target}/stop`, payload: target, qos: 1 as const };
          await mosquittoPublish(as('dashboard'), publication);
        }
        const messages = await sensor.waitForMessages(1);
        assert.deepEqual(
          messages.map(({ payload }) => String(payload)),
          ['sensor-1'],
        );
      });
    }
  });
}
