import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

describe('$SYS (row A10)', () => {
  const operator = passwordClient('operator', [
    { access: 'read', topic: '$SYS/#' },
    { access: 'readWrite', topic: '#' },
  ]);
  const broker = sharedBroker({ security: { ...plant, clients: [...plant.clients, operator] } });

  test('is read with a permission that begins with it', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const connection = { ...broker().listener(), ...login('operator') };
    const subscriber = await mosquittoSubscribe(
      t,
      connection,
      ['$SYS/broker/version', '$SYS/broker/clients/#'],
      1,
    );
    assert.deepEqual(subscriber.granted, [1, 1]);
    const messages = await subscriber.waitForMessages(4);
    const values = new Map(messages.map(({ topic, payload }) => [topic, String(payload)]));
    assert.match(values.get('$SYS/broker/version') ?? '', /^portcullis version \d/);
    assert.match(values.get('$SYS/broker/clients/connected') ?? '', /^\d+$/);
    assert.ok(messages.every(({ retain }) => retain));
  });

  for (const [version, refusal] of [
    ['3.1.1', 128],
    ['5.0', 0x87],
  ] as const) {
    test(`${version}: a permission for # does not reach it, with whatever filter`, async (t) => {
      const engineer = await connectMqttJs(t, broker().listener(), { ...login('engineer'), version });
      const filters = ['$SYS/#', '$SYS/broker/version', '$share/group/$SYS/#', '$other/x'];
      assert.deepEqual(
        await engineer.subscribe(filters),
        filters.map(() => refusal),
      );
      assert.equal(
        await engineer.publish('$SYS/broker/version', 'forged', { qos: 1 }),
        version === '5.0' ? refusal : 'closed',
      );
    });
  }

  test('# and + bring nothing of it, even to those who may read it', async (t) => {
    const client = await connectMqttJs(t, broker().listener(), login('operator'));
    await client.subscribe('$SYS/broker/uptime', { qos: 1 });
    await client.waitForMessages(1);
    assert.deepEqual(await client.subscribe(['#', '+/broker/#', '+/+/+'], { qos: 1 }), [1, 1, 1]);
    await client.publish('desk/1', 'last', { qos: 1 });
    await client.waitForPayload('last');
    assert.deepEqual(
      client.messages.map(({ topic }) => topic),
      ['$SYS/broker/uptime', 'desk/1'],
    );
  });

  test('nobody writes to it', async (t) => {
    const client = await connectMqttJs(t, broker().listener(), login('operator'));
    assert.equal(await client.publish('$SYS/broker/version', 'forged', { qos: 1, retain: true }), 0x87);
    await client.subscribe('$SYS/broker/version');
    assert.match(String((await client.waitForMessages(1))[0]?.payload), /^portcullis/);
  });
});
