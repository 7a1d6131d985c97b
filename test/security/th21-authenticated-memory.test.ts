import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ControlPacket, UserProperty } from '../../src/codec/control-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import type { AttackingClient } from '../support/attacking-client.ts';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';
import { needsProcessMemory, residentBytes } from '../support/process-memory.ts';
import { SteadyPair } from '../support/steady-pair.ts';
import { connackCode, login, publicationOf, publish, subscribe, subscriptionTo } from './support/requests.ts';

const MIB = 2 ** 20;
/** What a flood writes unless the broker stops taking it. */
const floodBytes = 48 * MIB;
/** Garbage that has not been collected yet: the young generation alone may come to 192 MiB (--max-semi-space-size=64). */
const noiseMax = 384 * MIB;
const security = {
  clients: [
    passwordClient('attacker', [{ access: 'readWrite', topic: 'attack/#' }]),
    passwordClient('victim', [{ access: 'readWrite', topic: 'attack/#' }]),
    passwordClient('steady', [{ access: 'readWrite', topic: 'steady/#' }]),
  ],
};

type Owner = Parameters<typeof startBroker>[0];

/** What is attacked: a broker, a pair that must not notice, and the memory that it began with. */
interface Target {
  readonly broker: BrokerProcess;
  readonly pair: SteadyPair;
  /** Checks that others go on and that memory has not grown by more than this. */
  withstood(growthMax: number): Promise<void>;
}

async function target(t: Owner, config: Readonly<Record<string, unknown>> = {}): Promise<Target> {
  const listeners = [
    { name: 'tcp', protocol: 'tcp', port: 0 },
    { name: 'ws', protocol: 'ws', port: 0 },
  ];
  const broker = await startBroker(t, { security, config: { listeners, ...config } });
  const pair = await SteadyPair.start(t, broker.listener(), {
    username: 'steady',
    password: testPassword,
    topic: 'steady/x',
  });
  // What a busy broker has anyway (code, warm heap) is no growth.
  await pair.exchange(200);
  const before = residentBytes(broker.pid);
  return {
    broker,
    pair,
    async withstood(growthMax) {
      const growth = residentBytes(broker.pid) - before;
      assert.ok(growth < growthMax, `memory grew by ${Math.round(growth / MIB)} MiB`);
      await pair.exchange(50);
      await pair.finish();
      const errors = broker.logs().filter(({ event }) => event === 'internal_error');
      assert.deepEqual(errors, []);
    },
  };
}

/**
 * Writes the same bytes again and again without reading, until this many were taken, or the broker no longer takes them,
 * or ends the connection. Resolves with the bytes that were taken.
 */
async function flood(client: AttackingClient, bytes: Buffer, total: number): Promise<number> {
  const { socket } = client;
  socket.pause();
  let written = 0;
  while (written < total && !socket.destroyed) {
    written += bytes.length;
    const taken = await new Promise<boolean>((resolve) => {
      const giveUp = setTimeout(() => resolve(false), 500);
      socket.write(bytes, () => {
        clearTimeout(giveUp);
        resolve(true);
      });
    });
    if (!taken) break;
  }
  return written;
}

const repeated = (frame: Buffer): Buffer => Buffer.concat(Array.from({ length: 16_384 }, () => frame));

