import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { before, describe, test } from 'node:test';
import type { ControlPacket } from '../../src/codec/control-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import { sharedBroker } from '../support/broker-process.ts';
import { loginOf, passwordClient } from '../support/password-records.ts';
import { malformedCases } from '../unit/codec/support/malformed-cases.ts';
import { malformedConnects } from '../unit/codec/support/malformed-connect.ts';
import { malformedProperties } from '../unit/codec/support/malformed-properties.ts';
import { connackCode, login, publicationOf, publish, subscribe, subscriptionTo } from './support/requests.ts';

const protocols = ['tcp', 'ws'] as const;
const rights = [{ access: 'readWrite', topic: '#' }] as const;

/** The classes of malformed packets are the codec's own table; here they meet the running broker. */
describe('TH20 malformed packets', () => {
  const broker = sharedBroker({
    config: { listeners: protocols.map((protocol) => ({ name: protocol, protocol, port: 0 })) },
    security: { clients: [passwordClient('device', rights)] },
  });

  for (const protocol of protocols) {
    test(`every class behind CONNECT, over ${protocol}: 5.0 is told why, 3.x is closed`, async () => {
      for (const { fault, frame, version = 5, code } of [...malformedCases, ...malformedProperties]) {
        if (frame[0] === 0x10) continue;
        const client = await login(broker().listener(protocol), 'device', { protocolVersion: version });
        client.sendBytes(frame);
        const { packets } = await client.end();
        const expected = version === 5 ? [{ type: 'disconnect', reasonCode: code, properties: {} }] : [];
        assert.deepEqual(packets, expected, `${fault} (${frame.toString('hex')})`);
      }
    });

    test(`every class of CONNECT, over ${protocol}: 5.0 gets CONNACK, 3.x codes 1 and 2 only`, async () => {
      for (const { fault, frame, code, returnCode } of malformedConnects) {
        const version = connectLevel(frame) === 5 && returnCode === undefined ? 5 : 4;
        const client = await AttackingClient.open(broker().listener(protocol), { version });
        client.sendBytes(frame);
        const { packets } = await client.end();
        const codes = packets.map((packet) => packet.type === 'connack' && packet.reasonCode);
        const expected = returnCode ?? (version === 5 ? code : undefined);
        assert.deepEqual(codes, expected === undefined ? [] : [expected], fault);
      }
    });

    test(`a packet that only a server sends ends the connection, over ${protocol}`, async () => {
      const packets = [
        { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} },
        { type: 'suback', packetId: 1, reasonCodes: [0], properties: {} },
        { type: 'unsuback', packetId: 1, reasonCodes: [0], properties: {} },
        { type: 'pingresp' },
        { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'X' } },
        connectWith(loginOf('device')),
      ] satisfies ControlPacket[];
      for (const protocolVersion of [3, 4, 5] as const) {
        for (const packet of packets) {
          if (packet.type === 'auth' && protocolVersion < 5) continue;
          const client = await login(broker().listener(protocol), 'device', { protocolVersion });
          client.send(packet.type === 'connect' ? { ...packet, protocolVersion } : packet);
          const ending = await client.end();
          const codes = ending.packets.map((last) => last.type === 'disconnect' && last.reasonCode);
          assert.deepEqual(codes, protocolVersion === 5 ? [0x82] : [], `${packet.type} ${protocolVersion}`);
        }
      }
    });

    test(`what stands behind a malformed packet is never handled, over ${protocol}`, async () => {
      const watcher = await login(broker().listener(), 'device', { clientId: 'watcher' });
      await subscribe(watcher, '#');
      const client = await login(broker().listener(protocol), 'device');
      const malformed = Buffer.from([0x36, 0x06, 0x00, 0x01, 0x74, 0x00, 0x01, 0x00]);
      const good = encodePacket(publicationOf('behind'), 5);
      client.sendBytes(Buffer.concat([malformed, good, good]));
      const { packets } = await client.end();
      assert.equal(packets.length, 1);
      assert.deepEqual(await watcher.settled(), []);
      watcher.destroy();
    });
  }

  test('limits of topics: levels and bytes', async () => {
    const deep = Array.from({ length: 101 }, () => 'l').join('/');
    const long = 'x'.repeat(5_000);
    for (const topic of [deep, long]) {
      const client = await login(broker().listener(), 'device');
      assert.equal(await publish(client, topic), 0x90);
      assert.deepEqual(await subscribe(client, [topic, `${topic}/#`]), [0x8f, 0x8f]);
      const four = await login(broker().listener(), 'device', { protocolVersion: 4, clientId: 'four' });
      assert.deepEqual(await subscribe(four, topic), [0x80]);
      four.send(publicationOf(topic));
      assert.deepEqual((await four.end()).packets, []);
      const will = { topic, payload: Buffer.alloc(0), qos: 0, retain: false, properties: {} } as const;
      assert.equal(await connackCode(broker().listener(), { ...loginOf('device'), will }), 0x90);
      const refused = await AttackingClient.open(broker().listener(), { version: 4 });
      refused.send(connectWith({ ...loginOf('device'), will, protocolVersion: 4 }));
      assert.deepEqual((await refused.end()).packets, []);
      client.destroy();
    }
  });
});

function connectLevel(frame: Buffer): number | undefined {
  const named = frame.subarray(4, 8).toString('latin1') === 'MQTT' && frame.readUInt16BE(2) === 4;
  return named ? frame[8] : undefined;
}

