import { forEachStore } from '../support/for-each-store.ts';
import { publishPacket, subscribePacket } from '../support/scripted-client.ts';

const session = { clientId: 's', properties: { sessionExpiryInterval: 60 } };

forEachStore('4.6 message ordering', (brokerTest) => {
  for (const qos of [0, 1, 2] as const) {
    for (const persistent of [true, false]) {
      brokerTest(
        `[MQTT-4.6.0-5] [MQTT-4.6.0-6] messages of a topic come in their order, QoS ${qos}, ${persistent ? 'stored' : 'transient'} session`,
        async (broker) => {
          const subscriber = await broker.connect(persistent ? session : {});
          await subscriber.subscribe('a/#', { qos });
          const publisher = await broker.connect();
          const packets = Array.from({ length: 300 }, (_, index) =>
            publishPacket('a/b', `${index}`, { qos, packetId: qos === 0 ? 0 : index + 1 }),
          );
          publisher.send(...packets);
          for (let index = 0; index < packets.length; index++) {
            const message = await subscriber.expectMessage({ payload: `${index}` });
            if (qos === 1) subscriber.acknowledge('puback', message.packetId);
          }
        },
      );
    }
  }

  brokerTest(
    '[MQTT-4.6.0-2] [MQTT-4.6.0-3] PUBACK and PUBREC leave in the order of their PUBLISHes',
    async (broker) => {
      const stored = await broker.connect(session);
      await stored.subscribe('stored', { qos: 2 });
      const publisher = await broker.connect({ clientId: 'p', properties: { sessionExpiryInterval: 60 } });
      // Some have to wait for the store, others have not, some are denied.
      const topics = ['stored', 'nobody', 'readonly/x', 'stored', 'nobody', 'forbidden/x'];
      const packets = Array.from({ length: 60 }, (_, index) =>
        publishPacket(topics[index % topics.length]!, '', {
          qos: index % 4 === 3 ? 2 : 1,
          packetId: index + 1,
          retain: index % 7 === 0,
        }),
      );
      publisher.send(...packets);
      for (const { qos, packetId, topic } of packets) {
        const denied = topic.includes('/');
        await publisher.expectAcknowledgement(qos === 1 ? 'puback' : 'pubrec', packetId, denied ? 0x87 : 0);
      }
    },
  );

  brokerTest('[MQTT-4.6.0-4] PUBREL leaves in the order of the PUBRECs', async (broker) => {
    const subscriber = await broker.connect(session);
    await subscriber.subscribe('a', { qos: 2 });
    const publisher = await broker.connect();
    const identifiers: number[] = [];
    for (let count = 0; count < 10; count++) {
      await publisher.publish('a', '', { qos: 2 });
      identifiers.push((await subscriber.expectMessage()).packetId);
    }
    identifiers.reverse();
    for (const packetId of identifiers) subscriber.acknowledge('pubrec', packetId);
    for (const packetId of identifiers) await subscriber.expectAcknowledgement('pubrel', packetId);
  });

  brokerTest('SUBACK, UNSUBACK, PUBACK and PUBCOMP leave in the order of arrival', async (broker) => {
    const client = await broker.connect(session);
    client.send(
      publishPacket('a', '', { qos: 2, packetId: 1 }),
      subscribePacket(2, 'b'),
      publishPacket('nobody', '', { qos: 1, packetId: 3 }),
      { type: 'unsubscribe', packetId: 4, filters: ['b'], properties: {} },
      { type: 'pubrel', packetId: 1, reasonCode: 0, properties: {} },
      publishPacket('readonly/x', '', { qos: 1, packetId: 5 }),
      subscribePacket(6, 'c'),
    );
    await client.expectAcknowledgement('pubrec', 1);
    await client.expect('suback');
    await client.expectAcknowledgement('puback', 3);
    await client.expect('unsuback');
    await client.expectAcknowledgement('pubcomp', 1);
    await client.expectAcknowledgement('puback', 5, 0x87);
    await client.expect('suback');
  });

  brokerTest('a PUBLISH behind SUBSCRIBE in one segment is delivered to it', async (broker) => {
    const client = await broker.connect(session);
    client.send(subscribePacket(1, 'a', { qos: 1 }), publishPacket('a', 'own', { qos: 1, packetId: 2 }));
    const came = new Set<string>();
    for (let count = 0; count < 3; count++) {
      const packet = await client.next();
      came.add(packet === 'closed' ? packet : packet.type);
    }
    for (const type of ['suback', 'publish', 'puback'])
      if (!came.has(type)) throw new Error(`${type} did not come`);
  });
});
