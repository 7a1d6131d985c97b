import { encodePacket } from '../../src/codec/encode-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { publishPacket } from '../support/scripted-client.ts';

const MAXIMUM = 100;

/** A payload with which a PUBLISH to topic `a` has this many bytes. */
function payloadFor(bytes: number, qos: 0 | 1 | 2): Buffer {
  const empty = encodePacket(publishPacket('a', '', { qos, packetId: qos === 0 ? 0 : 1 }), 5).length;
  return Buffer.alloc(bytes - empty, 'p');
}

const limited = { properties: { maximumPacketSize: MAXIMUM } };
const session = { clientId: 's', properties: { maximumPacketSize: MAXIMUM, sessionExpiryInterval: 60 } };

forEachStore('3.1.2.11.4 Maximum Packet Size of a client', (brokerTest) => {
  for (const qos of [0, 1, 2] as const) {
    brokerTest(
      `[MQTT-3.1.2-24] [MQTT-3.1.2-25] a larger live message is dropped in silence, QoS ${qos}`,
      async (broker) => {
        const subscriber = await broker.connect(limited);
        await subscriber.subscribe('a', { qos });
        const other = await broker.connect();
        await other.subscribe('a', { qos });
        const publisher = await broker.connect();
        await publisher.publish('a', payloadFor(MAXIMUM, qos), { qos });
        await publisher.publish('a', payloadFor(MAXIMUM + 1, qos), { qos });
        await publisher.publish('a', 'last', { qos });
        await subscriber.receive({ payload: payloadFor(MAXIMUM, qos).toString() });
        await subscriber.receive({ payload: 'last' });
        await other.receive({ payload: payloadFor(MAXIMUM, qos).toString() });
        await other.receive({ payload: payloadFor(MAXIMUM + 1, qos).toString() });
      },
    );

    brokerTest(`so is a larger retained message, QoS ${qos}`, async (broker) => {
      const publisher = await broker.connect();
      await publisher.publish('a', payloadFor(MAXIMUM + 1, qos), { qos, retain: true });
      await publisher.publish('b', 'small', { qos, retain: true });
      const subscriber = await broker.connect(limited);
      await subscriber.subscribe('#', { qos });
      await subscriber.receive({ topic: 'b', retain: true });
      await subscriber.ping();
    });
  }

  for (const qos of [1, 2] as const) {
    brokerTest(
      `so is a larger queued message, and its place in flight is free, QoS ${qos}`,
      async (broker) => {
        const properties = { ...session.properties, receiveMaximum: 1 };
        const subscriber = await broker.connect(session);
        await subscriber.subscribe('a', { qos });
        await subscriber.disconnect();
        const publisher = await broker.connect();
        for (let count = 0; count < 3; count++) {
          await publisher.publish('a', payloadFor(MAXIMUM + 1, qos), { qos });
        }
        await publisher.publish('a', 'small', { qos });
        const again = await broker.connect({ ...session, properties, cleanStart: false });
        await again.receive({ payload: 'small' });
        await again.ping();
      },
    );

    brokerTest(`a resent message that has become too large ends, QoS ${qos}`, async (broker) => {
      const large = { ...session, properties: { sessionExpiryInterval: 60 } };
      const subscriber = await broker.connect(large);
      await subscriber.subscribe('a', { qos });
      const publisher = await broker.connect();
      await publisher.publish('a', payloadFor(MAXIMUM + 1, qos), { qos });
      await subscriber.expectMessage();
      const again = await broker.connect({ ...session, cleanStart: false });
      await publisher.publish('a', 'small', { qos });
      await again.receive({ payload: 'small' });
      await again.ping();
    });
  }

  brokerTest('Subscription Identifiers and aliases count', async (broker) => {
    const subscriber = await broker.connect({
      properties: { maximumPacketSize: MAXIMUM, topicAliasMaximum: 3 },
    });
    await subscriber.subscribe('a', { qos: 0, identifier: 200_000 });
    const publisher = await broker.connect();
    // The identifier takes 4 bytes, a new alias 3.
    await publisher.publish('a', payloadFor(MAXIMUM - 6, 0));
    await publisher.publish('a', payloadFor(MAXIMUM - 7, 0));
    const message = await subscriber.expectMessage({ topic: 'a' });
    await subscriber.ping();
    if (message.payload.length !== payloadFor(MAXIMUM - 7, 0).length) throw new Error('the larger one came');
  });
});
