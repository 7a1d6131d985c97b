import assert from 'node:assert/strict';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import type { Certificate } from '../support/certificates.ts';
import { CertificateAuthority } from '../support/certificates.ts';
import type { MqttJsClient } from '../support/mqtt-js.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { login, plant } from './plant.ts';

/** Replaces a file as a careful program does: complete or not at all. */
function replaceFile(target: string, source: string): void {
  copyFileSync(source, `${target}.new`);
  renameSync(`${target}.new`, target);
}

function install(folder: string, { certFile, keyFile }: Certificate): void {
  replaceFile(join(folder, 'key.pem'), keyFile);
  replaceFile(join(folder, 'cert.pem'), certFile);
}

function certificateShownTo(client: MqttJsClient): string {
  return (client.client.stream as unknown as TLSSocket).getPeerX509Certificate()?.subject ?? '';
}

describe('certificates are replaced while the broker runs', { skip: needs('openssl') }, () => {
  const issue = (authority: CertificateAuthority, name: string): Promise<Certificate> =>
    authority.issue({
      subject: `/CN=${name}`,
      subjectAltName: 'DNS:localhost,IP:127.0.0.1',
      usage: 'serverAuth',
    });

  async function start(t: TestContext) {
    const authority = await CertificateAuthority.create();
    const folder = temporaryDirectory('tls');
    install(folder, await issue(authority, 'first'));
    const files = { cert_file: join(folder, 'cert.pem'), key_file: join(folder, 'key.pem') };
    const tls = { ...files, ca_file: join(folder, 'ca.pem'), verify: true };
    replaceFile(tls.ca_file, authority.caFile);
    const broker = await startBroker(t, {
      config: {
        listeners: [
          { name: 'tls', protocol: 'tls', port: 0, tls: files },
          { name: 'mutual', protocol: 'tls', port: 0, tls },
        ],
      },
      security: plant,
    });
    const connectTo = async (listener: string, shown: Partial<Certificate> = {}): Promise<MqttJsClient> =>
      connectMqttJs(t, broker.listener(listener), {
        ...login('sensor-1'),
        tls: { caFile: authority.caFile, ...shown },
      });
    return { authority, folder, broker, connectTo };
  }

  const reloaded = (broker: BrokerProcess, listener: string, event = 'tls_reloaded') =>
    broker.waitForLog(event, (entry) => entry['listener'] === listener);

  test('a new pair serves new handshakes, and nobody is disconnected', async (t) => {
    const { authority, folder, broker, connectTo } = await start(t);
    const before = await connectTo('tls');
    assert.match(certificateShownTo(before), /CN=first/);
    install(folder, await issue(authority, 'second'));
    await reloaded(broker, 'tls');
    const after = await connectTo('tls');
    assert.match(certificateShownTo(after), /CN=second/);
    assert.equal(before.closed, false);
    assert.equal(await before.publish('sensors/sensor-1/t', '1', { qos: 1 }), 0);
  });

  test('a pair that does not fit, or is no certificate, leaves the last good one', async (t) => {
    const { authority, folder, broker, connectTo } = await start(t);
    replaceFile(join(folder, 'key.pem'), (await issue(authority, 'other')).keyFile);
    await reloaded(broker, 'tls', 'tls_reload_failed');
    assert.match(certificateShownTo(await connectTo('tls')), /CN=first/);
    writeFileSync(join(folder, 'cert.pem'), 'no certificate');
    broker.kill('SIGHUP');
    await broker.waitForLog('configuration_reloaded');
    assert.match(certificateShownTo(await connectTo('tls')), /CN=first/);
    install(folder, await issue(authority, 'third'));
    await reloaded(broker, 'tls');
    assert.match(certificateShownTo(await connectTo('tls')), /CN=third/);
  });

  test('another authority for clients holds for new handshakes', async (t) => {
    const { authority, folder, broker, connectTo } = await start(t);
    const known = await authority.client('gateway');
    const successor = await CertificateAuthority.create('Successor');
    const renewed = await successor.client('gateway');
    assert.equal((await connectTo('mutual', known)).connackCode, 0);
    assert.equal((await connectTo('mutual', renewed)).connackCode, undefined);
    replaceFile(join(folder, 'ca.pem'), successor.caFile);
    await reloaded(broker, 'mutual');
    assert.equal((await connectTo('mutual', renewed)).connackCode, 0);
    assert.equal((await connectTo('mutual', known)).connackCode, undefined);
  });

  test('SIGHUP takes a pair from other files', async (t) => {
    const { authority, broker, connectTo } = await start(t);
    const other = await issue(authority, 'elsewhere');
    const listeners = [
      { name: 'tls', protocol: 'tls', port: 0, tls: { cert_file: other.certFile, key_file: other.keyFile } },
    ];
    writeFileSync(broker.configFile, JSON.stringify({ security_file: 'security.yaml', listeners }));
    broker.kill('SIGHUP');
    await broker.waitForLog('configuration_reloaded');
    assert.match(certificateShownTo(await connectTo('tls')), /CN=elsewhere/);
  });
});
