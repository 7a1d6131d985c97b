import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { sharedBroker } from '../support/broker-process.ts';
import type { TestCertificates } from '../support/certificates.ts';
import { CertificateAuthority, testCertificates } from '../support/certificates.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

const topic = 'sensors/sensor-1/t';

describe('TLS and mutual TLS', { skip: needs(...mosquittoPrograms, 'openssl') }, () => {
  let certificates: TestCertificates;
  const broker = sharedBroker(async () => {
    certificates = await testCertificates();
    const { authority, server } = certificates;
    const own = { cert_file: server.certFile, key_file: server.keyFile };
    const verified = { ...own, verify: true, ca_file: authority.caFile };
    const listeners = [
      { name: 'one-way', protocol: 'tls', port: 0, tls: own },
      { name: 'newest', protocol: 'tls', port: 0, tls: { ...own, min_version: 'TLSv1.3' } },
      { name: 'mutual', protocol: 'tls', port: 0, tls: verified },
      { name: 'mutual-ws', protocol: 'wss', port: 0, tls: verified },
    ];
    return { config: { listeners }, security: plant };
  });

  const connectAs = (t: TestContext, listener: string, shown: object = {}, more: object = {}) => {
    const tls = { caFile: certificates.authority.caFile, ...shown };
    return connectMqttJs(t, broker().listener(listener), { ...login('sensor-1'), tls, more });
  };

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${version} is spoken, with and without a client certificate`, async (t) => {
      const only = { minVersion: version, maxVersion: version };
      for (const listener of ['one-way', 'mutual']) {
        const shown = listener === 'mutual' ? await certificates.authority.client('gateway') : {};
        const sensor = await connectAs(t, listener, shown, only);
        assert.equal((sensor.client.stream as unknown as TLSSocket).getProtocol(), version);
        assert.equal(await sensor.publish(topic, '21', { qos: 1 }), 0);
      }
    });
  }

  test('min_version: TLSv1.3 refuses 1.2', async (t) => {
    const old = await connectAs(t, 'newest', {}, { maxVersion: 'TLSv1.2' });
    assert.deepEqual([old.connackCode, old.closed], [undefined, true]);
    assert.equal((await connectAs(t, 'newest')).connackCode, 0);
  });

  test("mosquitto's client without a certificate, or with a stranger's, is refused", async () => {
    const { authority } = certificates;
    const publish = (shown: object) => {
      const tls = { caFile: authority.caFile, ...shown };
      return mosquittoPublish(
        { ...broker().listener('mutual'), ...login('sensor-1'), tls },
        { topic, payload: '21', qos: 1 },
      );
    };
    const stranger = await (await CertificateAuthority.create('Somebody else')).client('gateway');
    for (const shown of [{}, stranger]) {
      const { exitCode, connack } = await publish(shown);
      assert.notEqual(exitCode, 0);
      assert.equal(connack, undefined);
    }
    assert.deepEqual((await publish(await authority.client('gateway'))).acknowledged, [0]);
  });

  for (const listener of ['mutual', 'mutual-ws']) {
    test(`${listener}: without a certificate of the right authority nobody gets as far as CONNECT`, async (t) => {
      const stranger = await (await CertificateAuthority.create('Somebody else')).client('gateway');
      for (const shown of [{}, stranger]) {
        const refused = await connectAs(t, listener, shown);
        assert.deepEqual([refused.connackCode, refused.closed], [undefined, true]);
        await broker().waitForLog('tls_handshake_failed', (entry) => entry['listener'] === listener);
      }
      const welcome = await connectAs(t, listener, await certificates.authority.client('gateway'));
      assert.equal(await welcome.publish(topic, '21', { qos: 1 }), 0);
    });
  }

  test('a certificate alone is no login while passwords are asked for (row C1)', async (t) => {
    const { authority } = certificates;
    const tls = { caFile: authority.caFile, ...(await authority.client('sensor-1')) };
    const nameless = await connectMqttJs(t, broker().listener('mutual'), { tls });
    assert.equal(nameless.connackCode, 0x86);
    const wrong = { tls, username: 'sensor-1', password: 'wrong' };
    assert.equal((await connectMqttJs(t, broker().listener('mutual'), wrong)).connackCode, 0x86);
  });
});
