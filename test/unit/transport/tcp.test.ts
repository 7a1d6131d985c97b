import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { ByteChannel } from '../../../src/transport/byte-channel.ts';
import { collectUntilClosed, ListenerFixture, ReadChannel, turns, writeSegment } from './listener-fixture.ts';

describe('tcp listener', { timeout: 20_000 }, () => {
  test('says where it listens and who came', async () => {
    const fixture = await ListenerFixture.open({ settings: { name: 'plain' } });
    const { listener } = fixture;
    assert.deepEqual([listener.name, listener.protocol, listener.host], ['plain', 'tcp', '127.0.0.1']);
    assert.ok(listener.port > 0);
    assert.equal(listener.path, undefined);
    const socket = await fixture.connect();
    const { channel } = await fixture.channel();
    assert.deepEqual(channel.peer, {
      listener: 'plain',
      protocol: 'tcp',
      address: '127.0.0.1',
      port: socket.localPort,
    });
    socket.destroy();
    await fixture.close();
  });

  test('an IPv4 client of an IPv6 socket has its IPv4 address', async (t) => {
    const fixture = await ListenerFixture.open({ settings: { host: '::' } }).catch(() => undefined);
    if (fixture === undefined) return t.skip('this machine has no IPv6');
    const socket = await fixture.connect();
    const { channel } = await fixture.channel();
    assert.equal(channel.peer.address, '127.0.0.1');
    socket.destroy();
    await fixture.close();
  });

  test('[MQTT-4.2.0-1] carries bytes both ways, in order', async () => {
    const fixture = await ListenerFixture.open();
    const socket = await fixture.connect();
    const reader = await fixture.channel();
    await writeSegment(socket, 'one ');
    await writeSegment(socket, 'two');
    assert.equal(await reader.text(7), 'one two');
    assert.equal(reader.channel.write(Buffer.from('answer')), true);
    const [answer] = await once(socket, 'data');
    assert.equal(String(answer), 'answer');
    socket.destroy();
    await fixture.close();
  });

  test('bytes that came before start are delivered first', async () => {
    const { promise, resolve } = Promise.withResolvers<ByteChannel>();
    const fixture = await ListenerFixture.open({ onChannel: resolve });
    const socket = await fixture.connect();
    const channel = await promise;
    await writeSegment(socket, 'early ');
    const reader = new ReadChannel(channel);
    await writeSegment(socket, 'late');
    assert.equal(await reader.text(10), 'early late');
    socket.destroy();
    await reader.untilClosed();
    await fixture.close();
  });

  test('a channel that broke before start tells closed after it', async () => {
    const { promise, resolve } = Promise.withResolvers<ByteChannel>();
    const fixture = await ListenerFixture.open({ onChannel: resolve });
    const socket = await fixture.connect();
    const channel = await promise;
    channel.destroy();
    await fixture.untilReleased(1);
    const reader = new ReadChannel(channel);
    assert.equal(reader.closedTimes, 0, 'not from within start');
    await reader.untilClosed();
    await turns(3);
    assert.equal(reader.closedTimes, 1);
    socket.destroy();
    await fixture.close();
  });

  test('write answers false above what the peer takes, and drained follows', async () => {
    const fixture = await ListenerFixture.open();
    const socket = await fixture.connect();
    socket.pause();
    const reader = await fixture.channel();
    const { channel } = reader;
    const block = Buffer.alloc(256 * 1024, 0x61);
    let written = 0;
    let goOn = true;
    while (channel.pendingBytes === 0) {
      goOn = channel.write(block);
      written += block.length;
      await turns(3);
    }
    assert.equal(goOn, false);
    const drainedBefore = reader.drainedTimes;
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    socket.resume();
    await reader.untilDrained(drainedBefore + 1);
    assert.equal(channel.pendingBytes, 0);
    while (received < written) await once(socket, 'data');
    assert.equal(received, written);
    socket.destroy();
    await fixture.close();
  });

  test('a paused channel delivers nothing until it is resumed', async () => {
    const fixture = await ListenerFixture.open();
    const socket = await fixture.connect();
    const reader = await fixture.channel();
    await writeSegment(socket, 'a');
    await reader.text(1);
    reader.channel.pause();
    await writeSegment(socket, 'b');
    await turns(5);
    assert.equal(reader.bytes.toString(), 'a');
    reader.channel.resume();
    assert.equal(await reader.text(2), 'ab');
    socket.destroy();
    await fixture.close();
  });

  test('the peer that ends its half is closed at once, and destroyed when it does not take our bytes', async () => {
    const fixture = await ListenerFixture.open({ limits: { closeLinger: 700 } });
    const socket = connect({ host: '127.0.0.1', port: fixture.port, allowHalfOpen: true });
    socket.pause();
    const reader = await fixture.channel();
    const block = Buffer.alloc(1024 * 1024);
    while (reader.channel.write(block)) await turns(1);
    socket.end('last words');
    assert.equal(await reader.untilClosed(), undefined);
    assert.equal(reader.bytes.toString(), 'last words');
    assert.equal(reader.channel.write(block), false, 'nothing is written after closed');
    assert.equal(fixture.released, 0);
    fixture.fakeClock.advance(699);
    await turns(3);
    assert.equal(fixture.released, 0);
    fixture.fakeClock.advance(1);
    await fixture.untilReleased(1);
    socket.destroy();
    await fixture.close();
  });

  test('end sends what is queued and discards what comes, so that no reset overtakes the last packet', async () => {
    const fixture = await ListenerFixture.open();
    const socket = await fixture.connect();
    const received = collectUntilClosed(socket);
    let error: Error | undefined;
    socket.on('error', (reason) => {
      error = reason;
    });
    const reader = await fixture.channel();
    reader.channel.pause();
    await writeSegment(socket, Buffer.alloc(512 * 1024, 0x78));
    reader.channel.write(Buffer.from('good'));
    reader.channel.write(Buffer.from('bye'));
    reader.channel.end(1000);
    assert.equal(reader.channel.write(Buffer.from('late')), false);
    assert.equal((await received).toString(), 'goodbye');
    assert.equal(error, undefined);
    await reader.untilClosed();
    assert.equal(reader.bytes.length, 0, 'nothing is delivered after end');
    await fixture.close();
  });

  test('a peer that does not close after end is destroyed when the linger is over', async () => {
    const fixture = await ListenerFixture.open();
    const socket = connect({ host: '127.0.0.1', port: fixture.port, allowHalfOpen: true });
    socket.on('error', () => {});
    socket.resume();
    const reader = await fixture.channel();
    reader.channel.end(1000);
    await once(socket, 'end');
    fixture.fakeClock.advance(999);
    await turns(3);
    assert.equal(fixture.released, 0);
    fixture.fakeClock.advance(1);
    await reader.untilClosed();
    await fixture.untilReleased(1);
    socket.destroy();
    await fixture.close();
  });

  test('a reset is told once, with its error', async () => {
    const fixture = await ListenerFixture.open();
    const socket = await fixture.connect();
    const reader = await fixture.channel();
    socket.resetAndDestroy();
    const error = await reader.untilClosed();
    assert.match(String(error), /ECONNRESET/);
    await fixture.close();
  });

  test('a connection that is not admitted is closed before anything else', async () => {
    const fixture = await ListenerFixture.open({ admitted: 1 });
    const first = await fixture.connect();
    const reader = await fixture.channel();
    const second = await fixture.connect();
    assert.equal((await collectUntilClosed(second)).length, 0);
    assert.equal(fixture.channels.length, 1);
    first.end();
    await reader.untilClosed();
    await fixture.untilReleased(1);
    const third = await fixture.connect();
    await fixture.channel(1);
    third.destroy();
    await fixture.close();
  });

  test('more than max_connections are closed and logged', async () => {
    const fixture = await ListenerFixture.open({ settings: { maxConnections: 1 } });
    const first = await fixture.connect();
    await fixture.channel();
    const second = await fixture.connect();
    assert.equal((await collectUntilClosed(second)).length, 0);
    const { fields } = await fixture.logged('connection_limit_reached');
    assert.deepEqual(fields, {
      listener: 'test',
      address: '127.0.0.1',
      port: fields['port'],
      max_connections: 1,
    });
    assert.equal(fixture.accepted, 1);
    first.destroy();
    await fixture.close();
  });

  test('stopAccepting refuses new connections and leaves the others', async () => {
    const fixture = await ListenerFixture.open();
    const socket = await fixture.connect();
    const reader = await fixture.channel();
    await fixture.listener.stopAccepting();
    await assert.rejects(fixture.connect(), /ECONNREFUSED/);
    await writeSegment(socket, 'still here');
    assert.equal(await reader.text(10), 'still here');
    const closed = collectUntilClosed(socket);
    await fixture.close();
    await closed;
  });

  test('a taken port and a foreign address are errors that name listener, value and remedy', async () => {
    const fixture = await ListenerFixture.open();
    await assert.rejects(ListenerFixture.open({ settings: { port: fixture.port } }), {
      name: 'ListenerError',
      message: `listener "test": host and port "127.0.0.1:${fixture.port}": cannot be listened on (EADDRINUSE); stop the program that has this port, or give another port (0 lets the system choose)`,
    });
    await assert.rejects(
      ListenerFixture.open({ settings: { host: '192.0.2.1' } }),
      /EADDRNOTAVAIL.*give an address of this machine/,
    );
    await fixture.close();
  });

  test('a secure listener without tls settings and a wrong proxy block are errors', async () => {
    const secure = ListenerFixture.open({ settings: { protocol: 'tls' } });
    await assert.rejects(secure, /tls "": is missing on a secure listener; give tls\.cert_file/);
    const proxied = ListenerFixture.open({
      settings: { proxyProtocol: { trusted: ['127.0.0.1/32', 'localhost'] } },
    });
    await assert.rejects(proxied, /proxy_protocol\.trusted "localhost": .*192\.0\.2\.0\/24/);
  });
});
