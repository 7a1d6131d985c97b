import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import type { ByteChannel } from '../../../src/transport/byte-channel.ts';
import type { FixtureOptions } from './listener-fixture.ts';
import { ListenerFixture, ReadChannel, turns, writeSegment } from './listener-fixture.ts';
import { frame, upgradeRequest } from './websocket-frames.ts';

const KIB = 1024;
/** Milliseconds. ws itself closes after `closeLinger` of real time; here the injected clock has to do it. */
const beyondTheTest = 25_000;

interface Connected {
  readonly fixture: ListenerFixture;
  readonly client: WebSocket;
  readonly reader: ReadChannel;
}

async function connected(options: FixtureOptions = {}): Promise<Connected> {
  const fixture = await ListenerFixture.open({ ...options, settings: { protocol: 'ws' } });
  const client = new WebSocket(`ws://127.0.0.1:${fixture.port}/mqtt`, ['mqtt']);
  client.on('error', () => {});
  await once(client, 'open');
  return { fixture, client, reader: await fixture.channel() };
}

/** A socket whose upgrade is done, for frames written by hand. */
async function upgraded(
  options: FixtureOptions = {},
): Promise<{ fixture: ListenerFixture; socket: Socket; reader: ReadChannel }> {
  const fixture = await ListenerFixture.open({ ...options, settings: { protocol: 'ws' } });
  const socket = await fixture.connect();
  socket.write(upgradeRequest);
  await once(socket, 'data');
  return { fixture, socket, reader: await fixture.channel() };
}

describe('websocket channel', { timeout: 20_000 }, () => {
  test('[3.1.1:MQTT-6.0.0-1] each write is one binary frame', async () => {
    const { fixture, client, reader } = await connected();
    const received: string[] = [];
    client.on('message', (data, isBinary) => received.push(`${isBinary} ${data}`));
    for (const text of ['one', 'two']) assert.equal(reader.channel.write(Buffer.from(text)), true);
    while (received.length < 2) await once(client, 'message');
    assert.deepEqual(received, ['true one', 'true two']);
    client.terminate();
    await fixture.close();
  });

  test('[MQTT-6.0.0-2] [3.1.1:MQTT-6.0.0-2] packets may share frames, be split over frames, and frames over segments', async () => {
    const { fixture, socket, reader } = await upgraded();
    const stream = Buffer.concat([
      frame(2, 'shared|fra'),
      frame(2, 'me|'),
      frame(2, 'frag', false),
      frame(9, 'ping between'),
      frame(0, '', false),
      frame(0, 'mented'),
      frame(2, ''),
      frame(2, '|end'),
    ]);
    for (const byte of stream) await writeSegment(socket, Buffer.from([byte]));
    assert.equal(await reader.text(26), 'shared|frame|fragmented|end');
    socket.destroy();
    await fixture.close();
  });

  test('[MQTT-6.0.0-1] [3.1.1:MQTT-6.0.0-1] a text frame closes the connection with 1003, whatever it holds', async () => {
    for (const text of [Buffer.from('hello'), Buffer.from([0xff, 0xfe])]) {
      const { fixture, client, reader } = await connected();
      client.send(Buffer.from('good'));
      client.send(text, { binary: false });
      client.send(Buffer.from('after'));
      const [code] = await once(client, 'close');
      assert.equal(code, 1003);
      assert.match(String(await reader.untilClosed()), /text frame/);
      assert.equal(reader.bytes.toString(), 'good');
      await fixture.close();
    }
  });

  test('after a violation a peer that stays is destroyed when the linger is over', async () => {
    const violations = [
      ['text', frame(1, 'x'), /text frame/],
      ['unmasked', Buffer.from('820178', 'hex'), /MASK must be set/],
      ['reserved bit', Buffer.concat([Buffer.from([0xc2]), frame(2, 'x').subarray(1)]), /RSV1 must be clear/],
      ['unknown opcode', frame(3, 'x'), /invalid opcode/],
    ] as const;
    for (const [name, bytes, error] of violations) {
      const { fixture, socket, reader } = await upgraded({ limits: { closeLinger: beyondTheTest } });
      socket.allowHalfOpen = true;
      socket.write(bytes);
      const [close] = await once(socket, 'data');
      assert.equal(close[0], 0x88, name);
      await turns(5);
      assert.equal(fixture.released, 0, name);
      fixture.fakeClock.advance(beyondTheTest);
      assert.match(String(await reader.untilClosed()), error, name);
      socket.destroy();
      await fixture.close();
    }
  });

  test('a ping is answered', async () => {
    const { fixture, client } = await connected();
    client.ping('still there?');
    const [data] = await once(client, 'pong');
    assert.equal(String(data), 'still there?');
    client.terminate();
    await fixture.close();
  });

  test('write answers false above what the peer takes, and drained follows', async () => {
    const { fixture, client, reader } = await connected();
    client.pause();
    const block = Buffer.alloc(256 * KIB, 0x61);
    let goOn = true;
    let frames = 0;
    while (reader.channel.pendingBytes === 0) {
      goOn = reader.channel.write(block);
      frames += 1;
      await turns(3);
    }
    assert.equal(goOn, false);
    const drainedBefore = reader.drainedTimes;
    const lengths: number[] = [];
    client.on('message', (data: Buffer) => lengths.push(data.length));
    client.resume();
    await reader.untilDrained(drainedBefore + 1);
    assert.equal(reader.channel.pendingBytes, 0);
    while (lengths.length < frames) await once(client, 'message');
    assert.deepEqual(new Set(lengths), new Set([block.length]));
    client.terminate();
    await fixture.close();
  });

  test('a paused channel reads no more until it is resumed', async () => {
    const { fixture, client, reader } = await connected();
    client.send(Buffer.from('a'));
    await reader.text(1);
    reader.channel.pause();
    client.send(Buffer.from('b'));
    await turns(10);
    assert.equal(reader.bytes.toString(), 'a');
    reader.channel.resume();
    assert.equal(await reader.text(2), 'ab');
    client.terminate();
    await fixture.close();
  });

  test('messages that came before start are delivered first', async () => {
    const { promise, resolve } = Promise.withResolvers<ByteChannel>();
    const fixture = await ListenerFixture.open({ settings: { protocol: 'ws' }, onChannel: resolve });
    const socket = await fixture.connect();
    socket.write(Buffer.concat([Buffer.from(upgradeRequest), frame(2, 'early ')]));
    const channel = await promise;
    await turns(5);
    const reader = new ReadChannel(channel);
    await writeSegment(socket, frame(2, 'late'));
    assert.equal(await reader.text(10), 'early late');
    socket.destroy();
    await reader.untilClosed();
    await fixture.close();
  });

  test('the peer that closes is told once, and gets its close frame back', async () => {
    const { fixture, client, reader } = await connected();
    client.send(Buffer.from('bye'));
    client.close(1000);
    const [code] = await once(client, 'close');
    assert.equal(code, 1000);
    assert.equal(await reader.untilClosed(), undefined);
    assert.equal(reader.bytes.toString(), 'bye');
    assert.equal(reader.channel.write(Buffer.from('late')), false);
    await fixture.close();
  });

  test('a peer that sends a close frame and keeps its connection is dropped all the same', async () => {
    const { fixture, socket, reader } = await upgraded({ limits: { closeLinger: 20 } });
    socket.allowHalfOpen = true;
    socket.write(frame(8, Buffer.from([0x03, 0xe8])));
    assert.equal(await reader.untilClosed(), undefined);
    socket.destroy();
    await fixture.close();
  });

  test('a peer that ends or resets without a close frame is told once', async () => {
    for (const leave of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const { fixture, socket, reader } = await upgraded();
      leave(socket);
      await reader.untilClosed();
      await fixture.close();
    }
  });

  test('end sends what is queued, closes with 1000 and drops what still comes', async () => {
    const { fixture, client, reader } = await connected();
    let received = '';
    client.on('message', (data) => {
      received += String(data);
    });
    reader.channel.pause();
    client.send(Buffer.alloc(64 * KIB));
    await turns(5);
    reader.channel.write(Buffer.from('good'));
    reader.channel.write(Buffer.from('bye'));
    reader.channel.end(1000);
    const [code] = await once(client, 'close');
    assert.equal(code, 1000);
    assert.equal(received, 'goodbye');
    await reader.untilClosed();
    assert.equal(reader.bytes.length, 0);
    await fixture.close();
  });

  test('a peer that does not close after end is destroyed when the linger is over', async () => {
    const { fixture, socket, reader } = await upgraded({ limits: { closeLinger: beyondTheTest } });
    socket.allowHalfOpen = true;
    reader.channel.end(1000);
    await once(socket, 'data');
    fixture.fakeClock.advance(999);
    await turns(5);
    assert.equal(fixture.released, 0);
    fixture.fakeClock.advance(1);
    await reader.untilClosed();
    socket.destroy();
    await fixture.close();
  });
});

