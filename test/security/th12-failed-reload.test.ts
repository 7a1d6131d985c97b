import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { AttackingClient } from '../support/attacking-client.ts';
import { baseConfiguration, startBroker } from '../support/broker-process.ts';
import { testCertificates } from '../support/certificates.ts';
import { loginOf, passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { reload } from './support/reload.ts';
import { connackCode, login, publish, subscribe } from './support/requests.ts';

const rights = [
  { access: 'readWrite', topic: 'plant/#' },
  { effect: 'deny', access: 'readWrite', topic: 'plant/secret' },
] as const;
const good = { clients: [passwordClient('device', rights)] };

const bad: Readonly<Record<string, string>> = {
  'no YAML': 'clients: [',
  'an unknown key': 'clients: []\nclient: []\n',
  'a record without a password':
    'clients:\n  - { name: a, authentication: { kind: password, username: a } }\n',
  'an unknown role': stringify({ clients: [passwordClient('device', rights, { roles: ['not-there'] })] }),
  'a malformed filter': stringify({
    clients: [passwordClient('device', [{ access: 'read', topic: 'a/#/b' }])],
  }),
  'bytes that are no UTF-8': '\u{FFFD}',
};

describe('TH12 a reload that fails', () => {
  test('keeps the last good set and everybody connected', async (t) => {
    const broker = await startBroker(t, { security: good });
    const live = await login(broker.listener(), 'device');
    await subscribe(live, 'plant/#');
    for (const [what, text] of Object.entries(bad)) {
      const bytes = what === 'bytes that are no UTF-8' ? Buffer.from([0x63, 0xff, 0xfe]) : text;
      writeFileSync(join(broker.directory, 'security.yaml'), bytes);
      await reload(broker, {}, 'configuration_rejected');
      // The one who was there goes on, under the same rights.
      assert.equal(await publish(live, 'plant/secret'), 0x87, what);
      assert.equal(await publish(live, 'other'), 0x87, what);
      live.send({ type: 'pingreq' });
      await live.nextOf('pingresp');
      // And so does everybody who comes.
      assert.equal(await connackCode(broker.listener(), { ...loginOf('device'), clientId: 'new' }), 0, what);
      assert.equal(
        await connackCode(broker.listener(), { ...loginOf('device', 'x'), clientId: 'n' }),
        0x86,
        what,
      );
      assert.equal(await connackCode(broker.listener(), { clientId: 'n' }), 0x86, what);
    }
    assert.equal(await publish(live, 'plant/x'), 0);
    await reload(broker, { 'security.yaml': good });
    assert.equal(await publish(live, 'plant/x'), 0);
    live.destroy();
  });

  test('a missing security file does the same', async (t) => {
    const broker = await startBroker(t, { security: good });
    const live = await login(broker.listener(), 'device');
    const config = { ...baseConfiguration, security_file: 'gone.yaml' };
    await reload(broker, { 'portcullis.yaml': config }, 'configuration_rejected');
    assert.equal(await publish(live, 'plant/x'), 0);
    assert.equal(await connackCode(broker.listener(), { ...loginOf('device'), clientId: 'new' }), 0);
  });

  test('a good file that comes with a bad one is not taken either', async (t) => {
    const broker = await startBroker(t, { security: good });
    const wider = { clients: [passwordClient('device', [{ access: 'readWrite', topic: '#' }])] };
    const files = { 'security.yaml': wider, 'portcullis.yaml': 'mqtt: { max_packet_size: 10 }\n' };
    await reload(broker, files, 'configuration_rejected');
    const client = await login(broker.listener(), 'device');
    assert.equal(await publish(client, 'plant/secret'), 0x87);
  });

  test('a bad certificate keeps the last good one and everybody connected', {
    skip: needs('openssl'),
  }, async (t) => {
    const { authority, server } = await testCertificates();
    const tls = { cert_file: server.certFile, key_file: server.keyFile };
    const listeners = [{ name: 'tls', protocol: 'tls', port: 0, tls: { ...tls } }];
    const broker = await startBroker(t, { security: good, config: { listeners } });
    const options = { caFile: authority.caFile };
    const live = await login(broker.listener('tls'), 'device', {}, options);
    const config = {
      ...baseConfiguration,
      security_file: 'security.yaml',
      listeners: [{ ...listeners[0], tls: { ...tls, cert_file: 'broken.pem' } }],
    };
    writeFileSync(join(broker.directory, 'portcullis.yaml'), stringify(config));
    writeFileSync(join(broker.directory, 'broken.pem'), 'no certificate');
    broker.kill('SIGHUP');
    await broker.waitForLog('tls_reload_failed');
    assert.equal(await publish(live, 'plant/x'), 0);
    const next = await AttackingClient.connected(
      broker.listener('tls'),
      { ...loginOf('device'), clientId: 'new' },
      options,
    );
    next.destroy();
  });
});
