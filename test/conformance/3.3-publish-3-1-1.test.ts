import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';

const versions = [3, 4] as const;
const qualities = [0, 1, 2] as const;

forEachStore('3.3 PUBLISH of 3.1.1', (brokerTest) => {
  for (const protocolVersion of versions) {
    brokerTest(
      `[3.1.1:MQTT-3.3.1-3] [3.1.1:MQTT-4.3.1-1] DUP of the publisher is not passed on, and QoS 0 has none, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await broker.connect({ protocolVersion });
        await subscriber.subscribe('once', { qos: 2 });
        await subscriber.subscribe('at/most/once', { qos: 0 });
        const publisher = await broker.connect({ protocolVersion });
        for (const qos of [1, 2] as const) {
          await publisher.publish('once', 'sent again', { qos, dup: true });
          await subscriber.receive({ topic: 'once', qos, dup: false });
          await publisher.publish('at/most/once', 'sent again', { qos, dup: true });
          await subscriber.receive({ topic: 'at/most/once', qos: 0, dup: false, packetId: 0 });
        }
        await publisher.publish('once', 'not sent again', { qos: 0 });
        await subscriber.receive({ topic: 'once', qos: 0, dup: false, packetId: 0 });
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.1-3] DUP says that this packet is sent again, whatever the publisher said, version ${protocolVersion}`,
      async (broker) => {
        const session = { protocolVersion, clientId: 's', cleanStart: false };
        const first = await broker.connect(session);
        await first.subscribe('a', { qos: 1 });
        const publisher = await broker.connect({ protocolVersion });
        for (const dup of [true, false]) {
          await publisher.publish('a', `${dup}`, { qos: 1, dup });
          await first.expectMessage({ payload: `${dup}`, dup: false });
        }
        await broker.drop(first);
        const second = await broker.connect(session);
        for (const payload of ['true', 'false']) await second.receive({ payload, dup: true });
      },
    );

    for (const qos of qualities) {
      brokerTest(
        `[3.1.1:MQTT-3.3.4-1] QoS ${qos} is answered as it asks, version ${protocolVersion}`,
        async (broker) => {
          const client = await broker.connect({ protocolVersion });
          const packetId = client.sendPublish('a', 'payload', { qos });
          if (qos === 1) await client.expectAcknowledgement('puback', packetId);
          if (qos === 2) await client.expectAcknowledgement('pubrec', packetId);
          await client.ping(); // Nothing else comes.
        },
      );
    }

    brokerTest(
      `[3.1.1:MQTT-3.3.2-2] a Topic Name with a wildcard closes the connection, version ${protocolVersion}`,
      async (broker) => {
        const witness = await broker.connect({ protocolVersion });
        await witness.subscribe('#', { qos: 2 });
        for (const topic of ['#', '+', 'a/#', 'a/+/b', 'a+', '#a']) {
          for (const qos of qualities) {
            const client = await broker.connect({ protocolVersion });
            client.sendPublish(topic, 'for nobody', { qos });
            await client.expectClosed();
          }
        }
        await witness.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.2-3] what a client is sent has a topic that matches its filters, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await broker.connect({ protocolVersion });
        await subscriber.subscribe(['a/+/c', 'x/#'], { qos: 1 });
        const publisher = await broker.connect({ protocolVersion });
        const topics = ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'b/b/c', 'x', 'x/y/z', 'y', 'A/b/c', 'a//c'];
        for (const topic of topics) await publisher.publish(topic, topic, { qos: 1 });
        for (const topic of ['a/b/c', 'x', 'x/y/z', 'a//c'])
          await subscriber.receive({ topic, payload: topic });
        await subscriber.ping();
      },
    );

    for (const qos of qualities) {
      brokerTest(
        `[3.1.1:MQTT-3.3.5-2] what is denied closes the connection, QoS ${qos}, version ${protocolVersion}`,
        { config: { mqtt: { on_denied_publish: 'disconnect' } } },
        async (broker) => {
          const client = await broker.connect({ protocolVersion });
          client.sendPublish('readonly/a', 'denied', { qos });
          await client.expectClosed();
        },
      );

      brokerTest(
        `[3.1.1:MQTT-3.3.5-2] what is denied is acknowledged and goes nowhere, QoS ${qos}, version ${protocolVersion}`,
        { config: { mqtt: { on_denied_publish: 'drop' } } },
        async (broker) => {
          const witness = await broker.connect({ protocolVersion });
          await witness.subscribe('readonly/#', { qos: 2 });
          const client = await broker.connect({ protocolVersion });
          await client.publish('readonly/a', 'denied', { qos });
          await client.ping();
          await witness.ping();
        },
      );
    }
  }
});

