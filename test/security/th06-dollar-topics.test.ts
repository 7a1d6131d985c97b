import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { loginOf, passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { connackCode, login, publish, subscribe } from './support/requests.ts';

/** Topics that begin with `$` are reached by a permission that says so literally, and by no wildcard (row A10). */
describe('TH06 topics that begin with $', () => {
  const broker = sharedBroker({
    security: {
      clients: [
        passwordClient('everything', [
          { access: 'readWrite', topic: '#' },
          { access: 'readWrite', topic: '+/#' },
          { access: 'readWrite', topic: '${username}/#' },
        ]),
        passwordClient('monitor', [{ access: 'read', topic: '$SYS/broker/#' }]),
        passwordClient('internal', [
          { access: 'readWrite', topic: '#' },
          { access: 'readWrite', topic: '$internal/#' },
        ]),
      ],
    },
  });

  test('# and + in a permission do not reach them, to read or to write', async () => {
    const client = await login(broker().listener(), 'everything');
    const filters = ['$SYS/#', '$SYS/broker/version', '$internal/x', '$/x', '$'];
    assert.deepEqual(
      await subscribe(client, filters),
      filters.map(() => 0x87),
    );
    for (const topic of ['$SYS/broker/version', '$internal/x', '$share/g/x', '$']) {
      assert.equal(await publish(client, topic, { retain: true }), 0x87, topic);
    }
    client.destroy();
  });

  test('# and + in a filter do not match them, retained or live', async () => {
    const client = await login(broker().listener(), 'internal');
    assert.deepEqual(await subscribe(client, ['#', '+/#', '+/x', '+/+/+']), [0, 0, 0, 0]);
    assert.deepEqual(await client.settled(), []);
    assert.equal(await publish(client, '$internal/x', { retain: true }), 0);
    assert.deepEqual(await client.settled(), []);
    assert.deepEqual(await subscribe(client, '$internal/+'), [0]);
    const [message] = await client.settled();
    assert.equal(message?.type === 'publish' && message.topic, '$internal/x');
    client.destroy();
  });

  test('a literal permission reaches them, and only to read', async () => {
    const client = await login(broker().listener(), 'monitor');
    assert.deepEqual(await subscribe(client, ['$SYS/broker/version', '$SYS/#']), [0, 0x87]);
    const message = await client.nextOf('publish');
    assert.match(message.payload.toString(), /portcullis/);
    assert.equal(await publish(client, '$SYS/broker/version'), 0x87);
    client.destroy();
  });

  test('a will cannot go to them', async () => {
    const will = {
      topic: '$SYS/broker/version',
      payload: Buffer.from('forged'),
      qos: 0,
      retain: true,
      properties: {},
    } as const;
    assert.equal(await connackCode(broker().listener(), { ...loginOf('everything'), will }), 0x87);
    assert.equal(
      await connackCode(broker().listener(), { ...loginOf('everything'), will, protocolVersion: 4 }),
      5,
    );
  });

  test('mosquitto_sub with # sees none of them', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const { host, port } = broker().listener();
    const subscriber = await mosquittoSubscribe(
      t,
      { host, port, version: '5.0', clientId: 'm', username: 'everything', password: testPassword },
      ['#', '$SYS/#'],
    );
    assert.deepEqual(subscriber.granted, [0, 135]);
    const writer = await login(broker().listener(), 'everything', { clientId: 'w' });
    await publish(writer, 'last');
    writer.destroy();
    await subscriber.waitForMessages(1);
    assert.deepEqual(
      subscriber.messages.map(({ topic }) => topic),
      ['last'],
    );
  });
});
