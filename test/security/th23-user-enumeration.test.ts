import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectParts } from '../support/attacking-client.ts';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import { sharedBroker, startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { loginOf, passwordClient, passwordHash, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login } from './support/requests.ts';

const failures: Readonly<Record<string, ConnectParts>> = {
  'an unknown user': loginOf('nobody'),
  'an unknown user without a password': { username: 'nobody' },
  'a wrong password': loginOf('device', 'wrong'),
  'a wrong password against another kind of hash': loginOf('heavy', 'wrong'),
  'a known user without a password': { username: 'device' },
  'a disabled client with its password': loginOf('off'),
  'a disabled client with a wrong password': loginOf('off', 'wrong'),
  'a bound client id that is not sent': loginOf('bound'),
  'nothing at all': {},
};

const security = {
  clients: [
    passwordClient('device'),
    passwordClient('heavy', [], { authentication: { password_hash: passwordHash(testPassword, 'slow') } }),
    passwordClient('off', [], { enabled: false }),
    passwordClient('bound', [], { authentication: { client_id: 'its-own' } }),
  ],
};

/** Row P4: who asks learns one thing, that it did not work. */
describe('TH23 user enumeration', () => {
  const broker = sharedBroker({ security });

  for (const protocolVersion of [3, 4, 5] as const) {
    test(`every failed credential has the same bytes as answer (level ${protocolVersion})`, async () => {
      const answers = new Set<string>();
      for (const [what, parts] of Object.entries(failures)) {
        const client = await AttackingClient.open(broker().listener(), { version: protocolVersion });
        client.send(connectWith({ clientId: 'same', ...parts, protocolVersion }));
        const connack = await client.nextOf('connack');
        assert.equal(connack.reasonCode, protocolVersion === 5 ? 0x86 : 5, what);
        answers.add(JSON.stringify([connack, await client.end()]));
      }
      assert.equal(answers.size, 1, [...answers].join('\n'));
    });
  }

  test('the log, which the peer does not see, tells them apart', () => {
    const causes = broker()
      .logs()
      .filter(({ event }) => event === 'connect_refused')
      .map(({ cause, detail }) => JSON.stringify([cause, detail]));
    assert.ok(new Set(causes).size >= 4, causes.join('\n'));
  });

  test('mosquitto_pub cannot tell them apart', { skip: needs(...mosquittoPrograms) }, async () => {
    const { host, port } = broker().listener();
    const outputs = new Set<string>();
    for (const [username, password] of [
      ['nobody', 'x'],
      ['device', 'wrong'],
      ['off', testPassword],
    ] as const) {
      const connection = { host, port, clientId: 'm', username, password };
      const { stdout, stderr, exitCode, connack } = await mosquittoPublish(connection, {
        topic: 'a',
        payload: 'b',
      });
      assert.equal(connack, 5);
      outputs.add(`${exitCode} ${stdout} ${stderr}`);
    }
    assert.equal(outputs.size, 1, [...outputs].join('\n'));
  });
});

/** The time of the answer is the configured one and not that of the hash. */
describe('TH23 the time of a failure', () => {
  test('failures wait for their fixed time, whatever it was that failed; successes do not', async (t) => {
    const broker = await startBroker(t, { security, config: { limits: { failure_reply_delay: '3s' } } });
    const started = performance.now();
    const answered: { readonly what: string; readonly after: number }[] = [];
    const failing = Object.entries(failures).map(async ([what, parts]) => {
      const client = await AttackingClient.open(broker.listener());
      client.send(connectWith(parts));
      assert.equal((await client.nextOf('connack', 20_000)).reasonCode, 0x86);
      answered.push({ what, after: performance.now() - started });
    });
    await Promise.all(failing);
    const tooEarly = answered.filter(({ after }) => after < 2_990);
    assert.deepEqual(tooEarly, []);
    const success = await login(broker.listener(), 'device');
    success.destroy();
  });

  test('a flood of failing logins does not hold up others', async (t) => {
    const broker = await startBroker(t, { security, config: { limits: { concurrent_password_hashes: 1 } } });
    const calm = await login(broker.listener(), 'device');
    const flood = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const client = await AttackingClient.open(broker.listener());
        client.send(connectWith({ ...loginOf(`guess-${index}`), clientId: `guess-${index}` }));
        return client;
      }),
    );
    const order: string[] = [];
    const refused = Promise.all(flood.map((client) => client.nextOf('connack', 30_000))).then(() => {
      order.push('flood answered');
    });
    for (let round = 0; round < 20; round++) await calm.settled();
    order.push('twenty round trips');
    await refused;
    assert.deepEqual(order, ['twenty round trips', 'flood answered']);
  });
});
