import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { ListenerSettings } from '../../../src/config/configuration.ts';
import { testCertificates } from '../../support/certificates.ts';
import { needs } from '../../support/skip-reason.ts';
import { collectUntilClosed, ListenerFixture, tlsSettings, turns, writeSegment } from './listener-fixture.ts';
import { proxyV1 } from './proxy-headers.ts';
import { secureClient } from './secure-client.ts';

const connectTimeout = 5000;
const handshakeTimeout = 2000;
const proxied = { proxyProtocol: { trusted: ['127.0.0.1'] } } satisfies Partial<ListenerSettings>;

async function secureSettings(): Promise<Partial<ListenerSettings>> {
  return { tls: tlsSettings((await testCertificates()).server, { handshakeTimeout }) };
}

/** The connection lives until the last of its milliseconds, dripping bytes or not, and then is closed and logged. */
async function closesAfter(
  fixture: ListenerFixture,
  socket: Socket,
  expected: { readonly phase: string; readonly milliseconds: number },
  drip: readonly string[],
): Promise<void> {
  const closed = collectUntilClosed(socket);
  const step = Math.floor((expected.milliseconds - 1) / drip.length);
  for (const bytes of drip) {
    await writeSegment(socket, Buffer.from(bytes, 'latin1'));
    fixture.fakeClock.advance(step);
  }
  fixture.fakeClock.advance(expected.milliseconds - 1 - step * drip.length);
  await turns(5);
  assert.equal(fixture.released, 0, 'not before its time');
  fixture.fakeClock.advance(1);
  await fixture.untilReleased(1);
  // A peer that keeps its half open hears of the end only when it writes.
  if (!socket.allowHalfOpen) await closed;
  socket.destroy();
  const { fields } = await fixture.logged('handshake_timeout');
  assert.deepEqual({ phase: fields['phase'], milliseconds: fields['milliseconds'] }, expected);
  assert.equal(fixture.channels.length, 0);
}

/** TH19: whoever has not come as far as MQTT has a fixed time for each step, and each test's close finds no timer left. */
describe('time before MQTT', { timeout: 30_000, skip: needs('openssl') }, () => {
  for (const protocol of ['tcp', 'tls', 'ws', 'wss'] as const) {
    test(`${protocol}: a PROXY header that does not end`, async () => {
      const settings = { ...proxied, ...(await secureSettings()), protocol };
      const fixture = await ListenerFixture.open({ settings, connectTimeout });
      const socket = await fixture.connect();
      await fixture.untilAccepted(1);
      const drip = ['PROXY ', 'TCP4 ', '198.51.100.7'];
      await closesAfter(fixture, socket, { phase: 'proxy header', milliseconds: connectTimeout }, drip);
      await fixture.close();
    });
  }

  for (const protocol of ['tls', 'wss'] as const) {
    test(`${protocol}: a handshake that does not end`, async () => {
      const fixture = await ListenerFixture.open({ settings: { ...(await secureSettings()), protocol } });
      const socket = await fixture.connect();
      await fixture.untilAccepted(1);
      const drip = ['\x16\x03\x01', '\x02', '\x00', '\x01'];
      await closesAfter(fixture, socket, { phase: 'tls handshake', milliseconds: handshakeTimeout }, drip);
      await fixture.close();
    });

    test(`${protocol}: a peer that sends nothing at all`, async () => {
      const fixture = await ListenerFixture.open({ settings: { ...(await secureSettings()), protocol } });
      const socket = await fixture.connect();
      await fixture.untilAccepted(1);
      await closesAfter(fixture, socket, { phase: 'tls handshake', milliseconds: handshakeTimeout }, ['']);
      await fixture.close();
    });
  }

  test('the time of the handshake begins behind the PROXY header', async () => {
    const settings: Partial<ListenerSettings> = { ...proxied, ...(await secureSettings()), protocol: 'tls' };
    const fixture = await ListenerFixture.open({ settings, connectTimeout });
    const socket = await fixture.connect();
    await fixture.untilAccepted(1);
    fixture.fakeClock.advance(connectTimeout - 1);
    await writeSegment(socket, proxyV1('198.51.100.7', 1));
    await closesAfter(fixture, socket, { phase: 'tls handshake', milliseconds: handshakeTimeout }, ['']);
    assert.equal((await fixture.logged('handshake_timeout')).fields['address'], '198.51.100.7');
    await fixture.close();
  });

  test('ws: a request that does not end', async () => {
    const fixture = await ListenerFixture.open({ settings: { protocol: 'ws' }, connectTimeout });
    const socket = await fixture.connect();
    await fixture.untilAccepted(1);
    const drip = ['GET /mqtt HTTP/1.1\r\n', 'Host: x\r\n', 'A: b\r\n'];
    await closesAfter(fixture, socket, { phase: 'http upgrade', milliseconds: connectTimeout }, drip);
    await fixture.close();
  });

  test('wss: a request that does not come', async () => {
    const settings: Partial<ListenerSettings> = { ...(await secureSettings()), protocol: 'wss' };
    const fixture = await ListenerFixture.open({ settings, connectTimeout });
    const client = await secureClient('tls', fixture.port);
    await client.opened;
    await turns(5);
    await closesAfter(fixture, client.tls(), { phase: 'http upgrade', milliseconds: connectTimeout }, [
      'GET ',
    ]);
    await fixture.close();
  });

  test('ws: a refused peer that does not close', async () => {
    const fixture = await ListenerFixture.open({ settings: { protocol: 'ws' }, connectTimeout });
    const socket = await fixture.connect();
    socket.allowHalfOpen = true;
    const request = [
      'GET /other HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      '',
      '',
    ].join('\r\n');
    await closesAfter(fixture, socket, { phase: 'http upgrade', milliseconds: connectTimeout }, [request]);
    await fixture.close();
  });

  test('tcp has no time of its own: the connection begins at accept', async () => {
    const fixture = await ListenerFixture.open({ connectTimeout });
    const socket = await fixture.connect();
    await fixture.channel();
    assert.equal(fixture.fakeClock.pendingTimers, 0);
    socket.destroy();
    await fixture.close();
  });
});
