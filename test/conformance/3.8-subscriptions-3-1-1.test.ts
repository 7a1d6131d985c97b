import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';

const versions = [3, 4] as const;
const qualities = [0, 1, 2] as const;

function option(filter: string, qos: 0 | 1 | 2) {
  return { filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 as const };
}

forEachStore('3.8 SUBSCRIBE of 3.1.1', (brokerTest) => {
  for (const protocolVersion of versions) {
    // 3.1 has no code for a failure (row T10).
    const failure = (asked: 0 | 1 | 2): number => (protocolVersion === 4 ? 0x80 : asked);

    brokerTest(
      `[3.1.1:MQTT-3.8.4-1] [3.1.1:MQTT-3.8.4-2] SUBACK with the same identifier, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        for (const packetId of [77, 1, 65_535, 77]) {
          client.send({ type: 'subscribe', packetId, subscriptions: [option('a', 1)], properties: {} });
          assert.equal((await client.expect('suback')).packetId, packetId);
        }
        await client.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.8.4-4] [3.1.1:MQTT-3.8.4-5] several filters: one SUBACK with a code for each, in order, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('kept', 'retained', { qos: 1, retain: true });
        const client = await broker.connect({ protocolVersion });
        const subscriptions = [
          option('a', 2),
          option('forbidden/x', 1),
          option('b', 0),
          option('kept', 1),
          option('a/#/b', 2),
          option('c', 1),
        ];
        client.send({ type: 'subscribe', packetId: 9, subscriptions, properties: {} });
        const { packetId, reasonCodes } = await client.expect('suback');
        assert.deepEqual([packetId, reasonCodes], [9, [2, failure(1), 0, 1, failure(2), 1]]);
        await client.receive({ payload: 'retained', retain: true, qos: 1 });
        await client.ping(); // A single SUBACK.
        for (const [topic, qos] of [
          ['a', 2],
          ['b', 0],
          ['c', 1],
          ['kept', 1],
        ] as const) {
          await publisher.publish(topic, 'live', { qos: 2 });
          await client.receive({ topic, payload: 'live', qos });
        }
        await client.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.8.4-3] the same filter replaces, sends what is retained again and loses nothing, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('a', 'retained', { qos: 2, retain: true });
        const client = await broker.connect({ protocolVersion });
        for (const qos of [2, 0, 1] as const) {
          await client.subscribe('a', { qos });
          await client.receive({ payload: 'retained', retain: true, qos });
          await publisher.publish('a', 'live', { qos: 2 });
          await client.receive({ payload: 'live', retain: false, qos });
          await client.ping(); // No second copy.
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.8.4-3] while a subscription is replaced the flow is not interrupted, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        await client.subscribe('a', { qos: 1 });
        const publisher = await broker.connect({ protocolVersion });
        const count = 100;
        for (let index = 0; index < count; index++) {
          publisher.sendPublish('a', `${index}`, { qos: 1 });
          if (index % 10 === 0) {
            const packetId = 1_000 + index;
            client.send({ type: 'subscribe', packetId, subscriptions: [option('a', 1)], properties: {} });
          }
        }
        for (let index = 0; index < count; ) {
          const packet = await client.next();
          assert.notEqual(packet, 'closed');
          if (packet === 'closed' || packet.type !== 'publish') continue;
          assert.equal(`${packet.payload}`, `${index}`);
          client.acknowledge('puback', packet.packetId);
          index++;
        }
      },
    );

    for (const granted of qualities) {
      brokerTest(
        `[3.1.1:MQTT-3.8.4-6] the lower of QoS ${granted} and that of the message, version ${protocolVersion}`,
        async (broker) => {
          const client = await broker.connect({ protocolVersion });
          assert.deepEqual((await client.subscribe('a', { qos: granted })).reasonCodes, [granted]);
          const publisher = await broker.connect({ protocolVersion });
          for (const qos of qualities) {
            await publisher.publish('a', `${qos}`, { qos });
            await client.receive({ payload: `${qos}`, qos: Math.min(qos, granted) });
            await client.ping(); // One copy.
          }
        },
      );
    }
  }
});

forEachStore('3.10 UNSUBSCRIBE of 3.1.1', (brokerTest) => {
  for (const protocolVersion of versions) {
    brokerTest(
      `[3.1.1:MQTT-3.10.4-1] the subscription of the same characters is deleted and no other, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        await client.subscribe(['a/+', 'b'], { qos: 1 });
        await client.unsubscribe('a/b', 'a/#', 'A/+', 'a/+/', '#', '+/+', 'B', 'b/');
        const publisher = await broker.connect({ protocolVersion });
        for (const topic of ['a/b', 'b']) {
          await publisher.publish(topic, 'still subscribed', { qos: 1 });
          await client.receive({ topic });
        }
        await client.unsubscribe('a/+');
        await publisher.publish('a/b', 'for nobody', { qos: 1 });
        await publisher.publish('b', 'still subscribed', { qos: 1 });
        await client.receive({ topic: 'b' });
        await client.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.10.4-2] a deleted subscription adds no more, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion, clientId: 's', cleanStart: false });
        await client.subscribe(['a', 'b'], { qos: 2 });
        await client.unsubscribe('a');
        const publisher = await broker.connect({ protocolVersion });
        for (const qos of qualities) await publisher.publish('a', 'for nobody', { qos });
        await publisher.publish('b', 'heard', { qos: 1 });
        await client.receive({ payload: 'heard' });
        await client.disconnect();
        await publisher.publish('a', 'for nobody', { qos: 1 });
        const again = await broker.connect({ protocolVersion, clientId: 's', cleanStart: false });
        await again.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.10.4-3] what has begun to be sent is completed, version ${protocolVersion}`,
      async (broker) => {
        const session = { protocolVersion, clientId: 's', cleanStart: false };
        const client = await broker.connect(session);
        await client.subscribe('a', { qos: 2 });
        const publisher = await broker.connect({ protocolVersion });
        const begun: { readonly packetId: number; readonly qos: number }[] = [];
        for (const qos of [1, 2, 2] as const) {
          await publisher.publish('a', 'begun', { qos });
          begun.push(await client.expectMessage({ payload: 'begun', qos }));
        }
        await client.unsubscribe('a');
        const { packetId } = begun[1]!;
        client.acknowledge('pubrec', packetId);
        await client.expectAcknowledgement('pubrel', packetId);
        client.acknowledge('pubcomp', packetId);
        await client.ping();
        await broker.drop(client);
        const again = await broker.connect(session);
        for (const left of [begun[0]!, begun[2]!]) {
          await again.receive({ payload: 'begun', dup: true, packetId: left.packetId, qos: left.qos });
        }
        await again.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.10.4-6] several filters: all are deleted, with one UNSUBACK, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        await client.subscribe(['a', 'b', 'c', 'kept'], { qos: 1 });
        await client.unsubscribe('a', 'none', 'c', 'b');
        await client.ping();
        const publisher = await broker.connect({ protocolVersion });
        for (const topic of ['a', 'b', 'c', 'kept']) await publisher.publish(topic, topic, { qos: 1 });
        await client.receive({ topic: 'kept' });
        await client.ping();
      },
    );
  }
});
