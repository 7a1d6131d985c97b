import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { connect } from 'node:tls';
import type { TlsSettings } from '../../../src/config/configuration.ts';
import type { Certificate } from '../../support/certificates.ts';
import { CertificateAuthority, testCertificates } from '../../support/certificates.ts';
import { mustRun } from '../../support/run-program.ts';
import { needs } from '../../support/skip-reason.ts';
import { collectUntilClosed, ListenerFixture, tlsSettings, turns, verifyingTls } from './listener-fixture.ts';
import { revocationList } from './revocation-list.ts';
import { channelOf, keyPair, secureClient } from './secure-client.ts';

const protocols = ['tls', 'wss'] as const;
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

function only(version: (typeof versions)[number]): ConnectionOptions {
  return { minVersion: version, maxVersion: version };
}

type Unacceptable = readonly [name: string, certificate: () => Promise<ConnectionOptions>, reason: RegExp];

const unacceptable: readonly Unacceptable[] = [
  ['no certificate', async () => ({}), /PEER_DID_NOT_RETURN_A_CERTIFICATE/],
  [
    'a certificate of another CA of the same name',
    async () => keyPair(await (await CertificateAuthority.create()).client('sensor')),
    /client certificate refused: (?:CERT_SIGNATURE_FAILURE|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT)/,
  ],
  [
    'an expired certificate',
    async () => keyPair(await expired()),
    /client certificate refused: CERT_HAS_EXPIRED/,
  ],
  [
    'a server certificate',
    async () => keyPair((await testCertificates()).server),
    /client certificate refused: INVALID_PURPOSE/,
  ],
  [
    'a self-signed certificate',
    async () => keyPair(await selfSigned()),
    /client certificate refused: DEPTH_ZERO_SELF_SIGNED_CERT/,
  ],
];

async function expired(): Promise<Certificate> {
  const { authority } = await testCertificates();
  return authority.issue({ subject: '/CN=sensor', days: -1 });
}

async function selfSigned(): Promise<Certificate> {
  const { authority } = await testCertificates();
  const made = {
    certFile: join(authority.directory, 'self.pem'),
    keyFile: join(authority.directory, 'self-key.pem'),
  };
  await mustRun('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
    ...['-keyout', made.keyFile, '-out', made.certFile, '-subj', '/CN=sensor'],
  ]);
  return made;
}

