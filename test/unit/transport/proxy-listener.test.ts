import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { WebSocket } from 'ws';
import type { ListenerSettings } from '../../../src/config/configuration.ts';
import { testCertificates } from '../../support/certificates.ts';
import { needs } from '../../support/skip-reason.ts';
import { AnnouncingProxy } from './announcing-proxy.ts';
import { collectUntilClosed, ListenerFixture, tlsSettings, writeSegment } from './listener-fixture.ts';
import { proxyV1, proxyV2, proxyV2From } from './proxy-headers.ts';

const trusted = { proxyProtocol: { trusted: ['127.0.0.0/8'] } } satisfies Partial<ListenerSettings>;

/** Row P9. */
describe('PROXY protocol on a listener', { timeout: 30_000 }, () => {
  test('a header cut at every offset gives the source and loses no byte behind it', async () => {
    const fixture = await ListenerFixture.open({ settings: trusted });
    const payload = Buffer.from('MQTT bytes');
    let index = 0;
    for (const header of [proxyV1('198.51.100.7', 40_000), proxyV2From('198.51.100.7', 40_000)]) {
      const stream = Buffer.concat([header, payload]);
      for (let offset = 1; offset <= stream.length; offset += 1) {
        const socket = await fixture.connect();
        await writeSegment(socket, stream.subarray(0, offset));
        if (offset < stream.length) socket.write(stream.subarray(offset));
        const reader = await fixture.channel(index);
        assert.equal(await reader.text(payload.length), 'MQTT bytes', `cut at ${offset}`);
        assert.deepEqual(reader.channel.peer, {
          listener: 'test',
          protocol: 'tcp',
          address: '198.51.100.7',
          port: 40_000,
        });
        socket.destroy();
        index += 1;
      }
    }
    await fixture.close();
  });

  test('byte by byte', async () => {
    const fixture = await ListenerFixture.open({ settings: trusted });
    const socket = await fixture.connect();
    for (const byte of Buffer.concat([proxyV1('198.51.100.7', 1), Buffer.from('xyz')])) {
      await writeSegment(socket, Buffer.from([byte]));
    }
    const reader = await fixture.channel();
    assert.equal(await reader.text(3), 'xyz');
    assert.equal(reader.channel.peer.address, '198.51.100.7');
    socket.destroy();
    await fixture.close();
  });

  test('LOCAL and UNKNOWN keep the real address', async () => {
    const fixture = await ListenerFixture.open({ settings: trusted });
    for (const [index, header] of [proxyV2(0x20, 0), Buffer.from('PROXY UNKNOWN\r\n')].entries()) {
      const socket = await fixture.connect();
      socket.write(header);
      const { channel } = await fixture.channel(index);
      assert.equal(channel.peer.address, '127.0.0.1');
      assert.equal(channel.peer.port, socket.localPort);
      socket.destroy();
    }
    await fixture.close();
  });

  test('an untrusted address is closed even with a good header', async () => {
    const fixture = await ListenerFixture.open({
      settings: { proxyProtocol: { trusted: ['192.0.2.0/24'] } },
    });
    const socket = await fixture.connect();
    const closed = collectUntilClosed(socket);
    socket.write(proxyV1('192.0.2.1', 1));
    await closed;
    const { fields } = await fixture.logged('proxy_untrusted');
    assert.equal(fields['address'], '127.0.0.1');
    assert.equal(fixture.channels.length, 0);
    await fixture.close();
  });

  test('without a header, or with a malformed one, a trusted address is closed', async () => {
    const connectPacket = Buffer.from('101000044d5154540402003c0004', 'hex');
    for (const bytes of [
      connectPacket,
      Buffer.from('PROXY TCP4 1 2 3 4\r\n'),
      proxyV2(0x21, 0x12, Buffer.alloc(12)),
    ]) {
      const fixture = await ListenerFixture.open({ settings: trusted });
      const socket = await fixture.connect();
      const closed = collectUntilClosed(socket);
      socket.write(bytes);
      await closed;
      const { fields } = await fixture.logged('proxy_header_refused');
      assert.equal(fields['address'], '127.0.0.1');
      assert.equal(fixture.channels.length, 0);
      await fixture.close();
    }
  });

  test('where it is off, a header is ordinary bytes', async () => {
    const fixture = await ListenerFixture.open();
    const socket = await fixture.connect();
    const header = proxyV1('198.51.100.7', 1);
    socket.write(header);
    const reader = await fixture.channel();
    assert.equal(await reader.text(header.length), header.toString());
    assert.equal(reader.channel.peer.address, '127.0.0.1');
    socket.destroy();
    await fixture.close();
  });

  test('a peer that ends or resets within the header leaves nothing behind', async () => {
    const fixture = await ListenerFixture.open({ settings: trusted });
    for (const [index, leave] of [
      (socket: Socket) => socket.end(),
      (socket: Socket) => socket.resetAndDestroy(),
    ].entries()) {
      const socket = await fixture.connect();
      await writeSegment(socket, 'PROXY TCP4 ');
      leave(socket);
      await fixture.untilReleased(index + 1);
    }
    assert.equal(fixture.channels.length, 0);
    await fixture.close();
  });
});

