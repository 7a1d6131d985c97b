import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrokerStartError } from '../support/broker-process.ts';
import { sharedBroker, startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login, publish, subscribe } from './support/requests.ts';

const denied = { 3: 0, 4: 0x80, 5: 0x87 } as const;
const versions = [3, 4, 5] as const;

/** Row A10: a shared subscription is authorized on its inner filter, in every version. */
describe('TH05 $share', () => {
  const broker = sharedBroker({
    security: {
      clients: [
        passwordClient('writer', [{ access: 'write', topic: '#' }]),
        passwordClient('reader', [
          { access: 'read', topic: 'open/#' },
          { access: 'read', topic: 'mixed/#' },
          { effect: 'deny', access: 'read', topic: 'mixed/secret' },
        ]),
      ],
    },
  });

  for (const version of versions) {
    test(`protocol level ${version}: a denied inner filter is refused and nothing is installed`, async () => {
      const reader = await login(broker().listener(), 'reader', { protocolVersion: version });
      const filters = ['$share/g/secret/x', '$share/g/#', '$share/g/mixed/secret', '$share/g/+/secret'];
      assert.deepEqual(
        await subscribe(reader, filters),
        filters.map(() => denied[version]),
      );
      const writer = await login(broker().listener(), 'writer');
      for (const topic of ['secret/x', 'mixed/secret', 'a/secret'])
        assert.equal(await publish(writer, topic), 0);
      assert.deepEqual(await reader.settled(), []);
      reader.destroy();
      writer.destroy();
    });

    test(`protocol level ${version}: an allowed one is a real shared subscription`, async () => {
      const first = await login(broker().listener(), 'reader', { protocolVersion: version, clientId: 'one' });
      const second = await login(broker().listener(), 'reader', {
        protocolVersion: version,
        clientId: 'two',
      });
      for (const client of [first, second]) assert.deepEqual(await subscribe(client, '$share/g/open/#'), [0]);
      const writer = await login(broker().listener(), 'writer');
      for (let index = 0; index < 4; index++) await publish(writer, 'open/x');
      const counts = [(await first.settled()).length, (await second.settled()).length];
      assert.deepEqual(counts, [2, 2]);
      for (const client of [first, second, writer]) client.destroy();
    });

    test(`protocol level ${version}: a deny inside a granted one holds at delivery`, async () => {
      const reader = await login(broker().listener(), 'reader', { protocolVersion: version });
      assert.deepEqual(await subscribe(reader, '$share/g/mixed/#'), [0]);
      const writer = await login(broker().listener(), 'writer');
      for (const topic of ['mixed/secret', 'mixed/open']) await publish(writer, topic);
      const messages = await reader.settled();
      assert.deepEqual(
        messages.map((packet) => packet.type === 'publish' && packet.topic),
        ['mixed/open'],
      );
      reader.destroy();
      writer.destroy();
    });
  }

  test('a permission for the text of a shared filter stops the start', async (t) => {
    const security = { clients: [passwordClient('c', [{ access: 'read', topic: '$share/g/secret' }])] };
    await assert.rejects(startBroker(t, { security }), (error: BrokerStartError) => {
      assert.match(error.stderr, /permissions\[0\]\.topic: .*begins with \$share/);
      return true;
    });
  });

  test('malformed shares are refused as filters, never taken literally', async () => {
    const client = await login(broker().listener(), 'reader');
    const filters = ['$share', '$share/', '$share/g', '$share//open/x', '$share/+/open/x', '$share/g/'];
    assert.deepEqual(
      await subscribe(client, filters),
      filters.map(() => 0x8f),
    );
    client.destroy();
  });

  test('mosquitto_sub is refused it in 3.1.1 and 5.0', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const { host, port } = broker().listener();
    for (const [version, code] of [
      ['3.1.1', 128],
      ['5.0', 135],
    ] as const) {
      const subscriber = await mosquittoSubscribe(
        t,
        { host, port, version, clientId: `m${code}`, username: 'reader', password: testPassword },
        ['$share/g/secret/x', 'open/x'],
      );
      assert.deepEqual(subscriber.granted, [code, 0]);
    }
  });
});
