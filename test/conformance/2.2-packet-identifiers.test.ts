import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';
import { subscribePacket } from '../support/scripted-client.ts';

const qualities = [0, 1, 2] as const;
const versions = [3, 4, 5] as const;

/** Identifiers whose bytes tell when one is lost, doubled or turned around. */
const identifiers = [1, 0x0102, 0xff00, 65_535];

forEachStore('2.2 Variable Header', (brokerTest) => {
  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-2.2.1-2] PUBLISH has a Packet Identifier with QoS 1 and 2 and none with QoS 0, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await broker.connect({ protocolVersion });
        await subscriber.subscribe('a', { qos: 2 });
        const client = await broker.connect({ protocolVersion });
        const properties = protocolVersion === 5 ? [0] : [];
        for (const qos of qualities) {
          const identifier = qos === 0 ? [] : [0x01, 0x02];
          const body = [0, 1, 0x61, ...identifier, ...properties, 0x70, 0x71];
          client.sendRaw([0x30 | (qos << 1), body.length, ...body]);
          if (qos === 1) await client.expectAcknowledgement('puback', 0x0102);
          if (qos === 2) await client.expectAcknowledgement('pubrec', 0x0102);
          const { packetId } = await subscriber.receive({ topic: 'a', payload: 'pq', qos });
          assert.equal(packetId > 0, qos > 0);
        }
      },
    );

    brokerTest(
      `[MQTT-2.2.1-5] PUBACK, PUBREC and PUBCOMP have the identifier of the client's PUBLISH, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        for (const packetId of identifiers) {
          await client.publish('a', '', { qos: 1, packetId });
          await client.publish('a', '', { qos: 2, packetId });
        }
      },
    );

    brokerTest(
      `[MQTT-2.2.1-5] PUBREL has the identifier of the broker's PUBLISH, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        await client.subscribe('a', { qos: 2 });
        const publisher = await broker.connect();
        for (let count = 0; count < 300; count++)
          publisher.sendPublish('a', '', { qos: 2, packetId: count + 1 });
        const sent: number[] = [];
        while (sent.length < 300) sent.push((await client.expectMessage({ qos: 2 })).packetId);
        for (const packetId of sent.reverse()) {
          client.acknowledge('pubrec', packetId);
          await client.expectAcknowledgement('pubrel', packetId);
        }
      },
    );

    brokerTest(
      `[MQTT-2.2.1-6] SUBACK and UNSUBACK have the identifier of their request, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        for (const packetId of identifiers) {
          client.send(subscribePacket(packetId, 'a'));
          assert.equal((await client.expect('suback')).packetId, packetId);
          client.send({ type: 'unsubscribe', packetId, filters: ['a'], properties: {} });
          assert.equal((await client.expect('unsuback')).packetId, packetId);
        }
      },
    );

    brokerTest(
      `[MQTT-3.3.4-1] PUBLISH is answered as its QoS asks, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        client.sendPublish('a', '', { qos: 0 });
        await client.ping();
        client.sendPublish('a', '', { qos: 1, packetId: 5 });
        await client.expectAcknowledgement('puback', 5);
        await client.ping();
        client.sendPublish('a', '', { qos: 2, packetId: 6 });
        await client.expectAcknowledgement('pubrec', 6);
        await client.ping();
      },
    );
  }

  brokerTest('[MQTT-2.2.2-1] packets without properties have a Property Length of 0', async (broker) => {
    const client = await broker.connect();
    const publisher = await broker.connect();
    assert.deepEqual((await client.subscribe('a', { qos: 2 })).properties, {});
    for (const qos of qualities) {
      await client.publish('b', '', { qos });
      await publisher.publish('a', 'payload', { qos });
      await client.receive({ payload: 'payload', properties: {} });
    }
    assert.deepEqual((await client.unsubscribe('a')).properties, {});
  });
});