/** Row T2, and TH13: every case runs on both kinds of secure listener. */
for (const protocol of protocols) {
  const open = (tls: TlsSettings): Promise<ListenerFixture> =>
    ListenerFixture.open({ settings: { protocol, tls } });

  describe(`${protocol} listener`, { timeout: 30_000, skip: needs('openssl') }, () => {
    for (const version of versions) {
      test(`one-way ${version}: carries bytes, and the peer has no certificate although it sent one`, async () => {
        const { authority, server } = await testCertificates();
        const fixture = await open(tlsSettings(server));
        const client = await secureClient(protocol, fixture.port, {
          ...only(version),
          ...keyPair(await authority.client('sensor')),
        });
        const reader = await fixture.channel();
        await client.opened;
        assert.equal(client.tls().getProtocol(), version);
        client.send('hello');
        assert.equal(await reader.text(5), 'hello');
        assert.equal(reader.channel.peer.protocol, protocol);
        assert.equal(reader.channel.peer.certificate, undefined);
        client.destroy();
        await fixture.close();
      });

      test(`mutual ${version}: the peer is known by the very certificate it proved`, async () => {
        const { authority } = await testCertificates();
        const fixture = await open(await verifyingTls());
        const certificate = await authority.client('sensor-001');
        const client = await secureClient(protocol, fixture.port, {
          ...only(version),
          ...keyPair(certificate),
        });
        const reader = await fixture.channel();
        await client.opened;
        client.send('hello');
        assert.equal(await reader.text(5), 'hello');
        assert.deepEqual(
          reader.channel.peer.certificate,
          new X509Certificate(readFileSync(certificate.certFile)).raw,
        );
        client.destroy();
        await fixture.close();
      });

      for (const [name, certificate, reason] of unacceptable) {
        test(`mutual ${version}: ${name} is refused, with the reason in the log`, async () => {
          const fixture = await open(await verifyingTls());
          const client = await secureClient(protocol, fixture.port, {
            ...only(version),
            ...(await certificate()),
          });
          assert.equal(await channelOf(fixture, client), undefined);
          await fixture.untilReleased(1);
          const { fields } = await fixture.logged('tls_handshake_failed');
          assert.match(String(fields['reason']), reason);
          assert.equal(fields['address'], '127.0.0.1');
          assert.equal(fixture.channels.length, 0);
          await fixture.close();
        });
      }

      test(`mutual ${version}: a certificate on the revocation list is refused, another is not`, async () => {
        const authority = await CertificateAuthority.create('revoking');
        const [bad, good] = [await authority.client('bad'), await authority.client('good')];
        const crlFile = await revocationList(authority, [bad]);
        const fixture = await open(await verifyingTls({ caFile: authority.caFile, crlFile }));
        const refused = await secureClient(protocol, fixture.port, { ...only(version), ...keyPair(bad) });
        assert.equal(await channelOf(fixture, refused), undefined);
        assert.match(String((await fixture.logged('tls_handshake_failed')).fields['reason']), /CERT_REVOKED/);
        const admitted = await secureClient(protocol, fixture.port, { ...only(version), ...keyPair(good) });
        assert.ok((await channelOf(fixture, admitted)) !== undefined);
        admitted.destroy();
        await fixture.close();
      });
    }

    test('a client below min_version is refused', async () => {
      const { server } = await testCertificates();
      const fixture = await open(tlsSettings(server, { minVersion: 'TLSv1.3' }));
      const client = await secureClient(protocol, fixture.port, only('TLSv1.2'));
      assert.equal(await channelOf(fixture, client), undefined);
      const { fields } = await fixture.logged('tls_handshake_failed');
      assert.equal(fields['reason'], 'ERR_SSL_UNSUPPORTED_PROTOCOL');
      await fixture.close();
    });
  });
}

describe('application protocols', { timeout: 30_000, skip: needs('openssl') }, () => {
  const cases = [
    ['tls', ['mqtt'], 'mqtt'],
    ['tls', ['x', 'mqtt'], 'mqtt'],
    ['tls', undefined, false],
    ['wss', ['h2', 'http/1.1'], 'http/1.1'],
    ['tls', ['http/1.1'], 'refused'],
    ['wss', ['mqtt'], 'refused'],
  ] as const;
  for (const [protocol, offered, chosen] of cases) {
    test(`${protocol}: of ${offered ?? 'none'}, ${chosen} is chosen`, async () => {
      const { authority, server } = await testCertificates();
      const fixture = await ListenerFixture.open({ settings: { protocol, tls: tlsSettings(server) } });
      const socket = connect({
        host: '127.0.0.1',
        port: fixture.port,
        servername: 'localhost',
        ca: readFileSync(authority.caFile),
        ...(offered && { ALPNProtocols: [...offered] }),
      });
      if (chosen === 'refused') {
        const [error] = await once(socket, 'error');
        assert.match(error.code, /NO_APPLICATION_PROTOCOL/);
      } else {
        await once(socket, 'secureConnect');
        assert.equal(socket.alpnProtocol, chosen);
      }
      socket.destroy();
      await fixture.untilAccepted(1);
      await fixture.close();
    });
  }
});