describe('TH20 the last word of the broker', () => {
  const broker = sharedBroker({
    config: { listeners: protocols.map((protocol) => ({ name: protocol, protocol, port: 0 })) },
    security: { clients: [passwordClient('device', rights)] },
  });

  for (const protocol of protocols) {
    test(`reaches a client that goes on sending, over ${protocol}`, async () => {
      const client = await login(broker().listener(protocol), 'device');
      // Bytes that nobody reads would make the kernel send a reset, which overtakes what was sent before.
      client.sendBytes(Buffer.from([0xc1, 0x00]));
      for (let index = 0; index < 64; index++) client.sendBytes(Buffer.alloc(16_384, 0xc0));
      assert.equal((await client.nextOf('disconnect')).reasonCode, 0x81);
      await client.end();
    });

    test(`reaches a client that goes on sending behind a refused CONNECT, over ${protocol}`, async () => {
      const client = await AttackingClient.open(broker().listener(protocol));
      client.send(connectWith(loginOf('device', 'wrong')));
      for (let index = 0; index < 3; index++) client.sendBytes(Buffer.alloc(16_384, 0xc0));
      assert.equal((await client.nextOf('connack')).reasonCode, 0x86);
      await client.end();
    });
  }

  test('reaches a client that has ended its own half already', async () => {
    const { host, port } = broker().listener();
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.end(
      encodePacket(
        connectWith({ ...loginOf('device'), clientId: '', cleanStart: false, protocolVersion: 4 }),
        4,
      ),
    );
    const received: Buffer[] = [];
    for await (const chunk of socket) received.push(chunk as Buffer);
    assert.deepEqual(Buffer.concat(received), Buffer.from([0x20, 2, 0, 2]));
  });
});

describe('TH20 WebSocket frames', () => {
  const broker = sharedBroker({
    config: { listeners: [{ name: 'ws', protocol: 'ws', port: 0 }] },
    security: { clients: [passwordClient('device', rights)] },
  });
  let stream: Buffer;

  before(() => {
    stream = Buffer.concat(
      [
        connectWith({ ...loginOf('device'), clientId: 'framed' }),
        subscriptionTo('a/#'),
        publicationOf('a/b', { qos: 1, payload: Buffer.alloc(300, 1) }),
        { type: 'pingreq' } as const,
      ].map((packet) => encodePacket(packet, 5)),
    );
  });

  const answers = async (client: AttackingClient): Promise<string[]> => {
    const types: string[] = [];
    for (let count = 0; count < 5; count++) types.push((await client.next()).type);
    return types.sort();
  };
  const expected = ['connack', 'pingresp', 'puback', 'publish', 'suback'];

  test('one byte in each message', async () => {
    const client = await AttackingClient.open(broker().listener('ws'));
    for (const byte of stream) client.sendBytes(Buffer.from([byte]));
    assert.deepEqual(await answers(client), expected);
    client.destroy();
  });

  test('everything in one message', async () => {
    const client = await AttackingClient.open(broker().listener('ws'));
    client.sendBytes(stream);
    assert.deepEqual(await answers(client), expected);
    client.destroy();
  });

  test('one message in many fragments, with pings and empty ones between them', async () => {
    const client = await AttackingClient.open(broker().listener('ws'));
    for (let offset = 0; offset < stream.length; offset += 7) {
      const fin = offset + 7 >= stream.length;
      client.webSocket.send(stream.subarray(offset, offset + 7), { binary: true, fin });
      if (!fin) client.webSocket.ping('between');
      if (!fin) client.webSocket.send(Buffer.alloc(0), { binary: true, fin: false });
    }
    assert.deepEqual(await answers(client), expected);
    client.destroy();
  });

  test('a packet split over messages at each of its bytes', async () => {
    for (let cut = 1; cut < stream.length; cut += 13) {
      const client = await AttackingClient.open(broker().listener('ws'));
      client.sendBytes(stream.subarray(0, cut));
      client.sendBytes(stream.subarray(cut));
      assert.deepEqual(await answers(client), expected, `cut at ${cut}`);
      client.destroy();
    }
  });

  for (const [when, packets] of [
    ['before CONNECT', 0],
    ['after CONNACK', 1],
  ] as const) {
    test(`[MQTT-6.0.0-1] a text frame ${when} closes the connection`, async () => {
      const listener = broker().listener('ws');
      const client =
        packets === 0
          ? await AttackingClient.open(listener)
          : await login(listener, 'device', { clientId: 't' });
      client.webSocket.send(stream.toString('latin1'), { binary: false });
      const ending = await client.end();
      assert.deepEqual([ending.packets, ending.closeCode], [[], 1003]);
    });
  }

  test('a message above the largest is closed, before CONNACK far earlier', async () => {
    const stranger = await AttackingClient.open(broker().listener('ws'));
    for (let sent = 0; sent < 64 && !stranger.ended; sent++) {
      stranger.webSocket.send(Buffer.alloc(16_384), { binary: true, fin: false }, () => undefined);
    }
    await stranger.end();
    const known = await login(broker().listener('ws'), 'device', { clientId: 'k' });
    known.webSocket.send(Buffer.alloc(2 * 2 ** 20), { binary: true }, () => undefined);
    const { closeCode } = await known.end();
    assert.equal(closeCode, 1009);
  });
});
