import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import type { Certificate, TestCertificates } from '../support/certificates.ts';
import { CertificateAuthority, testCertificates } from '../support/certificates.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { loginOf, passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { connackCode } from './support/requests.ts';

const protocols = ['tls', 'wss'] as const;

/** Only the verified leaf counts, only where the listener verifies, and in this version it is nobody's credential. */
describe('TH14 certificates', { skip: needs('openssl') }, () => {
  let made: TestCertificates;
  let stranger: Certificate;
  let known: Certificate;

  before(async () => {
    made = await testCertificates();
    stranger = await (await CertificateAuthority.create('Stranger')).client('device');
    known = await made.authority.client('device');
  });

  const start = (t: Parameters<typeof startBroker>[0], verify: boolean): Promise<BrokerProcess> => {
    const tls = {
      cert_file: made.server.certFile,
      key_file: made.server.keyFile,
      ca_file: made.authority.caFile,
      verify,
    };
    return startBroker(t, {
      config: { listeners: protocols.map((protocol) => ({ name: protocol, protocol, port: 0, tls })) },
      security: { clients: [passwordClient('device', [{ access: 'readWrite', topic: '#' }])] },
    });
  };

  let chains = 0;
  /** A leaf with further certificates behind it. */
  const chained = (leaf: Certificate, ...others: readonly Certificate[]): Certificate => {
    const certFile = join(made.authority.directory, `chain-${++chains}.pem`);
    writeFileSync(certFile, [leaf, ...others].map((one) => readFileSync(one.certFile, 'utf8')).join(''));
    return { certFile, keyFile: leaf.keyFile };
  };

  test('without verify a certificate is nothing: neither a help nor a hindrance', async (t) => {
    const broker = await start(t, false);
    for (const protocol of protocols) {
      const listener = broker.listener(protocol);
      for (const certificate of [known, stranger, chained(stranger, known)]) {
        assert.equal(await connackCode(listener, { clientId: 'device' }, { certificate }), 0x86);
        assert.equal(await connackCode(listener, { username: 'device' }, { certificate }), 0x86);
        assert.equal(await connackCode(listener, { ...loginOf('device', 'wrong') }, { certificate }), 0x86);
        assert.equal(await connackCode(listener, { ...loginOf('device') }, { certificate }), 0);
      }
    }
  });

  test('with verify a certificate of another CA gets no connection, whatever stands behind it in the chain', async (t) => {
    const broker = await start(t, true);
    for (const protocol of protocols) {
      for (const certificate of [undefined, stranger, chained(stranger, known)]) {
        const attempt = async (): Promise<void> => {
          const client = await AttackingClient.open(
            broker.listener(protocol),
            certificate === undefined ? {} : { certificate },
          );
          // In TLS 1.3 the client learns of the refusal with the first answer.
          client.send(connectWith(loginOf('device')));
          await client.next();
        };
        await assert.rejects(attempt(), /closed|ended|alert|socket hang up/);
      }
    }
    assert.equal(broker.logs().filter(({ event }) => event === 'client_connected').length, 0);
  });

  test('with verify a good certificate is no credential, and others behind it are none either', async (t) => {
    const broker = await start(t, true);
    const other = await made.authority.client('other');
    for (const protocol of protocols) {
      const listener = broker.listener(protocol);
      for (const certificate of [known, chained(other, known), chained(known, stranger)]) {
        assert.equal(await connackCode(listener, { clientId: 'device' }, { certificate }), 0x86);
        assert.equal(await connackCode(listener, { username: 'device' }, { certificate }), 0x86);
        assert.equal(await connackCode(listener, { ...loginOf('device') }, { certificate }), 0);
      }
    }
  });

  test('mosquitto_pub with a certificate alone is refused', {
    skip: needs(...mosquittoPrograms),
  }, async (t) => {
    const broker = await start(t, true);
    const { port } = broker.listener('tls');
    const tls = { caFile: made.authority.caFile, ...known };
    const connection = { host: 'localhost', port, tls, clientId: 'device' };
    const message = { topic: 'a', payload: 'b' };
    assert.equal((await mosquittoPublish(connection, message)).connack, 5);
    const login = { ...connection, username: 'device', password: testPassword };
    assert.equal((await mosquittoPublish(login, message)).connack, 0);
  });
});
