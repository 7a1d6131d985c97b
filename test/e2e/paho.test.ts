import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { testCertificates } from '../support/certificates.ts';
import { mqttVersions } from '../support/mqtt-js.ts';
import type { PahoSession, PahoStep } from '../support/paho.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { needs } from '../support/skip-reason.ts';
import { everyListener, login, plant } from './plant.ts';

const transports = ['tcp', 'tls', 'mutual', 'ws-any-origin', 'wss-any-origin'] as const;

const secure: ReadonlySet<string> = new Set(['tls', 'wss']);

const refusals = {
  '3.1': { credential: 5, filter: 1 },
  '3.1.1': { credential: 5, filter: 128 },
  '5.0': { credential: 134, filter: 135 },
} as const;

/** The steps of a session, each of which must have come to its end. */
function codesOf(steps: readonly { readonly done: boolean; readonly codes: readonly number[] }[]) {
  assert.ok(steps.every(({ done }) => done));
  return steps.map(({ codes }) => codes).filter(({ length }) => length > 0);
}

describe('Paho', { skip: needsPaho() || needs('openssl') }, () => {
  const broker = sharedBroker(async () => ({
    config: { listeners: await everyListener() },
    security: plant,
  }));

  for (const transport of transports) {
    for (const version of mqttVersions) {
      const connection = async (): Promise<PahoSession> => {
        const { host, port, path, protocol } = broker().listener(transport);
        const { authority } = await testCertificates();
        const shown = transport === 'mutual' ? await authority.client('gateway') : {};
        return {
          host,
          port,
          version,
          ...(path === undefined ? {} : { path, transport: 'websockets' }),
          ...(secure.has(protocol) ? { tls: { caFile: authority.caFile, ...shown } } : {}),
        };
      };

      test(`[3.1.1:MQTT-7.0.0-2] ${version} over ${transport}: two clients exchange messages`, async () => {
        const go = { topic: 'commands/sensor-1/go', retain: true, qos: 1 } as const;
        const reports = [0, 1, 2].map((qos): PahoStep => {
          const publish = { topic: 'sensors/sensor-1/t', payload: `with ${qos}`, qos: qos as 0 | 1 | 2 };
          return { publish };
        });
        const [dashboard, sensor] = await Promise.all([
          pahoSession({
            ...(await connection()),
            ...login('dashboard'),
            steps: [
              { subscribe: [{ filter: 'sensors/#', qos: 2 }] },
              { publish: { ...go, payload: 'go' } },
              { waitForMessages: 3 },
              { publish: { ...go, payload: '' } },
            ],
          }),
          pahoSession({
            ...(await connection()),
            ...login('sensor-1'),
            steps: [
              {
                subscribe: ['sensor-1', 'sensor-2'].map((name) => ({ filter: `commands/${name}/#`, qos: 1 })),
              },
              { waitForMessages: 1 },
              ...reports,
            ],
          }),
        ]);
        assert.deepEqual([dashboard.connack, sensor.connack], [0, 0]);
        assert.deepEqual(codesOf(dashboard.steps), [[2]]);
        assert.deepEqual(codesOf(sensor.steps), [[1, refusals[version].filter]]);
        assert.deepEqual(
          dashboard.messages.map(({ topic, payload, qos }) => [topic, String(payload), qos]),
          [0, 1, 2].map((qos) => ['sensors/sensor-1/t', `with ${qos}`, qos]),
        );
        assert.equal(String(sensor.messages[0]?.payload), 'go');
      });

      // What is refused does not depend on the transport; two of them keep this file quick.
      if (!['tcp', 'wss-any-origin'].includes(transport)) continue;
      test(`${version} over ${transport}: a failed credential and a denied publish`, async () => {
        const options = await connection();
        const denied = { publish: { topic: 'commands/sensor-1/stop', payload: 'denied', qos: 1 as const } };
        const allowed = { publish: { topic: 'sensors/sensor-1/t', payload: 'allowed', qos: 1 as const } };
        const wait: PahoStep[] = [version === '5.0' ? allowed : { waitForDisconnect: true }];
        const [wrong, unknown, publisher] = await Promise.all([
          pahoSession({ ...options, username: 'sensor-1', password: 'wrong' }),
          pahoSession({ ...options, ...login('nobody') }),
          pahoSession({ ...options, ...login('sensor-1'), steps: [denied, ...wait] }),
        ]);
        const { credential } = refusals[version];
        assert.deepEqual([wrong.connack, unknown.connack, publisher.connack], [credential, credential, 0]);
        // 5.0: acknowledged (Paho 1 does not tell with what) and still connected; 3.x: closed.
        assert.deepEqual(
          publisher.steps.map(({ done }) => done),
          [version === '5.0', true],
        );
        assert.equal(publisher.disconnect === null, version === '5.0');
      });
    }
  }

  test('Paho sends an Origin like a browser: a listener without allowed_origins refuses it', async () => {
    const { host, port, path } = broker().listener('ws');
    const options = { host, port, transport: 'websockets', ...login('sensor-1') } as const;
    const refused = await pahoSession({ ...options, ...(path === undefined ? {} : { path }) });
    assert.equal(refused.connack, null);
    const { origin } = await broker().waitForLog('websocket_refused');
    assert.equal(origin, `https://${host}:${port}`);
  });
});
