import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';

const versions = [3, 4, 5] as const;

forEachStore('3.3.1.3 RETAIN', (brokerTest) => {
  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-8] set, replaced and cleared, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        const reader = await broker.connect({ protocolVersion });
        const retainedNow = async (payload: string | undefined): Promise<void> => {
          await reader.subscribe('a', { qos: 1 });
          if (payload !== undefined) await reader.receive({ topic: 'a', payload, retain: true });
          await reader.ping();
          await reader.unsubscribe('a');
        };
        await publisher.publish('a', 'never retained', { qos: 1 });
        await retainedNow(undefined);
        await publisher.publish('a', 'first', { qos: 1, retain: true });
        await retainedNow('first');
        await publisher.publish('a', 'second', { qos: 1, retain: true });
        await retainedNow('second');
        await publisher.publish('a', 'not retained', { qos: 1 });
        await retainedNow('second'); // [3.1.1:MQTT-3.3.1-8]
        await publisher.publish('a', '', { qos: 1, retain: true });
        await retainedNow(undefined);
      },
    );
  }

  brokerTest(
    '[MQTT-3.3.1-7] the empty message that clears is delivered live, and not kept',
    async (broker) => {
      const subscriber = await broker.connect();
      await subscriber.subscribe('a', { qos: 1, retainAsPublished: true });
      const publisher = await broker.connect();
      await publisher.publish('a', 'kept', { qos: 1, retain: true });
      await publisher.publish('a', '', { qos: 1, retain: true });
      await subscriber.receive({ payload: 'kept', retain: true });
      await subscriber.receive({ payload: '', retain: true });
      await subscriber.subscribe('#', { qos: 1 });
      await subscriber.ping();
    },
  );

  brokerTest(
    '[MQTT-3.3.1-12] [MQTT-3.3.1-13] RETAIN of a live message follows Retain As Published',
    async (broker) => {
      const plain = await broker.connect();
      const asPublished = await broker.connect();
      const old = await broker.connect({ protocolVersion: 4 });
      await plain.subscribe('a', { qos: 1 });
      await asPublished.subscribe('a', { qos: 1, retainAsPublished: true });
      await old.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      for (const qos of [0, 1] as const) {
        for (const retain of [true, false]) {
          await publisher.publish('a', 'live', { qos, retain });
          await plain.receive({ retain: false, qos });
          await asPublished.receive({ retain, qos });
          await old.receive({ retain: false, qos });
        }
      }
    },
  );

  for (const qos of [0, 1, 2] as const) {
    brokerTest(`a retained message comes with the smaller QoS, subscription ${qos}`, async (broker) => {
      const publisher = await broker.connect();
      for (const published of [0, 1, 2] as const) {
        await publisher.publish(`a/${published}`, 'kept', { qos: published, retain: true });
        const reader = await broker.connect();
        await reader.subscribe(`a/${published}`, { qos });
        await reader.receive({ payload: 'kept', retain: true, qos: Math.min(qos, published) });
      }
    });
  }

  brokerTest('[MQTT-3.3.1-9] a wildcard subscription gets every matching one', async (broker) => {
    const publisher = await broker.connect();
    for (const topic of ['a', 'a/b', 'a/b/c', 'a/x/c', 'b']) {
      await publisher.publish(topic, topic, { qos: 1, retain: true });
    }
    const expected = { 'a/#': ['a', 'a/b', 'a/b/c', 'a/x/c'], 'a/+/c': ['a/b/c', 'a/x/c'], '+': ['a', 'b'] };
    for (const [filter, topics] of Object.entries(expected)) {
      const reader = await broker.connect();
      await reader.subscribe(filter, { qos: 1 });
      const left = new Set(topics);
      while (left.size > 0) left.delete((await reader.receive({ retain: true })).topic);
      await reader.ping();
    }
  });

  brokerTest(
    '[MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.8.4-4] Retain Handling',
    async (broker) => {
      const publisher = await broker.connect();
      await publisher.publish('a', 'kept', { qos: 1, retain: true });
      const reader = await broker.connect();
      const subscribe = async (retainHandling: 0 | 1 | 2, sent: boolean): Promise<void> => {
        await reader.subscribe('a', { qos: 1, retainHandling });
        if (sent) await reader.receive({ payload: 'kept', retain: true });
        await reader.ping();
      };
      await subscribe(2, false);
      await subscribe(1, false); // The subscription is there already.
      await subscribe(0, true);
      await subscribe(0, true);
      await reader.unsubscribe('a');
      await subscribe(1, true);
    },
  );

  brokerTest('a retained message that may not be read is not sent', async (broker) => {
    const publisher = await broker.connect();
    await publisher.publish('a', 'kept', { qos: 1, retain: true });
    const reader = await broker.connect();
    await broker.reload({
      security: {
        roles: [{ name: 'guest', permissions: [{ access: 'readWrite', topic: '#' }, denyReadingA] }],
      },
    });
    await reader.subscribe('#', { qos: 1 });
    await reader.ping();
  });

  brokerTest.timed(
    '[MQTT-3.3.2-6] one with an expiry is sent with what is left, then no more',
    {},
    async (broker, clock) => {
      const publisher = await broker.connect();
      await publisher.publish('a', 'kept', {
        qos: 1,
        retain: true,
        properties: { messageExpiryInterval: 10 },
      });
      const reader = await broker.connect();
      clock.advance(4_000);
      await reader.subscribe('a', { qos: 1 });
      await reader.receive({ payload: 'kept', properties: { messageExpiryInterval: 6 } });
      await reader.subscribe('a', { qos: 0 });
      await reader.receive({ payload: 'kept', qos: 0, properties: { messageExpiryInterval: 6 } });
      clock.advance(6_000);
      await reader.subscribe('a', { qos: 1 });
      await reader.ping();
    },
  );

  brokerTest(
    'above limits.retained_messages 5.0 is told, and a known topic is still replaced',
    { config: { limits: { retained_messages: 20 } } },
    async (broker) => {
      const publisher = await broker.connect();
      // $SYS has some of the places already.
      let kept = -1;
      for (let code = 0; code === 0; kept++) {
        publisher.sendPublish(`a/${kept + 1}`, 'kept', { qos: 1, retain: true });
        code = (await publisher.expect('puback')).reasonCode;
        if (code !== 0) assert.equal(code, 0x97);
        assert.ok(kept < 20);
      }
      await publisher.publish('a/0', 'replaced', { qos: 1, retain: true });

      const old = await broker.connect({ protocolVersion: 4 });
      await old.subscribe('new', { qos: 1 });
      old.sendPublish('new', 'delivered, not retained', { qos: 0, retain: true });
      await old.receive({ payload: 'delivered, not retained' });
      await old.subscribe('new', { qos: 1 });
      await old.ping();
      await old.subscribe('a/0', { qos: 1 });
      await old.receive({ payload: 'replaced' });
    },
  );
});

const denyReadingA = { effect: 'deny', access: 'read', topic: 'a' };
