import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';

const session = { clientId: 's', properties: { sessionExpiryInterval: 60 } };
const resumed = { ...session, cleanStart: false };

forEachStore('4.1 session state', (brokerTest) => {
  brokerTest('[MQTT-3.1.2-5] subscriptions and their options are kept', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 2, retainAsPublished: true, identifier: 5 });
    await client.subscribe('own', { qos: 1, noLocal: true });
    await client.disconnect();
    const again = await broker.connect(resumed);
    const publisher = await broker.connect();
    await publisher.publish('a', 'payload', { qos: 2, retain: true });
    await again.receive({ qos: 2, retain: true, properties: { subscriptionIdentifiers: [5] } });
    await again.publish('own', 'no echo', { qos: 1 });
    await again.ping();
  });

  brokerTest('a resumed session gets no retained messages for its old subscriptions', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 1 });
    await client.disconnect();
    const publisher = await broker.connect();
    await publisher.publish('b', 'another topic', { qos: 1, retain: true });
    const again = await broker.connect(resumed);
    await again.ping();
  });

  brokerTest(
    '[MQTT-4.5.0-1] QoS 1 and 2 are queued while nobody is connected, QoS 0 is not',
    async (broker) => {
      const client = await broker.connect(session);
      await client.subscribe('a', { qos: 2 });
      await client.disconnect();
      const publisher = await broker.connect();
      for (const qos of [0, 1, 2, 0] as const) await publisher.publish('a', `QoS ${qos}`, { qos });
      const again = await broker.connect(resumed);
      const came = [await again.receive(), await again.receive()].map(({ payload }) => payload.toString());
      // Order holds within a QoS [MQTT-4.6.0-6]; what is QoS 2 waits for its identifier to be durable.
      assert.deepEqual(came.sort(), ['QoS 1', 'QoS 2']);
      await again.ping();
    },
  );

  brokerTest('what was delivered is not delivered again', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 2 });
    const publisher = await broker.connect();
    for (const qos of [1, 2] as const) {
      await publisher.publish('a', 'payload', { qos });
      await client.receive({ qos });
    }
    await client.disconnect();
    const again = await broker.connect(resumed);
    await again.ping();
  });

  brokerTest('thousands of queued messages come in order', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 1 });
    await client.disconnect();
    const publisher = await broker.connect({ protocolVersion: 4 });
    const count = 3_000; // More than the outbox holds in memory.
    for (let index = 0; index < count; index++) publisher.sendPublish('a', `${index}`, { qos: 1 });
    for (let index = 0; index < count; index++) await publisher.expect('puback');
    const again = await broker.connect(resumed);
    for (let index = 0; index < count; index++) await again.receive({ payload: `${index}` });
    await again.ping();
  });

  brokerTest('messages published while the queue is read follow it', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 1 });
    await client.disconnect();
    const publisher = await broker.connect();
    const publish = (from: number, to: number): void => {
      for (let index = from; index < to; index++) publisher.sendPublish('a', `${index}`, { qos: 1 });
    };
    publish(0, 500);
    for (let index = 0; index < 500; index++) await publisher.expect('puback');
    const connecting = broker.connect(resumed);
    publish(500, 800);
    const again = await connecting;
    publish(800, 1_000);
    for (let index = 0; index < 1_000; index++) await again.receive({ payload: `${index}`, dup: false });
    await again.ping();
  });

  brokerTest(
    'above max_queued_messages the oldest are dropped (row T11)',
    { config: { mqtt: { max_queued_messages: 3 } } },
    async (broker) => {
      const client = await broker.connect(session);
      await client.subscribe('a', { qos: 1 });
      await client.disconnect();
      const publisher = await broker.connect();
      for (let index = 0; index < 10; index++) await publisher.publish('a', `${index}`, { qos: 1 });
      const again = await broker.connect(resumed);
      for (const payload of ['7', '8', '9']) await again.receive({ payload });
      await again.ping();
    },
  );

  brokerTest('an unfinished QoS 2 message from the client is known after a resume', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('a', { qos: 2 });
    const client = await broker.connect(session);
    client.sendPublish('a', 'once', { qos: 2, packetId: 9 });
    await client.expectAcknowledgement('pubrec', 9);
    await broker.drop(client);
    const again = await broker.connect(resumed);
    again.sendPublish('a', 'once', { qos: 2, packetId: 9, dup: true });
    await again.expectAcknowledgement('pubrec', 9);
    again.acknowledge('pubrel', 9);
    await again.expectAcknowledgement('pubcomp', 9);
    await subscriber.receive({ payload: 'once' });
    await subscriber.ping();
  });

  brokerTest('[MQTT-3.1.2-4] a Clean Start forgets it all', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 2 });
    client.sendPublish('x', '', { qos: 2, packetId: 9 });
    await client.expectAcknowledgement('pubrec', 9);
    const publisher = await broker.connect();
    await publisher.publish('a', 'in flight', { qos: 1 });
    await client.expectMessage();
    await broker.drop(client);
    await publisher.publish('a', 'queued', { qos: 1 });
    const clean = await broker.connect(session);
    assert.equal(clean.connack?.sessionPresent, false);
    await publisher.publish('a', 'for nobody', { qos: 1 });
    clean.acknowledge('pubrel', 9);
    await clean.expectAcknowledgement('pubcomp', 9, 0x92);
    const later = await broker.connect(resumed);
    await later.ping();
  });

  brokerTest('a session goes on under another version', async (broker) => {
    const old = await broker.connect({ protocolVersion: 4, clientId: 's', cleanStart: false });
    await old.subscribe('a', { qos: 1 });
    await old.disconnect();
    const publisher = await broker.connect();
    await publisher.publish('a', 'queued', { qos: 1, properties: { contentType: 'text/plain' } });
    const again = await broker.connect(resumed);
    assert.equal(again.connack?.sessionPresent, true);
    await again.receive({ payload: 'queued', properties: { contentType: 'text/plain' } });
  });
});
