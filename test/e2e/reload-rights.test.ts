import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { reload } from '../security/support/reload.ts';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login } from './plant.ts';

/** A reader whose rights are in a role, a writer, and somebody whom no change concerns. */
function security(readable: readonly string[], reader: 'there' | 'disabled' | 'gone' = 'there') {
  const record = passwordClient('reader', [], { roles: ['reading'], enabled: reader !== 'disabled' });
  return {
    clients: [
      ...(reader === 'gone' ? [] : [record]),
      passwordClient('writer', [{ access: 'write', topic: '#' }]),
      passwordClient('bystander', [{ access: 'readWrite', topic: 'hall/#' }]),
    ],
    roles: [{ name: 'reading', permissions: readable.map((topic) => ({ access: 'read', topic })) }],
  };
}

async function bystander(t: TestContext, broker: BrokerProcess) {
  const client = await connectMqttJs(t, broker.listener(), login('bystander'));
  await client.subscribe('hall/#', { qos: 1 });
  return async (): Promise<void> => {
    assert.equal(client.closed, false);
    const payload = `still here ${client.messages.length}`;
    assert.equal(await client.publish('hall/1', payload, { qos: 1 }), 0);
    await client.waitForPayload(payload);
  };
}

describe('SIGHUP with other rights', () => {
  for (const version of ['3.1.1', '5.0'] as const) {
    test(`${version}: what a role loses stops, what it regains comes, on the same connection`, async (t) => {
      const broker = await startBroker(t, { security: security(['rooms/#', 'news/#']) });
      const stillHere = await bystander(t, broker);
      const reader = await connectMqttJs(t, broker.listener(), { ...login('reader'), version });
      await reader.subscribe(['rooms/#', 'news/#'], { qos: 1 });
      const writer = await connectMqttJs(t, broker.listener(), login('writer'));
      const publish = async (payload: string): Promise<void> => {
        for (const topic of ['rooms/1', 'news/1'])
          await writer.publish(topic, `${topic} ${payload}`, { qos: 1 });
      };
      await publish('at first');
      await reader.waitForPayload('news/1 at first');

      await reload(broker, { 'security.yaml': security(['news/#']) });
      await broker.waitForLog('subscription_suspended', ({ filter }) => filter === 'rooms/#');
      await publish('narrowed');
      await reader.waitForPayload('news/1 narrowed');

      await reload(broker, { 'security.yaml': security(['rooms/#', 'news/#']) });
      await broker.waitForLog('subscription_resumed', ({ filter }) => filter === 'rooms/#');
      await publish('widened');
      await reader.waitForPayload('news/1 widened');
      assert.deepEqual(reader.payloads, [
        'rooms/1 at first',
        'news/1 at first',
        'news/1 narrowed',
        'rooms/1 widened',
        'news/1 widened',
      ]);
      assert.equal(reader.closed, false);
      await stillHere();
    });
  }

  test('mosquitto_sub lives through it as well', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const broker = await startBroker(t, { security: security(['rooms/#']) });
    const reader = await mosquittoSubscribe(t, { ...broker.listener(), ...login('reader') }, ['rooms/#'], 1);
    const writer = await connectMqttJs(t, broker.listener(), login('writer'));
    await writer.publish('rooms/1', 'before', { qos: 1 });
    await reader.waitForMessages(1);
    await reload(broker, { 'security.yaml': security([]) });
    await writer.publish('rooms/1', 'meanwhile', { qos: 1 });
    await reload(broker, { 'security.yaml': security(['rooms/#']) });
    await writer.publish('rooms/1', 'after', { qos: 1 });
    const messages = await reader.waitForMessages(2);
    assert.deepEqual(
      messages.map(({ payload }) => String(payload)),
      ['before', 'after'],
    );
  });

  test('queued messages are judged when they are sent, and are not lost to a change', async (t) => {
    const broker = await startBroker(t, { security: security(['rooms/#']) });
    const options = {
      ...login('reader'),
      clientId: 'reader',
      more: { clean: false, properties: { sessionExpiryInterval: 60 } },
    };
    const reader = await connectMqttJs(t, broker.listener(), options);
    await reader.subscribe('rooms/#', { qos: 1 });
    await reader.end();
    const writer = await connectMqttJs(t, broker.listener(), login('writer'));
    await writer.publish('rooms/1', 'queued', { qos: 1 });
    await writer.publish('rooms/2', 'queued, then denied', { qos: 1 });
    await reload(broker, { 'security.yaml': security([]) });
    await reload(broker, { 'security.yaml': security(['rooms/1']) });
    const back = await connectMqttJs(t, broker.listener(), options);
    assert.equal(back.connack?.sessionPresent, true);
    await back.waitForPayload('queued');
    await back.subscribe('rooms/1', { qos: 1 });
    await writer.publish('rooms/1', 'live', { qos: 1 });
    await back.waitForPayload('live');
    assert.deepEqual(back.payloads, ['queued', 'live']);
  });

  test('a publish that is no longer allowed is denied on the connection that had the right', async (t) => {
    const first = security(['rooms/#']);
    const broker = await startBroker(t, { security: first });
    const writer = await connectMqttJs(t, broker.listener(), login('writer'));
    assert.equal(await writer.publish('rooms/1', 'allowed', { qos: 1 }), 0);
    const clients = [
      passwordClient('writer', [{ access: 'write', topic: 'other/#' }]),
      ...first.clients.slice(2),
    ];
    await reload(broker, { 'security.yaml': { ...first, clients } });
    assert.equal(await writer.publish('rooms/1', 'denied', { qos: 1 }), 0x87);
    assert.equal(await writer.publish('other/1', 'allowed', { qos: 1 }), 0);
  });

  test('a will whose right is lost before it fires is not published (row A9)', async (t) => {
    const broker = await startBroker(t, { security: security(['rooms/#']) });
    const reader = await connectMqttJs(t, broker.listener(), login('reader'));
    await reader.subscribe('rooms/#', { qos: 1 });
    const will = { topic: 'rooms/will', payload: Buffer.from('will'), qos: 1, retain: false } as const;
    const leaving = await connectMqttJs(t, broker.listener(), { ...login('writer'), more: { will } });
    const first = security(['rooms/#']);
    const clients = [
      passwordClient('writer', [{ access: 'write', topic: 'rooms/1' }]),
      ...first.clients.filter(({ name }) => name !== 'writer'),
    ];
    await reload(broker, { 'security.yaml': { ...first, clients } });
    await leaving.vanish();
    await broker.waitForLog('will_suppressed', ({ topic }) => topic === 'rooms/will');
    const publisher = await connectMqttJs(t, broker.listener(), login('writer'));
    await publisher.publish('rooms/1', 'last', { qos: 1 });
    await reader.waitForPayload('last');
    assert.deepEqual(reader.payloads, ['last']);
  });

  for (const state of ['gone', 'disabled'] as const) {
    test(`a client that is ${state} is disconnected and cannot come back`, async (t) => {
      const broker = await startBroker(t, { security: security(['rooms/#']) });
      const stillHere = await bystander(t, broker);
      const reader = await connectMqttJs(t, broker.listener(), login('reader'));
      const old = await connectMqttJs(t, broker.listener(), { ...login('reader'), version: '3.1.1' });
      await reload(broker, { 'security.yaml': security(['rooms/#'], state) });
      assert.equal(await reader.waitForClose(), 0x98);
      assert.equal(await old.waitForClose(), undefined);
      for (const [version, refusal] of [
        ['3.1.1', 5],
        ['5.0', 0x86],
      ] as const) {
        const again = await connectMqttJs(t, broker.listener(), { ...login('reader'), version });
        assert.equal(again.connackCode, refusal);
      }
      await stillHere();
      await reload(broker, { 'security.yaml': security(['rooms/#']) });
      assert.equal((await connectMqttJs(t, broker.listener(), login('reader'))).connackCode, 0);
    });
  }

  test('a changed password holds from then on', async (t) => {
    const broker = await startBroker(t, { security: security(['rooms/#']) });
    const first = security(['rooms/#']);
    const changed = {
      name: 'reader',
      authentication: { kind: 'password', username: 'reader', password: 'new' },
    };
    await reload(broker, { 'security.yaml': { ...first, clients: [changed, ...first.clients.slice(1)] } });
    assert.equal((await connectMqttJs(t, broker.listener(), login('reader'))).connackCode, 0x86);
    const renewed = { username: 'reader', password: 'new' };
    assert.equal((await connectMqttJs(t, broker.listener(), renewed)).connackCode, 0);
  });
});