forEachStore('3.3.1.3 RETAIN of 3.1.1', (brokerTest) => {
  for (const protocolVersion of versions) {
    brokerTest(
      `[3.1.1:MQTT-3.3.1-6] a new subscription gets the last retained message of every matching topic, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        for (const topic of ['a/1', 'a/2', 'b', 'a/1']) {
          await publisher.publish(topic, 'an earlier one', { qos: 1, retain: true });
          await publisher.publish(topic, `last of ${topic}`, { qos: 1, retain: true });
        }
        const reader = await broker.connect({ protocolVersion });
        await reader.subscribe('a/+', { qos: 1 });
        const came = [await reader.receive({ retain: true }), await reader.receive({ retain: true })];
        assert.deepEqual(came.map(({ payload }) => `${payload}`).sort(), ['last of a/1', 'last of a/2']);
        await reader.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.1-7] a retained QoS 0 message replaces what was retained, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        for (const qos of [1, 2, 0] as const) {
          await publisher.publish('a', 'before', { qos, retain: true });
          await publisher.publish('a', `behind QoS ${qos}`, { qos: 0, retain: true });
          const reader = await broker.connect({ protocolVersion });
          await reader.subscribe('a', { qos: 1 });
          // This broker keeps it; the standard lets it go at any time.
          await reader.receive({ payload: `behind QoS ${qos}`, qos: 0, retain: true });
          await reader.ping();
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.1-7] what does not fit is delivered, and nothing stays retained, version ${protocolVersion}`,
      { config: { limits: { retained_bytes: '16KiB' } } },
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('a', 'before', { qos: 1, retain: true });
        const subscriber = await broker.connect({ protocolVersion });
        await subscriber.subscribe('a', { qos: 1 });
        await subscriber.receive({ payload: 'before', retain: true });
        const large = 'x'.repeat(40_000);
        await publisher.publish('a', large, { qos: 0, retain: true });
        await subscriber.receive({ payload: large, retain: false });
        const late = await broker.connect({ protocolVersion });
        await late.subscribe('a', { qos: 1 });
        await late.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.1-9] a subscription that was there gets it with RETAIN 0, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await broker.connect({ protocolVersion });
        await subscriber.subscribe('a', { qos: 2 });
        const publisher = await broker.connect({ protocolVersion });
        for (const qos of qualities) {
          for (const retain of [true, false]) {
            await publisher.publish('a', 'live', { qos, retain });
            await subscriber.receive({ payload: 'live', qos, retain: false });
          }
        }
        await subscriber.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.1-11] an empty message is not kept, and is delivered, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        const subscriber = await broker.connect({ protocolVersion });
        await subscriber.subscribe('a', { qos: 2 });
        for (const qos of qualities) {
          await publisher.publish('a', '', { qos, retain: true });
          await subscriber.receive({ payload: '', retain: false });
          const reader = await broker.connect({ protocolVersion });
          await reader.subscribe('a', { qos: 1 });
          await reader.ping();
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.1-12] without RETAIN nothing is stored, and what is stays, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('kept', 'retained', { qos: 1, retain: true });
        for (const qos of qualities) {
          for (const payload of ['not retained', '']) {
            await publisher.publish('kept', payload, { qos });
            await publisher.publish('none', payload, { qos });
          }
        }
        const reader = await broker.connect({ protocolVersion });
        await reader.subscribe('none', { qos: 1 });
        await reader.ping();
        await reader.subscribe('kept', { qos: 1 });
        await reader.receive({ topic: 'kept', payload: 'retained', retain: true });
        await reader.ping();
      },
    );
  }
});
