import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import { damaged } from '../support/damage.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { loginOf, passwordClient, testPassword } from '../support/password-records.ts';
import { needsProcessMemory, residentBytes } from '../support/process-memory.ts';
import { Dice } from '../support/seeded-random.ts';
import { needs } from '../support/skip-reason.ts';
import { SteadyPair } from '../support/steady-pair.ts';
import type { CorpusEntry } from '../unit/codec/support/packet-corpus.ts';
import { corpus } from '../unit/codec/support/packet-corpus.ts';

const MIB = 2 ** 20;
const seed = 20_261_120;
const damagedPackets = 4_000;
const atOnce = 8;

/** One damaged packet on a connection of its own, which must come to an end. */
async function attack(broker: BrokerProcess, index: number): Promise<void> {
  const dice = new Dice(seed + index);
  const { frame, version }: CorpusEntry = dice.oneOf(corpus);
  const listener = broker.listener(dice.chance(0.15) ? 'ws' : 'tcp');
  const client = await AttackingClient.open(listener, { version });
  // The answer to a damaged CONNECT may be of another version than it was before the damage.
  const asFirstPacket = dice.chance(0.3);
  if (!asFirstPacket) {
    client.send(
      connectWith({ ...loginOf('attacker'), clientId: `attacker-${index}`, protocolVersion: version }),
    );
    await client.nextOf('connack');
  }
  client.sendBytes(damaged(frame, dice));
  client.finish();
  await client.end(20_000);
}

describe('bad input', () => {
  test(`${damagedPackets} damaged packets: the broker survives and others do not notice`, {
    skip: needsProcessMemory(),
  }, async (t) => {
    const everything = [{ access: 'readWrite', topic: '#' }] as const;
    const broker = await startBroker(t, {
      config: {
        listeners: (['tcp', 'ws'] as const).map((protocol) => ({ name: protocol, protocol, port: 0 })),
        // Whoever a damaged CONNECT claims to be comes in, so that what follows is read.
        anonymous: { roles: ['anybody'], ignore_credentials: true },
        limits: { failure_reply_delay: '0s' },
      },
      security: {
        clients: [passwordClient('attacker', everything), passwordClient('steady', everything)],
        roles: [{ name: 'anybody', permissions: everything }],
      },
    });
    const topic = 'steady/x';
    const pair = await SteadyPair.start(t, broker.listener(), {
      username: 'steady',
      password: testPassword,
      topic,
    });
    await pair.exchange(200);
    const { pid } = broker;
    const before = residentBytes(pid);

    let next = 0;
    const work = async (): Promise<void> => {
      while (next < damagedPackets) {
        const index = next++;
        await attack(broker, index).catch((error: Error) => {
          throw new Error(`packet ${index}: ${error.message}`, { cause: error });
        });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));

    await pair.exchange(100);
    await pair.finish();
    assert.equal(broker.pid, pid);
    const growth = residentBytes(pid) - before;
    assert.ok(growth < 320 * MIB, `memory grew by ${Math.round(growth / MIB)} MiB`);
    const failures = broker.logs().filter(({ level }) => level === 'error');
    assert.deepEqual(failures, []);
    const seen = new Set(broker.logs().map(({ event }) => event));
    assert.ok(seen.has('protocol_violation') && seen.has('client_connected'), 'the packets were read');
  });

  const names = ['00123', '1e5', 'no', 'null', '~', 'true', '0x1F', '2024-01-01', '.5', '1_000', 'Infinity'];

  test('texts that YAML might take for something else are names and passwords as they stand', {
    skip: needs(...mosquittoPrograms),
  }, async (t) => {
    const security = [
      'clients:',
      ...names.map(
        (name) =>
          `  - { name: ${name}, authentication: { kind: password, username: ${name}, password: ${name} }, permissions: [{ access: write, topic: ${name}/# }] }`,
      ),
    ].join('\n');
    const broker = await startBroker(t, { security });
    const { host, port } = broker.listener();
    for (const name of names) {
      const connection = { host, port, version: '5.0', clientId: `c-${name}`, username: name } as const;
      const message = { topic: `${name}/x`, payload: '1', qos: 1 } as const;
      const right = await mosquittoPublish({ ...connection, password: name }, message);
      assert.deepEqual([right.connack, right.acknowledged], [0, [0]], name);
    }
    for (const [username, password] of [
      ['123', '123'],
      ['00123', '123'],
      ['83', '00123'],
      ['100000', '100000'],
      ['false', 'false'],
      ['no', 'false'],
      ['', ''],
    ] as const) {
      const wrong = await mosquittoPublish(
        { host, port, username, password, clientId: 'w' },
        { topic: 'x', payload: '1' },
      );
      assert.equal(wrong.connack, 5, username);
    }
  });
});
