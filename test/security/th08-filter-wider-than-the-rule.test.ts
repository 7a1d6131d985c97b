import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login, publish, subscribe } from './support/requests.ts';

/** Row A3: filters are compared by what they match and never as text. */
const wider: readonly (readonly [rule: string, filters: readonly string[]])[] = [
  ['a/+', ['a/#', '#', '+/+', 'a/+/+', 'a/+/#']],
  ['a/b', ['a/+', 'a/#', '+/b', '#', 'a/b/#']],
  ['+', ['#', '+/#', '+/+']],
  ['+/status', ['+/+', '+/#', '#', '+/status/#']],
  ['a/+/c/#', ['a/#', 'a/+/+/#', '+/+/c/#', 'a/+/c/#/x']],
  ['a/#', ['+/#', '#', '+/b']],
];

describe('TH08 a subscription wider than its rule', () => {
  const broker = sharedBroker({
    security: {
      clients: [
        ...wider.map(([topic], index) => passwordClient(`reader-${index}`, [{ access: 'read', topic }])),
        passwordClient('writer', [{ access: 'write', topic: '#' }]),
      ],
    },
  });

  for (const [index, [rule, filters]] of wider.entries()) {
    test(`the rule ${rule} does not give ${filters.join(', ')}`, async () => {
      const reader = await login(broker().listener(), `reader-${index}`);
      const codes = await subscribe(reader, [...filters, ...filters.map((filter) => `$share/g/${filter}`)]);
      for (const code of codes) assert.ok(code === 0x87 || code === 0x8f, String(codes));
      assert.deepEqual(await subscribe(reader, rule), [0]);
      const writer = await login(broker().listener(), 'writer');
      for (const topic of ['z', 'z/z', 'a/z/z/z', 'z/z/c/z']) await publish(writer, topic);
      const topics = (await reader.settled()).map((packet) => packet.type === 'publish' && packet.topic);
      assert.deepEqual(topics, { '+': ['z'], 'a/#': ['a/z/z/z'] }[rule] ?? []);
      reader.destroy();
      writer.destroy();
    });
  }

  test('mosquitto_sub with # is refused under the rule +', {
    skip: needs(...mosquittoPrograms),
  }, async (t) => {
    const { host, port } = broker().listener();
    const subscriber = await mosquittoSubscribe(
      t,
      { host, port, version: '3.1.1', clientId: 'm', username: 'reader-2', password: testPassword },
      ['#', '+'],
    );
    assert.deepEqual(subscriber.granted, [128, 0]);
  });
});
