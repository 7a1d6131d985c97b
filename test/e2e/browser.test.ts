import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startBroker } from '../support/broker-process.ts';
import { testCertificates } from '../support/certificates.ts';
import { needsChromium, openMqttPage } from '../support/chromium.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

interface Visit {
  /** Code of CONNACK, or what went wrong before one came. */
  readonly outcome: number | string;
  readonly granted: readonly number[];
  readonly denied: number | string;
  readonly messages: readonly string[];
}

/** In the page: connects, subscribes, publishes to itself, tries what is denied, waits for the other's message. */
const visit = `
  const client = mqtt.connect(given.url, { ...given.options, reconnectPeriod: 0 });
  const outcome = await new Promise((resolve) => {
    client.on('connect', () => resolve(0));
    client.on('error', (error) => resolve(error.code ?? error.message));
    client.on('close', () => resolve('closed'));
  });
  if (outcome !== 0) return { outcome, granted: [], denied: '', messages: [] };
  const messages = [];
  const both = new Promise((resolve) => {
    client.on('message', (topic, payload) => {
      messages.push(topic + ' ' + payload);
      if (messages.length === 2) resolve();
    });
  });
  const suback = new Promise((resolve) => {
    client.on('packetreceive', (packet) => { if (packet.cmd === 'suback') resolve(packet.granted); });
  });
  client.subscribe(['sensors/#', 'commands/#'], { qos: 1 }, () => {});
  const granted = [...await suback];
  const denied = await client.publishAsync('sensors/sensor-1/t', 'denied', { qos: 1 }).then(() => 0, (error) => error.code);
  await client.publishAsync('commands/sensor-1/hello', 'from the page', { qos: 2 });
  await both;
  await client.endAsync();
  return { outcome, granted, denied, messages };
`;

describe('MQTT.js in a page of Chromium', { skip: needsChromium() || needs('openssl') }, () => {
  for (const protocol of ['ws', 'wss'] as const) {
    test(`over ${protocol}, from an allowed origin only`, async (t) => {
      const page = await openMqttPage(t, { ignoreCertificateErrors: true });
      const { server } = await testCertificates();
      const base = { protocol, port: 0 };
      const tls = { cert_file: server.certFile, key_file: server.keyFile };
      const secure = protocol === 'wss' ? { tls } : {};
      const broker = await startBroker(t, {
        config: {
          listeners: [
            { ...base, ...secure, name: 'open', allowed_origins: [page.origin] },
            { ...base, ...secure, name: 'other', allowed_origins: ['http://example.com'] },
            { ...base, ...secure, name: 'none' },
            { name: 'tcp', protocol: 'tcp', port: 0 },
          ],
        },
        security: plant,
      });
      const urlOf = (name: string): string => {
        const { host, port, path } = broker.listener(name);
        return `${protocol}://${host}:${port}${path}`;
      };
      const run = (name: string, options: object) => page.run<Visit>(visit, { url: urlOf(name), options });

      const sensor = await connectMqttJs(t, broker.listener('tcp'), login('sensor-1'));
      await sensor.subscribe('commands/sensor-1/#', { qos: 1 });
      const pending = run('open', { ...login('dashboard'), protocolVersion: 5 });
      await sensor.waitForPayload('from the page');
      await sensor.publish('sensors/sensor-1/t', '21', { qos: 1 });
      await sensor.publish('sensors/sensor-1/t', '22', { qos: 1 });
      assert.deepEqual(await pending, {
        outcome: 0,
        granted: [1, 0x87],
        denied: 0x87,
        messages: ['sensors/sensor-1/t 21', 'sensors/sensor-1/t 22'],
      });

      const wrong = { username: 'dashboard', password: 'wrong' };
      assert.equal((await run('open', { ...wrong, protocolVersion: 5 })).outcome, 0x86);
      assert.equal((await run('open', { ...wrong, protocolVersion: 4 })).outcome, 5);

      for (const name of ['other', 'none']) {
        const refused = await run(name, { ...login('dashboard'), protocolVersion: 5 });
        assert.equal(typeof refused.outcome, 'string');
        const { origin } = page;
        await broker.waitForLog(
          'websocket_refused',
          (entry) => entry['listener'] === name && JSON.stringify(entry).includes(origin),
        );
      }
    });
  }
});