describe('PROXY header before TLS and HTTP', { timeout: 30_000, skip: needs('openssl') }, () => {
  const header = proxyV2From('198.51.100.7', 40_000);
  const cuts = [1, 16, header.length - 1, header.length, header.length + 1, header.length + 5, 10_000];

  for (const protocol of ['tls', 'wss', 'ws'] as const) {
    test(`what follows the header reaches ${protocol}, wherever the segments are cut`, async () => {
      const { authority, server } = await testCertificates();
      const secure = protocol === 'ws' ? {} : { tls: tlsSettings(server) };
      const fixture = await ListenerFixture.open({ settings: { ...trusted, ...secure, protocol } });
      for (const [index, cut] of cuts.entries()) {
        const proxy = await AnnouncingProxy.open(fixture.port, () => header, cut);
        const close = await sendThrough(protocol, proxy.port, readFileSync(authority.caFile), 'MQTT bytes');
        const reader = await fixture.channel(index);
        assert.equal(await reader.text(10), 'MQTT bytes', `cut at ${cut}`);
        assert.deepEqual(reader.channel.peer, {
          listener: 'test',
          protocol,
          address: '198.51.100.7',
          port: 40_000,
        });
        close();
        proxy.close();
      }
      await fixture.close();
    });
  }

  test('handshakes under way at once keep their own addresses', async () => {
    const { authority, server } = await testCertificates();
    const fixture = await ListenerFixture.open({
      settings: { ...trusted, protocol: 'tls', tls: tlsSettings(server) },
    });
    const proxy = await AnnouncingProxy.open(
      fixture.port,
      (index) => proxyV1(`198.51.100.${index}`, 1000 + index),
      20,
    );
    const ca = readFileSync(authority.caFile);
    const clients = Array.from({ length: 20 }, (_, index) =>
      sendThrough('tls', proxy.port, ca, `client ${10 + index}`),
    );
    const closes = await Promise.all(clients);
    const ports = new Set<number>();
    for (let index = 0; index < closes.length; index += 1) {
      const { channel } = await fixture.channel(index);
      assert.equal(channel.peer.address, `198.51.100.${channel.peer.port - 1000}`);
      ports.add(channel.peer.port);
    }
    assert.equal(ports.size, closes.length);
    for (const close of closes) close();
    proxy.close();
    await fixture.close();
  });
});

/** Connects, sends the text as the protocol's bytes, and gives a function that drops the connection. */
async function sendThrough(
  protocol: 'tls' | 'ws' | 'wss',
  port: number,
  ca: Buffer,
  text: string,
): Promise<() => void> {
  if (protocol === 'tls') {
    const socket = tlsConnect({ host: '127.0.0.1', port, servername: 'localhost', ca });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    socket.write(text);
    return () => socket.destroy();
  }
  const webSocket = new WebSocket(`${protocol}://localhost:${port}/mqtt`, ['mqtt'], { ca });
  await once(webSocket, 'open');
  webSocket.send(Buffer.from(text));
  return () => webSocket.terminate();
}
