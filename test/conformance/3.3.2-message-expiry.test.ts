import { forEachStore } from '../support/for-each-store.ts';

const session = { clientId: 's', properties: { sessionExpiryInterval: 600 } };

forEachStore('3.3.2.3.3 Message Expiry Interval', (brokerTest) => {
  for (const qos of [0, 1, 2] as const) {
    brokerTest(`is passed on with a live message, QoS ${qos}`, async (broker) => {
      const subscriber = await broker.connect();
      await subscriber.subscribe('a', { qos });
      const publisher = await broker.connect();
      await publisher.publish('a', 'live', { qos, properties: { messageExpiryInterval: 10 } });
      await subscriber.receive({ properties: { messageExpiryInterval: 10 } });
    });
  }

  brokerTest.timed(
    '[MQTT-3.3.2-6] is what is left when a queued message is sent',
    {},
    async (broker, clock) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 2 });
      await subscriber.disconnect();
      const publisher = await broker.connect();
      await publisher.publish('a', '1', { qos: 1, properties: { messageExpiryInterval: 100 } });
      await publisher.publish('a', '2', { qos: 2, properties: { messageExpiryInterval: 100 } });
      clock.advance(30_000);
      const again = await broker.connect({ ...session, cleanStart: false });
      await again.receive({ payload: '1', properties: { messageExpiryInterval: 70 } });
      await again.receive({ payload: '2', properties: { messageExpiryInterval: 70 } });
    },
  );

  brokerTest.timed('[MQTT-3.3.2-5] a queued message that is over is not sent', {}, async (broker, clock) => {
    const subscriber = await broker.connect(session);
    await subscriber.subscribe('a', { qos: 2 });
    await subscriber.disconnect();
    const publisher = await broker.connect();
    await publisher.publish('a', 'over', { qos: 1, properties: { messageExpiryInterval: 10 } });
    await publisher.publish('a', 'over', { qos: 2, properties: { messageExpiryInterval: 10 } });
    await publisher.publish('a', 'lasting', { qos: 1 });
    clock.advance(10_000);
    const again = await broker.connect({ ...session, cleanStart: false });
    await again.receive({ payload: 'lasting' });
    await again.ping();
  });

  brokerTest.timed(
    '[MQTT-4.3.3-7] [MQTT-4.3.3-13] a QoS 2 flow that has begun goes on to its end',
    {},
    async (broker, clock) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 2 });
      const publisher = await broker.connect();
      publisher.sendPublish('a', 'begun', { qos: 2, packetId: 1, properties: { messageExpiryInterval: 10 } });
      await publisher.expectAcknowledgement('pubrec', 1);
      const { packetId } = await subscriber.expectMessage();
      clock.advance(20_000);
      publisher.acknowledge('pubrel', 1);
      await publisher.expectAcknowledgement('pubcomp', 1);
      subscriber.acknowledge('pubrec', packetId);
      await subscriber.expectAcknowledgement('pubrel', packetId);
      subscriber.acknowledge('pubcomp', packetId);
      await subscriber.ping();
    },
  );

  brokerTest.timed(
    'a message whose delivery has begun is sent again all the same',
    {},
    async (broker, clock) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      await publisher.publish('a', 'begun', { qos: 1, properties: { messageExpiryInterval: 10 } });
      const { packetId } = await subscriber.expectMessage();
      await broker.drop(subscriber);
      clock.advance(20_000);
      const again = await broker.connect({ ...session, cleanStart: false });
      await again.receive({
        payload: 'begun',
        dup: true,
        packetId,
        properties: { messageExpiryInterval: 0 },
      });
    },
  );

  brokerTest.timed(
    'messages queued longer than max_queued_age are not sent',
    { config: { mqtt: { max_queued_age: '10s' } } },
    async (broker, clock) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 1 });
      await subscriber.disconnect();
      const publisher = await broker.connect();
      await publisher.publish('a', 'old', { qos: 1 });
      clock.advance(10_001);
      await publisher.publish('a', 'young', { qos: 1 });
      const again = await broker.connect({ ...session, cleanStart: false });
      await again.receive({ payload: 'young' });
      await again.ping();
    },
  );
});
