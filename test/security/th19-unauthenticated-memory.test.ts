import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import { testCertificates } from '../support/certificates.ts';
import { loginOf, passwordClient, passwordHash, testPassword } from '../support/password-records.ts';
import { needsProcessMemory, residentBytes } from '../support/process-memory.ts';
import { needs } from '../support/skip-reason.ts';
import { SteadyPair } from '../support/steady-pair.ts';
import { login } from './support/requests.ts';

const MIB = 2 ** 20;
/** Garbage that has not been collected yet: the young generation alone may come to 192 MiB (--max-semi-space-size=64). */
const noiseMax = 384 * MIB;
const crowd = 300;

interface Target {
  readonly broker: BrokerProcess;
  readonly pair: SteadyPair;
  /** The pair goes on, and memory has not grown by more than noise. */
  unmoved(): Promise<void>;
}

async function target(
  t: Parameters<typeof startBroker>[0],
  config: Readonly<Record<string, unknown>> = {},
): Promise<Target> {
  const security = {
    clients: [
      passwordClient('steady', [{ access: 'readWrite', topic: 'steady/#' }]),
      passwordClient('slow', [], { authentication: { password_hash: passwordHash(testPassword, 'slow') } }),
    ],
  };
  const broker = await startBroker(t, { security, config });
  const topic = 'steady/x';
  const pair = await SteadyPair.start(t, broker.listener(), {
    username: 'steady',
    password: testPassword,
    topic,
  });
  await pair.exchange(100);
  const before = residentBytes(broker.pid);
  return {
    broker,
    pair,
    async unmoved() {
      const growth = residentBytes(broker.pid) - before;
      assert.ok(growth < noiseMax, `memory grew by ${Math.round(growth / MIB)} MiB`);
      await pair.exchange(50);
    },
  };
}

async function finish({ broker, pair }: Target): Promise<void> {
  await pair.exchange(50);
  await pair.finish();
  assert.deepEqual(
    broker.logs().filter(({ event }) => event === 'internal_error'),
    [],
  );
}

function many(broker: BrokerProcess, count = crowd): Promise<readonly AttackingClient[]> {
  return Promise.all(Array.from({ length: count }, () => AttackingClient.open(broker.listener())));
}

const connect = encodePacket(connectWith(loginOf('steady')), 5);

