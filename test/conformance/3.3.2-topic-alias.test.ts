import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';

forEachStore('3.3.2.3.4 Topic Alias from a client', (brokerTest) => {
  brokerTest('set, used, and set anew', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('#', { qos: 1 });
    const client = await broker.connect();
    const topicAlias = 10; // The largest, by default.
    const topics = ['first', '', '', 'second', ''];
    const meant = ['first', 'first', 'first', 'second', 'second'];
    for (const [index, topic] of topics.entries()) {
      await client.publish(topic, `${index}`, { qos: 1, properties: { topicAlias } });
      await subscriber.receive({ topic: meant[index], payload: `${index}`, properties: {} });
    }
  });

  brokerTest('[MQTT-3.3.2-12] every alias up to the maximum is taken', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('#', { qos: 1 });
    const client = await broker.connect();
    const maximum = client.connack?.properties.topicAliasMaximum ?? 0;
    assert.equal(maximum, 10);
    const aliases = Array.from({ length: maximum }, (_, index) => index + 1);
    for (const inUse of [false, true]) {
      for (const topicAlias of aliases) {
        const topic = `topic/${topicAlias}`;
        await client.publish(inUse ? '' : topic, '', { qos: 1, properties: { topicAlias } });
        await subscriber.receive({ topic });
      }
    }
  });

  brokerTest('aliases are independent of each other and of QoS', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('#', { qos: 2 });
    const client = await broker.connect();
    await client.publish('a', '', { qos: 0, properties: { topicAlias: 1 } });
    await client.publish('b', '', { qos: 2, properties: { topicAlias: 2 } });
    await client.publish('', '', { qos: 2, properties: { topicAlias: 1 } });
    await client.publish('', '', { qos: 0, properties: { topicAlias: 2 } });
    for (const topic of ['a', 'b', 'a', 'b']) await subscriber.receive({ topic });
  });

  brokerTest('[MQTT-3.3.2-8] 0 is invalid', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x30, 7, 0, 1, 0x61, 3, 0x23, 0, 0]);
    await client.expectDisconnect(0x94);
  });

  brokerTest('[MQTT-3.3.2-9] above Topic Alias Maximum is invalid', async (broker) => {
    const client = await broker.connect();
    client.sendPublish('a', '', { properties: { topicAlias: 11 } });
    await client.expectDisconnect(0x94);
  });

  brokerTest(
    'any is invalid where the maximum is 0',
    { config: { mqtt: { topic_alias_maximum: 0 } } },
    async (broker) => {
      const client = await broker.connect();
      client.sendPublish('a', '', { properties: { topicAlias: 1 } });
      await client.expectDisconnect(0x94);
    },
  );

  brokerTest('one that was never set is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendPublish('', '', { properties: { topicAlias: 3 } });
    await client.expectDisconnect(0x82);
  });

  brokerTest('[MQTT-3.3.2-7] ends with the connection, though the session goes on', async (broker) => {
    const fields = { clientId: 'c', properties: { sessionExpiryInterval: 60 } };
    const first = await broker.connect(fields);
    await first.publish('a', '', { properties: { topicAlias: 1 } });
    const second = await broker.connect({ ...fields, cleanStart: false });
    second.sendPublish('', '', { properties: { topicAlias: 1 } });
    await second.expectDisconnect(0x82);
  });

  brokerTest('is set by a denied PUBLISH too, and every use is judged anew', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('#', { qos: 1 });
    const client = await broker.connect();
    const use = async (topic: string, code: number): Promise<void> => {
      client.sendPublish(topic, 'payload', { qos: 1, packetId: 1, properties: { topicAlias: 1 } });
      await client.expectAcknowledgement('puback', 1, code);
    };
    await use('readonly/a', 0x87);
    await use('', 0x87);
    await broker.reload({ security: everythingAllowed });
    await use('', 0);
    await subscriber.receive({ topic: 'readonly/a' });
    await broker.reload({});
    await use('', 0x87);
    await subscriber.ping();
  });
});

const everythingAllowed = {
  roles: [{ name: 'guest', permissions: [{ access: 'readWrite', topic: '#' }] }],
};

forEachStore('3.3.2.3.4 Topic Alias to a client', (brokerTest) => {
  brokerTest('a client that takes none gets none', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('a', { qos: 1 });
    const publisher = await broker.connect();
    for (const qos of [0, 1, 0, 1] as const) {
      await publisher.publish('a', '', { qos });
      await subscriber.receive({ topic: 'a', properties: {} });
    }
  });

  brokerTest(
    '[MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.3.2-11] never above the maximum of the client',
    async (broker) => {
      const subscriber = await broker.connect({ properties: { topicAliasMaximum: 2 } });
      await subscriber.subscribe('#', { qos: 2 });
      const publisher = await broker.connect();
      const known = new Map<number, string>();
      for (const [index, topic] of ['a', 'b', 'c', 'a', 'b', 'c', 'a'].entries()) {
        await publisher.publish(topic, '', { qos: (index % 3) as 0 | 1 | 2 });
        const message = await subscriber.receive();
        const { topicAlias } = message.properties;
        if (topicAlias === undefined) {
          assert.equal(message.topic, topic);
          continue;
        }
        assert.ok(topicAlias >= 1 && topicAlias <= 2);
        if (message.topic !== '') known.set(topicAlias, message.topic);
        assert.equal(known.get(topicAlias), topic);
      }
      assert.equal(known.size, 2);
    },
  );

  brokerTest('is set anew on every connection, with messages that are sent again', async (broker) => {
    const fields = { clientId: 's', properties: { topicAliasMaximum: 5, sessionExpiryInterval: 60 } };
    const first = await broker.connect(fields);
    await first.subscribe('a', { qos: 1 });
    const publisher = await broker.connect();
    await publisher.publish('a', '1', { qos: 1 });
    await publisher.publish('a', '2', { qos: 1 });
    await first.expectMessage({ topic: 'a', payload: '1' });
    await first.expectMessage({ topic: '', payload: '2' });
    const second = await broker.connect({ ...fields, cleanStart: false });
    await second.receive({ topic: 'a', payload: '1', properties: { topicAlias: 1 } });
    await second.receive({ topic: '', payload: '2', properties: { topicAlias: 1 } });
  });
});
