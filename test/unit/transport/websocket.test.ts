import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { ClientOptions } from 'ws';
import { WebSocket } from 'ws';
import type { ListenerSettings } from '../../../src/config/configuration.ts';
import { collectUntilClosed, ListenerFixture, writeSegment } from './listener-fixture.ts';
import { frame, upgradeRequest } from './websocket-frames.ts';

const ws = { protocol: 'ws' } satisfies Partial<ListenerSettings>;

function webSocketTo(
  fixture: ListenerFixture,
  protocols: string[] = ['mqtt'],
  options: ClientOptions = {},
  path = '/mqtt',
): WebSocket {
  const client = new WebSocket(`ws://127.0.0.1:${fixture.port}${path}`, protocols, options);
  client.on('error', () => {});
  return client;
}

/** Status and body that a refused upgrade was answered with. */
async function refusal(client: WebSocket): Promise<{ status: number | undefined; body: string }> {
  const [, response] = await once(client, 'unexpected-response');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

describe('websocket upgrade', { timeout: 20_000 }, () => {
  test('says where it listens and who came', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    assert.equal(fixture.listener.path, '/mqtt');
    const client = webSocketTo(fixture);
    const reader = await fixture.channel();
    const { address, protocol, port } = reader.channel.peer;
    assert.deepEqual([protocol, address], ['ws', '127.0.0.1']);
    assert.ok(port > 0);
    client.terminate();
    await fixture.close();
  });

  test('[MQTT-6.0.0-3] [MQTT-6.0.0-4] [3.1.1:MQTT-6.0.0-4] the subprotocol is chosen from what the client offers', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    const cases = [
      [['mqtt'], 'mqtt'],
      [['mqttv3.1'], 'mqttv3.1'],
      [['mqttv3.1', 'mqtt'], 'mqtt'],
      [['chat', 'mqtt'], 'mqtt'],
    ] as const;
    for (const [offered, chosen] of cases) {
      const client = webSocketTo(fixture, [...offered]);
      await once(client, 'open');
      assert.equal(client.protocol, chosen);
      client.terminate();
    }
    await fixture.close();
  });

  test('[MQTT-6.0.0-3] a client that offers no MQTT subprotocol is refused with a reason', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    for (const offered of [[], ['chat'], ['MQTT'], ['mqtt5']]) {
      const answer = await refusal(webSocketTo(fixture, offered));
      assert.deepEqual(answer, { status: 400, body: 'Offer the WebSocket subprotocol mqtt or mqttv3.1.' });
    }
    assert.equal(fixture.channels.length, 0);
    assert.equal((await fixture.logged('websocket_refused')).fields['status'], 400);
    await fixture.close();
  });

  test('only the path of the listener is served; a query is left aside', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    for (const path of ['/', '/mqtt/', '/mqttx', '/MQTT', '//mqtt', '/?/mqtt']) {
      assert.equal((await refusal(webSocketTo(fixture, ['mqtt'], {}, path))).status, 404, path);
    }
    const client = webSocketTo(fixture, ['mqtt'], {}, '/mqtt?device=7');
    await once(client, 'open');
    client.terminate();
    await fixture.close();
  });

  test('an Origin is refused unless it is on the list', async () => {
    const cases = [
      [[], undefined, true],
      [[], 'https://plant.example', false],
      [['https://plant.example'], undefined, true],
      [['https://plant.example'], 'https://plant.example', true],
      [['https://plant.example'], 'http://plant.example', false],
      [['https://plant.example'], 'https://plant.example:8443', false],
      [['https://plant.example'], 'https://plant.example.evil.example', false],
      [['https://plant.example'], 'null', false],
      [['*'], 'https://anything.example', true],
      [['*'], 'null', true],
    ] as const;
    for (const [allowedOrigins, origin, admitted] of cases) {
      const fixture = await ListenerFixture.open({ settings: { ...ws, allowedOrigins } });
      const client = webSocketTo(fixture, ['mqtt'], origin === undefined ? {} : { origin });
      if (admitted) {
        await once(client, 'open');
        client.terminate();
      } else {
        assert.equal((await refusal(client)).status, 403, `${origin} against ${allowedOrigins}`);
        assert.equal((await fixture.logged('websocket_refused')).fields['origin'], origin);
      }
      await fixture.close();
    }
  });

  test('two Origin headers are no way round the list', async () => {
    const fixture = await ListenerFixture.open({
      settings: { ...ws, allowedOrigins: ['https://plant.example'] },
    });
    const socket = await fixture.connect();
    const closed = collectUntilClosed(socket);
    const origins = 'Origin: https://evil.example\r\nOrigin: https://plant.example\r\n\r\n';
    socket.write(upgradeRequest.replace(/\r\n\r\n$/, `\r\n${origins}`));
    assert.match((await closed).toString(), /^HTTP\/1\.1 403 /);
    await fixture.close();
  });

  test('a plain request is told what this is, and the connection is closed', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    for (const [path, status] of [
      ['/mqtt', 426],
      ['/other', 404],
    ] as const) {
      for (const method of ['GET', 'POST']) {
        const response = await fetch(`http://127.0.0.1:${fixture.port}${path}`, { method });
        assert.equal(response.status, status);
        assert.equal(response.headers.get('upgrade'), status === 426 ? 'websocket' : null);
        assert.match(response.headers.get('connection') ?? '', /close/);
        assert.ok((await response.text()).length > 0);
      }
    }
    assert.equal(fixture.channels.length, 0);
    await fixture.close();
  });

  test('headers above 16 KiB, and what is no HTTP, are closed', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    const large = `GET /mqtt HTTP/1.1\r\nHost: x\r\nA: ${'b'.repeat(17 * 1024)}\r\n\r\n`;
    for (const [bytes, answer] of [
      [large, /^HTTP\/1\.1 431 /],
      ['\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd', /^HTTP\/1\.1 400 /],
      ['GET /mqtt HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', /^HTTP\/1\.1 400 /],
    ] as const) {
      const socket = await fixture.connect();
      const closed = collectUntilClosed(socket);
      socket.write(Buffer.from(bytes, 'latin1'));
      assert.match((await closed).toString(), answer);
    }
    assert.equal(fixture.channels.length, 0);
    await fixture.close();
  });

  test('no compression is agreed', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    const client = webSocketTo(fixture, ['mqtt'], { perMessageDeflate: true });
    await once(client, 'open');
    assert.equal(client.extensions, '');
    client.terminate();
    await fixture.close();
  });

  test('frames in the segment of the request are not lost', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    const socket = await fixture.connect();
    socket.write(Buffer.concat([Buffer.from(upgradeRequest), frame(2, 'early')]));
    assert.equal(await (await fixture.channel()).text(5), 'early');
    socket.destroy();
    await fixture.close();
  });

  test('a reset in the middle of the request leaves nothing behind', async () => {
    const fixture = await ListenerFixture.open({ settings: ws });
    const socket = await fixture.connect();
    await writeSegment(socket, upgradeRequest.slice(0, 60));
    socket.resetAndDestroy();
    await fixture.untilReleased(1);
    await fixture.close();
  });
});
