import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import type { ListenerSettings, TlsSettings } from '../../../src/config/configuration.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Certificate } from '../../support/certificates.ts';
import { CertificateAuthority, testCertificates } from '../../support/certificates.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { mustRun } from '../../support/run-program.ts';
import { needs } from '../../support/skip-reason.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { ListenerFixture, tlsSettings, turns } from './listener-fixture.ts';
import { channelOf, keyPair, secureClient } from './secure-client.ts';

const openssl = { timeout: 30_000, skip: needs('openssl') };

interface Served extends Certificate {
  readonly folder: string;
}

/** A folder with a pair of files that a test may replace. */
async function servedFolder(): Promise<Served> {
  const folder = temporaryDirectory('served');
  const served = { folder, certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  place((await testCertificates()).server, served);
  return served;
}

/** Replaces each file by rename, as certificate tools do. */
function place(from: Certificate, to: Certificate): void {
  for (const file of ['certFile', 'keyFile'] as const) {
    copyFileSync(from[file], `${to[file]}.new`);
    renameSync(`${to[file]}.new`, to[file]);
  }
}

function serial({ certFile }: Certificate): string {
  return new X509Certificate(readFileSync(certFile)).serialNumber;
}

/** The serial number of the certificate that a new handshake shows. */
async function servedSerial(fixture: ListenerFixture): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: fixture.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

function secureListener(tls: TlsSettings): Partial<ListenerSettings> {
  return { name: 'secure', protocol: 'tls', tls };
}

/** Row P5: files reload on change, the last good set stays on error. */
describe('reload of TLS files', openssl, () => {
  test('reloadTls serves the new pair to new handshakes; open connections stay', async () => {
    const served = await servedFolder();
    const { authority, server } = await testCertificates();
    const fixture = await ListenerFixture.open({ settings: secureListener(tlsSettings(served)) });
    const client = await secureClient('tls', fixture.port);
    const reader = await fixture.channel();
    assert.equal(await servedSerial(fixture), serial(server));

    const renewed = await authority.server();
    place(renewed, served);
    await fixture.listener.reloadTls();
    assert.equal(await servedSerial(fixture), serial(renewed));
    client.send('still here');
    assert.equal(await reader.text(10), 'still here');
    client.destroy();
    await fixture.close();
  });

  test('a handshake under way ends with the pair it began with', async () => {
    const served = await servedFolder();
    const { authority, server } = await testCertificates();
    const fixture = await ListenerFixture.open({ settings: secureListener(tlsSettings(served)) });
    const raw = await fixture.connect();
    await fixture.untilAccepted(1);
    place(await authority.server(), served);
    await fixture.listener.reloadTls();
    const socket = connect({ socket: raw, servername: 'localhost', ca: readFileSync(authority.caFile) });
    await once(socket, 'secureConnect');
    assert.equal(socket.getPeerCertificate().serialNumber, serial(server));
    socket.destroy();
    await fixture.close();
  });

  test('files that changed are found without being told', async () => {
    const served = await servedFolder();
    const { authority } = await testCertificates();
    const fixture = await ListenerFixture.open({
      settings: secureListener(tlsSettings(served)),
      clock: systemClock,
    });
    const renewed = await authority.server();
    place(renewed, served);
    await fixture.logged('tls_reloaded');
    assert.equal(await servedSerial(fixture), serial(renewed));
    await fixture.close();
  });

  test('so is the swap of a link to their folder, as Kubernetes does it, again and again', async () => {
    const { authority } = await testCertificates();
    const folder = temporaryDirectory('mounted');
    const pairs = [await authority.server(), await authority.server(), await authority.server()];
    const mount = (index: number): void => {
      const pair = pairs[index] as Certificate;
      mkdirSync(join(folder, `..version-${index}`));
      copyFileSync(pair.certFile, join(folder, `..version-${index}`, 'cert.pem'));
      copyFileSync(pair.keyFile, join(folder, `..version-${index}`, 'key.pem'));
      symlinkSync(`..version-${index}`, join(folder, '..data.new'));
      renameSync(join(folder, '..data.new'), join(folder, '..data'));
    };
    mount(0);
    for (const name of ['cert.pem', 'key.pem']) symlinkSync(join('..data', name), join(folder, name));
    const tls = tlsSettings({ certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') });
    const fixture = await ListenerFixture.open({ settings: secureListener(tls), clock: systemClock });
    for (const index of [1, 2]) {
      mount(index);
      await fixture.logged('tls_reloaded');
      assert.equal(await servedSerial(fixture), serial(pairs[index] as Certificate));
      fixture.log.length = 0;
    }
    await fixture.close();
  });

  test('so is a change behind a link, also after the link leads elsewhere', async () => {
    const { authority } = await testCertificates();
    const [link, first, second] = [await servedFolder(), await servedFolder(), await servedFolder()];
    const leadTo = (target: Served): void => {
      for (const file of ['certFile', 'keyFile'] as const) {
        symlinkSync(target[file], `${link[file]}.new`);
        renameSync(`${link[file]}.new`, link[file]);
      }
    };
    const reloaded = async (expected: Certificate): Promise<void> => {
      await fixture.logged('tls_reloaded');
      assert.equal(await servedSerial(fixture), serial(expected));
      fixture.log.length = 0;
    };
    leadTo(first);
    const fixture = await ListenerFixture.open({
      settings: secureListener(tlsSettings(link)),
      clock: systemClock,
    });
    const renewed = [await authority.server(), await authority.server(), await authority.server()] as const;
    place(renewed[0], first);
    await reloaded(renewed[0]);
    place(renewed[1], second);
    leadTo(second);
    await reloaded(renewed[1]);
    place(renewed[2], second);
    await reloaded(renewed[2]);
    await fixture.close();
  });

  test('a bad pair keeps the last good one, is logged once, and mending it is noticed', async () => {
    const served = await servedFolder();
    const { authority, server } = await testCertificates();
    const fixture = await ListenerFixture.open({
      settings: secureListener(tlsSettings(served)),
      clock: systemClock,
    });
    writeFileSync(served.certFile, 'not a certificate');
    const { fields } = await fixture.logged('tls_reload_failed');
    assert.match(
      String(fields['reason']),
      /listener "secure": tls\.cert_file ".*cert\.pem": holds no certificate; give /,
    );
    assert.equal(await servedSerial(fixture), serial(server));
    await assert.rejects(fixture.listener.reloadTls(), {
      name: 'ListenerError',
      message: String(fields['reason']),
    });
    assert.equal(await servedSerial(fixture), serial(server));
    const renewed = await authority.server();
    place(renewed, served);
    await fixture.logged('tls_reloaded');
    assert.equal(await servedSerial(fixture), serial(renewed));
    const failures = fixture.log.filter(({ event }) => event === 'tls_reload_failed');
    assert.equal(failures.length, 2, 'one for the change and one for the reload that was asked for');
    await fixture.close();
  });

  test('a busy folder whose files stay as they are reloads nothing', async () => {
    const served = await servedFolder();
    const clock = new FakeClock();
    const fixture = await ListenerFixture.open({ settings: secureListener(tlsSettings(served)), clock });
    writeFileSync(join(served.folder, 'other'), 'x');
    while (clock.pendingTimers === 0) await turns(1);
    clock.advance(1000);
    const reloads = fixture.log.filter(
      ({ event }) => event === 'tls_reloaded' || event === 'tls_reload_failed',
    );
    assert.deepEqual(reloads, []);
    await fixture.close();
  });

  test('updateTls takes other paths and another verify, or keeps everything', async () => {
    const { authority, server } = await testCertificates();
    const fixture = await ListenerFixture.open({ settings: secureListener(tlsSettings(server)) });
    const other = await authority.server();
    const missing = tlsSettings(other, { verify: true, caFile: join(authority.directory, 'missing.pem') });
    await assert.rejects(
      fixture.listener.updateTls(missing),
      /tls\.ca_file ".*missing\.pem": cannot be read \(ENOENT\)/,
    );
    assert.equal(await servedSerial(fixture), serial(server));

    await fixture.listener.updateTls(tlsSettings(other, { verify: true, caFile: authority.caFile }));
    const bare = await secureClient('tls', fixture.port);
    assert.equal(await channelOf(fixture, bare), undefined);
    const known = await secureClient('tls', fixture.port, keyPair(await authority.client('sensor')));
    assert.ok((await channelOf(fixture, known)) !== undefined);
    known.destroy();
    await fixture.close();
  });

  test('a new CA is what clients are verified against, sessions of the old one included', async () => {
    const { server } = await testCertificates();
    const [first, second] = [
      await CertificateAuthority.create('first'),
      await CertificateAuthority.create('second'),
    ];
    const caFile = join(temporaryDirectory('ca'), 'ca.pem');
    copyFileSync(first.caFile, caFile);
    const settings = secureListener(tlsSettings(server, { verify: true, caFile }));
    const fixture = await ListenerFixture.open({ settings });
    const [ofFirst, ofSecond] = [await first.client('a'), await second.client('b')];
    for (const [good, bad] of [
      [ofFirst, ofSecond],
      [ofSecond, ofFirst],
    ] as const) {
      const admitted = await secureClient('tls', fixture.port, keyPair(good));
      assert.ok((await channelOf(fixture, admitted)) !== undefined);
      admitted.destroy();
      const refused = await secureClient('tls', fixture.port, keyPair(bad));
      assert.equal(await channelOf(fixture, refused), undefined);
      copyFileSync(second.caFile, caFile);
      await fixture.listener.reloadTls();
    }
    await fixture.close();
  });
});

describe('TLS files at start', openssl, () => {
  const rejects = async (tls: TlsSettings, message: RegExp): Promise<void> => {
    for (const protocol of ['tls', 'wss'] as const) {
      await assert.rejects(ListenerFixture.open({ settings: { ...secureListener(tls), protocol } }), {
        name: 'ListenerError',
        message,
      });
    }
  };

  test('each error names the file and the remedy', async () => {
    const { authority, server } = await testCertificates();
    const folder = temporaryDirectory('bad-files');
    const encrypted = join(folder, 'encrypted.pem');
    await mustRun('openssl', [
      'pkey',
      '-in',
      server.keyFile,
      '-aes256',
      '-passout',
      'pass:secret',
      '-out',
      encrypted,
    ]);
    const garbage = join(folder, 'garbage.pem');
    writeFileSync(garbage, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const weak = { certFile: join(folder, 'weak.pem'), keyFile: join(folder, 'weak-key.pem') };
    const weakKey = [
      '-newkey',
      'rsa:1024',
      '-nodes',
      '-keyout',
      weak.keyFile,
      '-out',
      weak.certFile,
      '-subj',
      '/CN=weak',
    ];
    await mustRun('openssl', ['req', '-x509', ...weakKey]);
    const foreignKey = (await authority.server()).keyFile;

    await rejects(
      tlsSettings({ ...server, certFile: join(folder, 'none.pem') }),
      /tls\.cert_file ".*none\.pem": cannot be read \(ENOENT\); give a PEM file/,
    );
    await rejects(tlsSettings({ ...server, certFile: folder }), /tls\.cert_file .*cannot be read \(EISDIR\)/);
    await rejects(
      tlsSettings({ ...server, certFile: server.keyFile }),
      /tls\.cert_file .*holds no certificate; /,
    );
    await rejects(
      tlsSettings({ ...server, keyFile: join(folder, 'none.pem') }),
      /tls\.key_file .*cannot be read/,
    );
    await rejects(
      tlsSettings({ ...server, keyFile: server.certFile }),
      /tls\.key_file .*holds no private key; /,
    );
    await rejects(
      tlsSettings({ ...server, keyFile: encrypted }),
      /tls\.key_file .*encrypted private key; store it unencrypted/,
    );
    await rejects(
      tlsSettings({ ...server, keyFile: foreignKey }),
      /tls\.key_file .*is not the key of the certificate in ".*"; give the two files/,
    );
    await rejects(
      tlsSettings(weak),
      /tls\.cert_file .*refused by OpenSSL \(ERR_SSL_EE_KEY_TOO_SMALL\); issue a certificate/,
    );
    await rejects(
      tlsSettings(server, { verify: true }),
      /tls\.ca_file "": is missing although verify is on; give /,
    );
    await rejects(
      tlsSettings(server, { verify: true, caFile: server.keyFile }),
      /tls\.ca_file .*holds no certificate; /,
    );
    await rejects(
      tlsSettings(server, { verify: true, caFile: garbage }),
      /tls\.ca_file .*certificate 1 is not valid PEM; /,
    );
    const crl = { verify: true, caFile: authority.caFile, crlFile: garbage };
    await rejects(
      tlsSettings(server, crl),
      /tls\.crl_file ".*garbage\.pem": is refused by OpenSSL .*; give a PEM file with the CRL/,
    );
  });

  test('a certificate out of its time serves, with a warning', async () => {
    const { server } = await testCertificates();
    for (const [now, expected] of [
      [Date.now() + 365 * 86_400_000, 1],
      [Date.now() - 365 * 86_400_000, 1],
      [Date.now() + 60_000, 0],
    ] as const) {
      const fixture = await ListenerFixture.open({
        settings: secureListener(tlsSettings(server)),
        clock: new FakeClock(now),
      });
      const warnings = fixture.log.filter(({ event }) => event === 'tls_certificate_invalid_now');
      assert.equal(warnings.length, expected);
      assert.equal(await servedSerial(fixture), serial(server));
      await fixture.close();
    }
  });
});