/** TH19, TH20. */
describe('size of a websocket message', { timeout: 20_000 }, () => {
  test('the largest packet fits with room to spare; above it the connection closes with 1009', async () => {
    const { fixture, client, reader } = await connected({ maxPacketSize: 2048 * KIB });
    reader.channel.write(Buffer.from('CONNACK'));
    const most = 2048 * KIB + 64 * KIB;
    client.send(Buffer.alloc(most));
    await reader.text(most);
    client.send(Buffer.alloc(most + 1));
    const [code] = await once(client, 'close');
    assert.equal(code, 1009);
    assert.match(String(await reader.untilClosed()), /Max payload size exceeded/);
    await fixture.close();
  });

  test('small packets do not make small messages necessary', async () => {
    const { fixture, client, reader } = await connected({ maxPacketSize: KIB });
    reader.channel.write(Buffer.from('CONNACK'));
    client.send(Buffer.alloc(1024 * KIB));
    await reader.text(1024 * KIB);
    client.terminate();
    await fixture.close();
  });

  test('before our first answer, no more of an unfinished message is kept than a CONNECT needs', async () => {
    const limits = { connectPacketBytes: 128 * KIB, pipelinedBytes: 64 * KIB };
    const { fixture, client, reader } = await connected({ limits });
    client.send(Buffer.alloc(1024 * KIB));
    assert.match(String(await reader.untilClosed()), /larger than 196608 bytes before CONNACK/);
    assert.equal(reader.bytes.length, 0);
    await fixture.close();
  });

  test('before our first answer, many messages may still come', async () => {
    const { fixture, client, reader } = await connected();
    for (let count = 0; count < 10; count += 1) client.send(Buffer.alloc(100 * KIB));
    await reader.text(1000 * KIB);
    client.terminate();
    await fixture.close();
  });
});