describe('SIGHUP with a security.yaml that cannot be used (TH12)', () => {
  const bad = {
    'a syntax error': 'clients: [ { name: x',
    'an unknown key': stringify({ ...security(['rooms/#']), klients: [] }),
    'an unknown role': stringify({ clients: [passwordClient('reader', [], { roles: ['nowhere'] })] }),
    'a record without a password': stringify({
      clients: [{ name: 'reader', authentication: { kind: 'password', username: 'reader' } }],
    }),
  };

  test('nothing changes, nobody is disconnected, and a good one is taken afterwards', async (t) => {
    const broker = await startBroker(t, { security: security(['rooms/#']) });
    const stillHere = await bystander(t, broker);
    const reader = await connectMqttJs(t, broker.listener(), login('reader'));
    await reader.subscribe('rooms/#', { qos: 1 });
    const writer = await connectMqttJs(t, broker.listener(), login('writer'));
    for (const [fault, text] of Object.entries(bad)) {
      const { problems } = await reload(broker, { 'security.yaml': text }, 'configuration_rejected');
      assert.match(String(problems), /security\.yaml/, fault);
      assert.equal(await writer.publish('rooms/1', fault, { qos: 1 }), 0);
      await reader.waitForPayload(fault);
      assert.equal((await connectMqttJs(t, broker.listener(), login('reader'))).connackCode, 0);
      assert.equal((await connectMqttJs(t, broker.listener(), {})).connackCode, 0x86);
      await stillHere();
    }
    await reload(broker, { 'security.yaml': security(['rooms/#'], 'gone') });
    assert.equal(await reader.waitForClose(), 0x98);
  });
});