/** TH30: with verify on, no session outlives its handshake. */
describe('session resumption', { timeout: 30_000, skip: needs('openssl') }, () => {
  for (const version of versions) {
    test(`${version}: works without verify, which shows that this test can see it`, async () => {
      const { server } = await testCertificates();
      const fixture = await ListenerFixture.open({ settings: { protocol: 'tls', tls: tlsSettings(server) } });
      const session = await sessionOf(fixture, only(version));
      assert.ok(session !== undefined);
      const client = await secureClient('tls', fixture.port, { ...only(version), session });
      await client.opened;
      assert.equal(client.tls().isSessionReused(), true);
      client.destroy();
      await fixture.untilAccepted(2);
      await fixture.close();
    });

    for (const protocol of protocols) {
      test(`${version}: a session of a verified ${protocol} client resumes nothing`, async () => {
        const { authority } = await testCertificates();
        const fixture = await ListenerFixture.open({ settings: { protocol, tls: await verifyingTls() } });
        const identity = keyPair(await authority.client('sensor'));
        const session = await sessionOf(fixture, { ...only(version), ...identity });

        const again = await secureClient(protocol, fixture.port, {
          ...only(version),
          ...identity,
          ...(session && { session }),
        });
        const reader = await channelOf(fixture, again);
        assert.ok(reader !== undefined);
        await again.opened;
        assert.equal(again.tls().isSessionReused(), false);
        assert.ok(reader.channel.peer.certificate !== undefined);

        const bare = await secureClient(protocol, fixture.port, {
          ...only(version),
          ...(session && { session }),
        });
        assert.equal(await channelOf(fixture, bare), undefined);
        again.destroy();
        await fixture.close();
      });
    }
  }

  /** A session that a first connection was given, if any. */
  async function sessionOf(
    fixture: ListenerFixture,
    options: ConnectionOptions,
  ): Promise<Buffer | undefined> {
    const client = await secureClient('tls', fixture.port, options);
    let session: Buffer | undefined;
    client.tls().on('session', (given: Buffer) => {
      session = given;
    });
    await client.opened;
    // Tickets of TLS 1.3 come after the handshake; the end of the connection comes after them.
    client.tls().end();
    await client.closed;
    return session ?? (client.tls().getSession() as Buffer | undefined);
  }
});

describe('what a handshake may do', { timeout: 30_000, skip: needs('openssl') }, () => {
  test('bytes that are no TLS, a reset and an early end are closed and logged, and nothing else', async () => {
    const { server } = await testCertificates();
    const fixture = await ListenerFixture.open({ settings: { protocol: 'tls', tls: tlsSettings(server) } });
    const plain = await fixture.connect();
    plain.write('101000044d5154540402003c0004');
    await collectUntilClosed(plain);
    const reset = await fixture.connect();
    reset.write(Buffer.from('1603010100', 'hex'));
    await turns(3);
    reset.resetAndDestroy();
    const ended = await fixture.connect();
    ended.end();
    await fixture.untilReleased(3);
    assert.equal(fixture.log.filter(({ event }) => event === 'tls_handshake_failed').length, 3);
    assert.equal(fixture.channels.length, 0);
    await fixture.close();
  });

  test('a TLS 1.2 client may not renegotiate', async () => {
    const { server } = await testCertificates();
    const fixture = await ListenerFixture.open({ settings: { protocol: 'tls', tls: tlsSettings(server) } });
    const client = await secureClient('tls', fixture.port, only('TLSv1.2'));
    await client.opened;
    const outcome = await new Promise((resolve) => {
      client.tls().on('error', resolve);
      client.tls().renegotiate({}, resolve);
    });
    assert.match(String(outcome), /NO_RENEGOTIATION|no renegotiation/i);
    client.destroy();
    await fixture.close();
  });

  test('a reset of an open TLS connection is told once', async () => {
    const { server } = await testCertificates();
    const fixture = await ListenerFixture.open({ settings: { protocol: 'tls', tls: tlsSettings(server) } });
    const raw = await fixture.connect();
    const { authority } = await testCertificates();
    const secure = connect({ socket: raw, servername: 'localhost', ca: readFileSync(authority.caFile) });
    secure.on('error', () => {});
    await once(secure, 'secureConnect');
    const reader = await fixture.channel();
    raw.resetAndDestroy();
    await reader.untilClosed();
    await fixture.close();
  });

  test('end sends what is queued and close_notify, then waits for the peer no longer than the linger', async () => {
    const { server } = await testCertificates();
    const fixture = await ListenerFixture.open({ settings: { protocol: 'tls', tls: tlsSettings(server) } });
    const client = await secureClient('tls', fixture.port);
    await client.opened;
    const received = collectUntilClosed(client.tls());
    const reader = await fixture.channel();
    reader.channel.write(Buffer.from('goodbye'));
    reader.channel.end(1000);
    assert.equal((await received).toString(), 'goodbye');
    assert.equal(await client.closed, undefined);
    await fixture.close();
  });
});