describe('TH21 memory of authenticated clients', { skip: needsProcessMemory() }, () => {
  const unread = {
    PINGREQ: encodePacket({ type: 'pingreq' }, 5),
    SUBSCRIBE: encodePacket(subscriptionTo('attack/x'), 5),
    'a refused SUBSCRIBE': encodePacket(subscriptionTo('other/x'), 5),
    UNSUBSCRIBE: encodePacket({ type: 'unsubscribe', packetId: 1, filters: ['attack/x'], properties: {} }, 5),
    'PUBLISH with QoS 1': encodePacket(publicationOf('attack/x', { qos: 1, payload: Buffer.alloc(0) }), 5),
    'a denied PUBLISH': encodePacket(publicationOf('other/x', { qos: 1, payload: Buffer.alloc(0) }), 5),
    PUBREL: encodePacket({ type: 'pubrel', packetId: 9, reasonCode: 0, properties: {} }, 5),
    'PUBREC of an unknown identifier': encodePacket(
      { type: 'pubrec', packetId: 9, reasonCode: 0, properties: {} },
      5,
    ),
  };
  for (const [what, frame] of Object.entries(unread)) {
    test(`a client that sends ${what} and never reads the answers`, async (t) => {
      const { broker, withstood } = await target(t);
      const attacker = await login(broker.listener(), 'attacker');
      const taken = await flood(attacker, repeated(frame), floodBytes);
      assert.ok(taken < floodBytes, 'the broker goes on taking packets whose answers nobody reads');
      await withstood(noiseMax);
      attacker.destroy();
    });
  }

  test('a client that sends WebSocket pings and never reads the pongs', async (t) => {
    const { broker, withstood } = await target(t);
    const attacker = await login(broker.listener('ws'), 'attacker');
    // A masked ping of 100 bytes; a mask of zeros leaves it as it is.
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 100, 0, 0, 0, 0]), Buffer.alloc(100)]);
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
    const taken = await flood(attacker, pings, 4 * floodBytes);
    assert.ok(taken < 4 * floodBytes, 'the broker goes on taking pings whose pongs nobody reads');
    await withstood(noiseMax);
    attacker.destroy();
  });

  for (const protocolVersion of [4, 5] as const) {
    test(`QoS 2 messages whose flow is never completed (level ${protocolVersion})`, async (t) => {
      const { broker, withstood } = await target(t);
      for (let round = 0; round < 20; round++) {
        const attacker = await login(broker.listener(), 'attacker', {
          clientId: `a${round}`,
          protocolVersion,
        });
        for (let packetId = 1; packetId <= 2_000 && !attacker.ended; packetId++) {
          attacker.send(publicationOf('attack/x', { qos: 2, packetId, payload: Buffer.alloc(1_000) }));
        }
        const { packets } = await attacker.end();
        const last = packets.at(-1);
        if (protocolVersion === 5) assert.equal(last?.type === 'disconnect' && last.reasonCode, 0x93);
        const received = packets.filter(({ type }) => type === 'pubrec').length;
        assert.ok(received <= 1_024, `${received} identifiers are open`);
      }
      await withstood(noiseMax);
    });
  }

  test('user properties without end', async (t) => {
    const { broker, withstood } = await target(t);
    const many = (count: number, size = 1) => ({
      userProperties: Array.from({ length: count }, (): UserProperty => ['n'.repeat(size), 'v'.repeat(size)]),
    });
    const attacker = () => login(broker.listener(), 'attacker', { clientId: '' });
    const packets = {
      PUBLISH: publicationOf('attack/x', { properties: many(101) }),
      SUBSCRIBE: { ...subscriptionTo('attack/x'), properties: many(101) },
      UNSUBSCRIBE: { type: 'unsubscribe', packetId: 1, filters: ['attack/x'], properties: many(101) },
      PUBACK: { type: 'puback', packetId: 1, reasonCode: 0, properties: many(101) },
      PUBREL: { type: 'pubrel', packetId: 1, reasonCode: 0, properties: many(101) },
      DISCONNECT: { type: 'disconnect', reasonCode: 0, properties: many(101) },
    } satisfies Record<string, ControlPacket>;
    for (const [what, packet] of Object.entries<ControlPacket>(packets)) {
      const client = await attacker();
      client.send(packet);
      const last = (await client.end()).packets.at(-1);
      assert.equal(last?.type === 'disconnect' && last.reasonCode, 0x97, what);
    }
    const connect = { username: 'attacker', password: Buffer.from(testPassword) };
    assert.equal(await connackCode(broker.listener(), { ...connect, properties: many(101) }), 0x97);
    const will = {
      topic: 'attack/x',
      payload: Buffer.alloc(0),
      qos: 0,
      retain: false,
      properties: many(101),
    } as const;
    assert.equal(await connackCode(broker.listener(), { ...connect, will }), 0x97);
    // As many as are allowed, as long as a packet may be, to a subscriber that never reads, and retained.
    const reader = await login(broker.listener(), 'victim', { clientId: 'never-reads' });
    await subscribe(reader, 'attack/#', 1);
    reader.socket.pause();
    const client = await attacker();
    for (let index = 0; index < 200; index++) {
      assert.equal(await publish(client, 'attack/big', { properties: many(100, 5_000), retain: true }), 0);
    }
    await withstood(noiseMax + 200 * MIB);
  });

  test('subscriptions without end', async (t) => {
    const { broker, withstood } = await target(t, { limits: { subscriptions_per_session: 1_000 } });
    const attacker = await login(broker.listener(), 'attacker');
    const codes: number[] = [];
    for (let batch = 0; batch < 100; batch++) {
      const filters = Array.from({ length: 100 }, (_, index) => `attack/+/${batch}/${index}/#`);
      codes.push(...(await subscribe(attacker, filters)));
    }
    assert.equal(codes.filter((code) => code === 0).length, 1_000);
    assert.equal(codes.filter((code) => code === 0x97).length, 9_000);
    await withstood(noiseMax);
    attacker.destroy();
  });

  test('the same retained messages asked for again and again by a client that acknowledges nothing', async (t) => {
    const { broker, withstood } = await target(t);
    const writer = await login(broker.listener(), 'victim');
    for (let index = 0; index < 400; index++) await publish(writer, `attack/${index}`, { retain: true });
    const attacker = await login(broker.listener(), 'attacker', { properties: { receiveMaximum: 1 } });
    const again = encodePacket(subscriptionTo('attack/#', 1), 5);
    const bytes = Buffer.concat(Array.from({ length: 1_000 }, () => again));
    for (let round = 0; round < 200 && !attacker.ended; round++) {
      attacker.sendBytes(bytes);
      await attacker.settled();
    }
    await withstood(noiseMax);
    attacker.destroy();
  });

  test('slow readers of QoS 0, 1 and 2', async (t) => {
    const limits = { queued_bytes: '8MiB', write_queue_bytes: '256KiB' };
    const { broker, withstood } = await target(t, { limits });
    const readers = await Promise.all(
      ([0, 1, 2] as const).map(async (qos) => {
        const reader = await login(broker.listener(), 'victim', { clientId: `slow-${qos}` });
        await subscribe(reader, 'attack/#', qos);
        reader.socket.pause();
        return reader;
      }),
    );
    const writer = await login(broker.listener(), 'attacker');
    const payload = Buffer.alloc(64 * 1024);
    for (let index = 0; index < 2_000; index++) {
      writer.send(publicationOf('attack/x', { qos: 2, packetId: 1 + (index % 100), payload }));
      await writer.nextOf('pubrec');
      writer.send({ type: 'pubrel', packetId: 1 + (index % 100), reasonCode: 0, properties: {} });
      await writer.nextOf('pubcomp');
    }
    await withstood(noiseMax + 50 * MIB);
    for (const reader of readers) reader.destroy();
    writer.destroy();
  });

  test('a retained message that grows counts against retained_bytes', async (t) => {
    const limits = { retained_bytes: '1MiB' };
    const { broker, withstood } = await target(t, { limits });
    const attacker = await login(broker.listener(), 'attacker');
    for (let index = 0; index < 100; index++) {
      assert.equal(
        await publish(attacker, `attack/${index}`, { retain: true, payload: Buffer.from('1') }),
        0,
      );
    }
    const codes: number[] = [];
    for (let index = 0; index < 100; index++) {
      codes.push(
        await publish(attacker, `attack/${index}`, { retain: true, payload: Buffer.alloc(100_000) }),
      );
    }
    assert.ok(codes.filter((code) => code === 0).length <= 10, codes.join());
    assert.ok(codes.includes(0x97));
    // Smaller than what is there: always.
    assert.equal(await publish(attacker, 'attack/0', { retain: true, payload: Buffer.alloc(50_000) }), 0);
    await withstood(noiseMax);
    attacker.destroy();
  });
});
