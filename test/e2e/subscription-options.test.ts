import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { IPublishPacket } from 'mqtt-packet';
import { sharedBroker } from '../support/broker-process.ts';
import type { MqttJsClient } from '../support/mqtt-js.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { login, plant } from './plant.ts';

function identifiersOf(message: IPublishPacket | undefined): readonly number[] {
  const given = message?.properties?.subscriptionIdentifier ?? [];
  return [...(Array.isArray(given) ? given : [given])].sort();
}

let marks = 0;

/** Sends a last message to this client, and gives all that came before it. */
async function messagesSoFar(
  client: MqttJsClient,
  publisher: MqttJsClient,
): Promise<readonly IPublishPacket[]> {
  const mark = `last ${++marks}`;
  await client.subscribe('last');
  await publisher.publish('last', mark, { qos: 1 });
  await client.waitForPayload(mark);
  return client.messages.filter(({ topic }) => topic !== 'last');
}

describe('subscription options in 5.0', () => {
  const broker = sharedBroker({ security: plant });
  const engineer = (t: TestContext) => connectMqttJs(t, broker().listener(), login('engineer'));

  test('overlapping subscriptions make one delivery, with every identifier and the highest QoS', async (t) => {
    const subscriber = await engineer(t);
    await subscriber.subscribe('a/+', { qos: 0, properties: { subscriptionIdentifier: 7 } });
    await subscriber.subscribe('a/#', { qos: 2, properties: { subscriptionIdentifier: 300 } });
    await subscriber.subscribe('a/b', { qos: 1 });
    await subscriber.subscribe('b/#', { qos: 1, properties: { subscriptionIdentifier: 9 } });
    const publisher = await engineer(t);
    for (const qos of [0, 1, 2] as const) await publisher.publish('a/b', `${qos}`, { qos });
    await publisher.publish('a/b/c', 'deeper', { qos: 1 });
    const messages = await messagesSoFar(subscriber, publisher);
    assert.deepEqual(
      messages.map((message) => [String(message.payload), message.qos, identifiersOf(message)]),
      [
        ['0', 0, [300, 7]],
        ['1', 1, [300, 7]],
        ['2', 2, [300, 7]],
        ['deeper', 1, [300]],
      ],
    );
    // A new SUBSCRIBE replaces the identifier, or takes it away.
    await subscriber.subscribe('a/+', { qos: 0, properties: { subscriptionIdentifier: 8 } });
    await subscriber.subscribe('a/#', { qos: 2 });
    await publisher.publish('a/b', 'again', { qos: 1 });
    assert.deepEqual(identifiersOf(await subscriber.waitForPayload('again')), [8]);
  });

  test('identifiers come with retained and queued messages', async (t) => {
    const options = { ...login('engineer'), clientId: 'queued' };
    const more = { clean: false, properties: { sessionExpiryInterval: 60 } };
    const publisher = await engineer(t);
    await publisher.publish('r/1', 'retained', { qos: 1, retain: true });
    const first = await connectMqttJs(t, broker().listener(), { ...options, more });
    await first.subscribe('r/+', { qos: 1, properties: { subscriptionIdentifier: 5 } });
    assert.deepEqual(identifiersOf((await first.waitForMessages(1))[0]), [5]);
    await first.end();
    await publisher.publish('r/2', 'queued', { qos: 1 });
    const back = await connectMqttJs(t, broker().listener(), { ...options, more });
    assert.deepEqual(identifiersOf((await back.waitForMessages(1))[0]), [5]);
    await back.end({ properties: { sessionExpiryInterval: 0 } });
  });

  test('no local: what a client itself publishes does not come back', async (t) => {
    const talker = await engineer(t);
    const other = await engineer(t);
    await talker.subscribe('talk/#', { qos: 1, nl: true });
    await other.subscribe('talk/#', { qos: 1 });
    await talker.publish('talk/1', 'own', { qos: 1 });
    await other.publish('talk/1', 'other', { qos: 1 });
    const payloads = (await messagesSoFar(talker, other)).map(({ payload }) => String(payload));
    assert.deepEqual(payloads, ['other']);
    assert.deepEqual((await other.waitForMessages(2)).length, 2);
  });

  test('retain as published: the flag of a live message is kept only where asked for', async (t) => {
    const [plain, asPublished, publisher] = [await engineer(t), await engineer(t), await engineer(t)];
    await plain.subscribe('rap/#', { qos: 1 });
    await asPublished.subscribe('rap/#', { qos: 1, rap: true });
    for (const retain of [true, false]) await publisher.publish('rap/1', `${retain}`, { qos: 1, retain });
    const flags = async (client: MqttJsClient) =>
      (await client.waitForMessages(2)).map(({ retain }) => retain);
    assert.deepEqual(await flags(plain), [false, false]);
    assert.deepEqual(await flags(asPublished), [true, false]);
  });

  test('retain handling: 0 sends retained messages, 1 only to a new subscription, 2 never', async (t) => {
    const publisher = await engineer(t);
    await publisher.publish('rh/1', 'retained', { qos: 1, retain: true });
    for (const [rh, first, second] of [
      [0, 1, 2],
      [1, 1, 1],
      [2, 0, 0],
    ] as const) {
      const subscriber = await engineer(t);
      await subscriber.subscribe('rh/1', { qos: 1, rh });
      assert.equal((await messagesSoFar(subscriber, publisher)).length, first, `handling ${rh}, first`);
      await subscriber.subscribe('rh/1', { qos: 1, rh });
      assert.equal((await messagesSoFar(subscriber, publisher)).length, second, `handling ${rh}, again`);
    }
  });

  test('a shared subscription gets no retained messages', async (t) => {
    const publisher = await engineer(t);
    await publisher.publish('shared/1', 'retained', { qos: 1, retain: true });
    const member = await engineer(t);
    assert.deepEqual(await member.subscribe('$share/group/shared/#', { qos: 1 }), [1]);
    await publisher.publish('shared/1', 'live', { qos: 1 });
    const payloads = (await messagesSoFar(member, publisher)).map(({ payload }) => String(payload));
    assert.deepEqual(payloads, ['live']);
  });

  test('Paho: identifiers, no local, retain as published and retain handling', {
    skip: needsPaho(),
  }, async () => {
    const { host, port } = broker().listener();
    const publish = (topic: string, payload: string, retain = false) => ({
      publish: { topic, payload, retain, qos: 1 as const },
    });
    const { steps, messages } = await pahoSession({
      host,
      port,
      version: '5.0',
      ...login('engineer'),
      steps: [
        publish('p/1', 'retained', true),
        {
          subscribe: [{ filter: 'p/1', qos: 1, retainHandling: 2 }],
          properties: { SubscriptionIdentifier: 11 },
        },
        {
          subscribe: [{ filter: 'p/+', qos: 1, retainAsPublished: true, retainHandling: 2 }],
          properties: { SubscriptionIdentifier: 12 },
        },
        { subscribe: [{ filter: 'own', qos: 1, noLocal: true }] },
        publish('own', 'own'),
        publish('p/1', 'both', true),
        { waitForMessages: 1 },
      ],
    });
    assert.ok(steps.every(({ done }) => done));
    assert.deepEqual(
      messages.map(({ payload, retain }) => [String(payload), retain]),
      [['both', true]],
    );
    const identifiers = messages[0]?.properties.SubscriptionIdentifier as readonly number[];
    assert.deepEqual([...identifiers].sort(), [11, 12]);
  });
});