/** What somebody can make the broker do who has proven nothing. */
describe('TH19 strangers', { skip: needsProcessMemory() }, () => {
  test('a declared length of 256 MB costs nothing, before CONNECT and after', async (t) => {
    const attacked = await target(t);
    const { broker } = attacked;
    for (const client of await many(broker)) {
      client.sendBytes(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4, 0x4d]));
      assert.deepEqual((await client.end()).packets, []);
    }
    await attacked.unmoved();
    for (let round = 0; round < 20; round++) {
      const client = await login(broker.listener(), 'steady');
      client.sendBytes(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
      assert.equal((await client.nextOf('disconnect')).reasonCode, 0x95);
      await client.end();
    }
    await attacked.unmoved();
    await finish(attacked);
  });

  test('a Remaining Length of five bytes, or not in the fewest, is closed', async (t) => {
    const attacked = await target(t);
    for (const length of [
      [0xff, 0xff, 0xff, 0xff, 0x01],
      [0x80, 0x80, 0x80, 0x80, 0x01],
      [0x80, 0x00],
    ]) {
      const stranger = await AttackingClient.open(attacked.broker.listener());
      stranger.sendBytes(Buffer.from([0x10, ...length]));
      assert.deepEqual((await stranger.end()).packets, []);
      const client = await login(attacked.broker.listener(), 'steady');
      client.sendBytes(Buffer.from([0x30, ...length]));
      assert.equal((await client.nextOf('disconnect')).reasonCode, 0x81);
    }
    await finish(attacked);
  });

  test('a first packet that is no CONNECT is closed without a word, whatever it is', async (t) => {
    const attacked = await target(t);
    for (let type = 0; type < 16; type++) {
      if (type === 1) continue;
      const client = await AttackingClient.open(attacked.broker.listener());
      client.sendBytes(Buffer.concat([Buffer.from([type << 4, 2, 0, 1]), connect]));
      assert.deepEqual((await client.end()).packets, [], `type ${type}`);
    }
    for (const text of [
      'GET / HTTP/1.1\r\n\r\n',
      'SSH-2.0-x\r\n',
      'PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001',
    ]) {
      const client = await AttackingClient.open(attacked.broker.listener());
      client.sendBytes(Buffer.concat([Buffer.from(text, 'latin1'), connect]));
      assert.deepEqual((await client.end()).packets, [], text);
    }
    await finish(attacked);
  });

  test('a crowd that sends its CONNECT byte by byte is closed in time', async (t) => {
    const attacked = await target(t, { mqtt: { connect_timeout: '1s' } });
    const clients = await many(attacked.broker);
    const drip = async (client: AttackingClient): Promise<void> => {
      for (const byte of connect) {
        if (client.ended) return;
        client.sendBytes(Buffer.from([byte]));
        await sleep(100);
      }
      assert.fail('the whole CONNECT was taken');
    };
    await Promise.all(clients.map(drip));
    for (const client of clients) assert.deepEqual((await client.end()).packets, []);
    await finish(attacked);
  });

  test('a crowd that declares the largest CONNECT costs what it sends and no more', async (t) => {
    const attacked = await target(t, { mqtt: { connect_timeout: '3s' } });
    // 128 KiB less the header declared, a quarter of it sent.
    const beginning = Buffer.concat([Buffer.from([0x10, 0xf0, 0xff, 0x07]), Buffer.alloc(1_024)]);
    const clients = await many(attacked.broker);
    for (const client of clients) client.sendBytes(beginning);
    await attacked.unmoved();
    for (const client of clients) assert.deepEqual((await client.end()).packets, []);
    await finish(attacked);
  });

  test('half-open TLS handshakes are closed in time', { skip: needs('openssl') }, async (t) => {
    const { server } = await testCertificates();
    const tls = { cert_file: server.certFile, key_file: server.keyFile, handshake_timeout: '1s' };
    const attacked = await target(t, {
      listeners: [
        { name: 'tcp', protocol: 'tcp', port: 0 },
        { name: 'tls', protocol: 'tls', port: 0, tls },
        { name: 'wss', protocol: 'wss', port: 0, tls },
      ],
    });
    const sockets = ['tls', 'wss'].flatMap((name) => {
      const { host, port } = attacked.broker.listener(name);
      return Array.from({ length: crowd / 2 }, (_, index) => {
        const socket = connectTcp({ host, port });
        socket.on('error', () => undefined);
        socket.resume();
        // Nothing; or a handshake record that declares more than it brings.
        if (index % 2 === 0) socket.write(Buffer.from([0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc]));
        return new Promise((resolve) => socket.once('close', resolve));
      });
    });
    await Promise.all(sockets);
    await attacked.unmoved();
    await finish(attacked);
  });

  test('a flood of CONNECTs above pending_authentications gets 0x89 or 3, and the others their answer', async (t) => {
    const limits = { pending_authentications: 5, concurrent_password_hashes: 1 };
    const attacked = await target(t, { limits });
    const codes = new Map<number, number>();
    await Promise.all(
      Array.from({ length: crowd }, async (_, index) => {
        const protocolVersion = index % 2 === 0 ? 5 : 4;
        const client = await AttackingClient.open(attacked.broker.listener(), { version: protocolVersion });
        client.send(connectWith({ ...loginOf('slow', 'wrong'), clientId: `c${index}`, protocolVersion }));
        const { reasonCode } = await client.nextOf('connack', 30_000);
        codes.set(reasonCode, (codes.get(reasonCode) ?? 0) + 1);
        await client.end();
      }),
    );
    assert.deepEqual(
      [...codes.keys()].filter((code) => ![0x86, 5, 0x89, 3].includes(code)),
      [],
    );
    assert.ok((codes.get(0x89) ?? 0) > 0 && (codes.get(3) ?? 0) > 0, JSON.stringify([...codes]));
    assert.ok((codes.get(0x86) ?? 0) + (codes.get(5) ?? 0) > 0);
    await attacked.unmoved();
    await finish(attacked);
  });

  test('connections above unauthenticated_connections are closed at accept; who is in stays, and places come back', async (t) => {
    const limits = { unauthenticated_connections: 20 };
    const attacked = await target(t, { limits, mqtt: { connect_timeout: '2s' } });
    const clients = await many(attacked.broker, 60);
    await attacked.broker.waitForLog(
      'connection_refused',
      ({ limit }) => limit === 'unauthenticated_connections',
    );
    await attacked.unmoved();
    for (const client of clients) await client.end();
    const late = await login(attacked.broker.listener(), 'steady', { clientId: 'late' });
    late.destroy();
    await finish(attacked);
  });

  test('what is sent behind a CONNECT that waits is read up to pipelined_bytes only', async (t) => {
    const limits = { concurrent_password_hashes: 1 };
    const attacked = await target(t, { limits });
    const clients = await many(attacked.broker, 20);
    const megabyte = Buffer.alloc(MIB, 0xc0);
    for (const [index, client] of clients.entries()) {
      client.send(connectWith({ ...loginOf('slow', 'wrong'), clientId: `c${index}` }));
      for (let count = 0; count < 32; count++) client.sendBytes(megabyte);
    }
    // 640 MiB wait in the clients and in the kernel; a second later the broker has not taken them in.
    await attacked.pair.exchange(200);
    await attacked.unmoved();
    for (const client of clients) client.destroy();
    await finish(attacked);
  });

  test('a queue of password hashes does not hold up the end of the broker', async (t) => {
    const { broker, pair } = await target(t, { limits: { concurrent_password_hashes: 1 } });
    const clients = await many(broker, 100);
    for (const client of clients) client.send(connectWith(loginOf('slow', 'wrong')));
    await pair.exchange(20);
    // It must end in time, although there is work for more than half a minute in the queue.
    await broker.stop();
  });
});
