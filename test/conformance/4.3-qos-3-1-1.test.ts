import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';
import { publishPacket } from '../support/scripted-client.ts';

const versions = [3, 4] as const;

for (const cleanStart of [true, false]) {
  const kind = cleanStart ? 'clean session' : 'kept session';

  forEachStore(`4.3 QoS of 3.1.1, ${kind}`, (brokerTest) => {
    for (const protocolVersion of versions) {
      const fields = { protocolVersion, clientId: 's', cleanStart };

      brokerTest(
        `[3.1.1:MQTT-4.3.1-1] QoS 0: sent with QoS 0, without DUP and not again, version ${protocolVersion}`,
        async (broker) => {
          const client = await broker.connect(fields);
          await client.subscribe('a', { qos: 0 });
          const publisher = await broker.connect({ protocolVersion });
          for (const qos of [0, 1, 2] as const) {
            await publisher.publish('a', `${qos}`, { qos, dup: qos > 0 });
            await client.expectMessage({ payload: `${qos}`, qos: 0, dup: false });
          }
          await broker.drop(client);
          const again = await broker.connect(fields);
          await again.ping();
        },
      );

      brokerTest(
        `[3.1.1:MQTT-4.3.2-1] QoS 1, sender: a free identifier, no DUP, unacknowledged until PUBACK, version ${protocolVersion}`,
        async (broker) => {
          const client = await broker.connect(fields);
          await client.subscribe('a', { qos: 1 });
          const publisher = await broker.connect({ protocolVersion });
          const sent: number[] = [];
          for (let count = 0; count < 4; count++) {
            await publisher.publish('a', `${count}`, { qos: 1 });
            const message = await client.expectMessage({ payload: `${count}`, qos: 1, dup: false });
            assert.ok(message.packetId > 0 && !sent.includes(message.packetId));
            sent.push(message.packetId);
          }
          client.acknowledge('puback', sent[1]!);
          await client.ping();
          await broker.drop(client);
          const again = await broker.connect(fields);
          for (const index of cleanStart ? [] : [0, 2, 3]) {
            await again.receive({ payload: `${index}`, packetId: sent[index], qos: 1, dup: true });
          }
          await again.ping();
        },
      );

      brokerTest(
        `[3.1.1:MQTT-4.3.2-2] QoS 1, receiver: PUBACK, and the same identifier is a new message, version ${protocolVersion}`,
        async (broker) => {
          const subscriber = await broker.connect({ protocolVersion });
          await subscriber.subscribe('a', { qos: 1 });
          const client = await broker.connect(fields);
          for (const [index, dup] of [false, true, false].entries()) {
            client.sendPublish('a', `${index}`, { qos: 1, packetId: 5, dup });
            await client.expectAcknowledgement('puback', 5);
            await subscriber.receive({ payload: `${index}`, dup: false });
          }
          await client.ping();
        },
      );

      brokerTest(
        `[3.1.1:MQTT-4.3.3-1] QoS 2, sender: a free identifier, PUBREL for PUBREC, each until it is answered, version ${protocolVersion}`,
        async (broker) => {
          const client = await broker.connect(fields);
          await client.subscribe('a', { qos: 2 });
          const publisher = await broker.connect({ protocolVersion });
          const sent: number[] = [];
          for (let count = 0; count < 3; count++) {
            await publisher.publish('a', `${count}`, { qos: 2 });
            const message = await client.expectMessage({ payload: `${count}`, qos: 2, dup: false });
            assert.ok(message.packetId > 0 && !sent.includes(message.packetId));
            sent.push(message.packetId);
          }
          await client.ping(); // No PUBREL before PUBREC.
          const [untouched, released, completed] = sent as [number, number, number];
          for (const packetId of [released, completed]) {
            client.acknowledge('pubrec', packetId);
            await client.expectAcknowledgement('pubrel', packetId);
          }
          client.acknowledge('pubcomp', completed);
          await client.ping();
          await broker.drop(client);

          const again = await broker.connect(fields);
          if (!cleanStart) {
            // Behind PUBREL the PUBLISH does not come again.
            await again.expectMessage({ packetId: untouched, payload: '0', dup: true });
            await again.expectAcknowledgement('pubrel', released);
          }
          await again.ping();
        },
      );

      brokerTest(
        `[3.1.1:MQTT-4.3.3-2] QoS 2, receiver: one delivery until PUBREL, PUBREC and PUBCOMP each time, version ${protocolVersion}`,
        async (broker) => {
          const subscriber = await broker.connect({ protocolVersion });
          await subscriber.subscribe('a', { qos: 2 });
          const client = await broker.connect(fields);
          for (const payload of ['first', 'second']) {
            for (const dup of [false, true, true]) {
              client.sendPublish('a', payload, { qos: 2, packetId: 3, dup });
              await client.expectAcknowledgement('pubrec', 3);
            }
            await client.ping(); // No PUBCOMP before PUBREL.
            for (let count = 0; count < 2; count++) {
              client.acknowledge('pubrel', 3);
              await client.expectAcknowledgement('pubcomp', 3);
            }
          }
          await subscriber.receive({ payload: 'first' });
          await subscriber.receive({ payload: 'second' });
          await subscriber.ping();
        },
      );

      brokerTest(
        `[3.1.1:MQTT-4.6.0-2] [3.1.1:MQTT-4.6.0-3] PUBACK and PUBREC leave in the order of their PUBLISHes, version ${protocolVersion}`,
        { config: { mqtt: { on_denied_publish: 'drop' } } },
        async (broker) => {
          const stored = await broker.connect({ protocolVersion, clientId: 'stored', cleanStart: false });
          await stored.subscribe('stored', { qos: 2 });
          const client = await broker.connect(fields);
          // Some have to wait for the store, others have not, some are denied.
          const topics = ['stored', 'nobody', 'readonly/x', 'stored', 'nobody', 'forbidden/x'];
          const packets = Array.from({ length: 60 }, (_, index) =>
            publishPacket(topics[index % topics.length]!, '', {
              qos: index % 4 === 3 ? 2 : 1,
              packetId: 100 - index,
              retain: index % 7 === 0,
            }),
          );
          client.send(...packets);
          for (const { qos, packetId } of packets)
            await client.expectAcknowledgement(qos === 1 ? 'puback' : 'pubrec', packetId);
        },
      );

      brokerTest(
        `[3.1.1:MQTT-4.6.0-4] PUBREL leaves in the order of the PUBRECs, version ${protocolVersion}`,
        async (broker) => {
          const client = await broker.connect(fields);
          await client.subscribe('a', { qos: 2 });
          const publisher = await broker.connect({ protocolVersion });
          const sent: number[] = [];
          for (let count = 0; count < 10; count++) {
            await publisher.publish('a', '', { qos: 2 });
            sent.push((await client.expectMessage()).packetId);
          }
          sent.reverse();
          for (const packetId of sent) client.acknowledge('pubrec', packetId);
          for (const packetId of sent) await client.expectAcknowledgement('pubrel', packetId);
        },
      );

      for (const qos of [0, 1, 2] as const) {
        brokerTest(
          `[3.1.1:MQTT-4.6.0-5] [3.1.1:MQTT-4.6.0-6] messages of every topic come in their order, QoS ${qos}, version ${protocolVersion}`,
          async (broker) => {
            const subscriber = await broker.connect(fields);
            await subscriber.subscribe('a/#', { qos });
            const publisher = await broker.connect({ protocolVersion });
            const packets = Array.from({ length: 200 }, (_, index) =>
              publishPacket(index % 2 === 0 ? 'a/even' : 'a/odd', `${index}`, {
                qos,
                packetId: qos === 0 ? 0 : index + 1,
              }),
            );
            publisher.send(...packets);
            for (let index = 0; index < packets.length; index++) {
              const { packetId } = await subscriber.expectMessage({ payload: `${index}`, qos, dup: false });
              if (qos === 1) subscriber.acknowledge('puback', packetId);
            }
          },
        );
      }
    }
  });
}
