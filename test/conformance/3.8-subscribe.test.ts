import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';

const versions = [3, 4, 5] as const;

forEachStore('3.8 SUBSCRIBE', (brokerTest) => {
  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-3.8.4-1] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] one code for each filter, in order, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        client.send({
          type: 'subscribe',
          packetId: 77,
          subscriptions: [
            option('a', 2),
            option('forbidden/x', 1),
            option('b', 0),
            option('a/#/b', 1),
            option('c', 1),
          ],
          properties: {},
        });
        const suback = await client.expect('suback');
        assert.equal(suback.packetId, 77); // [MQTT-3.8.4-2]
        // 3.1 has no code for a failure (row T10).
        const refused = { 3: [1, 1], 4: [0x80, 0x80], 5: [0x87, 0x8f] }[protocolVersion];
        assert.deepEqual(suback.reasonCodes, [2, refused[0], 0, refused[1], 1]);
        const publisher = await broker.connect();
        await publisher.publish('c', 'the others proceed', { qos: 1 });
        await client.receive({ payload: 'the others proceed' });
      },
    );
  }

  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-3.8.4-5] several filters in one SUBSCRIBE or one by one, version ${protocolVersion}`,
      async (broker) => {
        const filters = ['kept', 'a/+', 'forbidden/x', 'a/b', 'a/+'];
        const publisher = await broker.connect();
        await publisher.publish('kept', 'retained', { qos: 1, retain: true });
        const together = await broker.connect({ protocolVersion });
        const apart = await broker.connect({ protocolVersion });
        const { reasonCodes } = await together.subscribe(filters, { qos: 1 });
        await together.receive({ payload: 'retained', retain: true });
        await together.ping(); // A single SUBACK.
        const codes: number[] = [];
        for (const filter of filters) {
          codes.push(...(await apart.subscribe(filter, { qos: 1 })).reasonCodes);
          if (filter === 'kept') await apart.receive({ payload: 'retained', retain: true });
        }
        assert.deepEqual(reasonCodes, codes);
        for (const topic of ['a/b', 'a/c', 'b', 'kept']) {
          await publisher.publish(topic, topic, { qos: 1 });
          for (const client of [together, apart]) {
            if (topic !== 'b') await client.receive({ topic, qos: 1, retain: false });
            await client.ping();
          }
        }
      },
    );
  }

  brokerTest('[MQTT-3.8.1-1] wrong flags in the fixed header are malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x80, 7, 0, 1, 0, 0, 1, 0x61, 0]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('[MQTT-3.8.3-2] no filter is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x82, 3, 0, 1, 0]);
    await client.expectDisconnect(0x82);
  });

  for (const [options, code, fault] of [
    [0x03, 0x82, 'QoS 3'],
    [0x30, 0x82, 'Retain Handling 3'],
    [0x40, 0x81, 'a reserved bit'],
    [0x80, 0x81, 'a reserved bit'],
  ] as const) {
    brokerTest(`[MQTT-3.8.3-5] ${fault} in the options (${options}) ends the connection`, async (broker) => {
      const client = await broker.connect();
      client.sendRaw([0x82, 7, 0, 1, 0, 0, 1, 0x61, options]);
      await client.expectDisconnect(code);
    });
  }

  brokerTest('a Subscription Identifier of 0 is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x82, 9, 0, 1, 2, 0x0b, 0, 0, 1, 0x61, 0]);
    await client.expectDisconnect(0x82);
  });

  brokerTest(
    '[MQTT-3.8.4-3] the same filter replaces: options and identifier, without a second copy',
    async (broker) => {
      const client = await broker.connect();
      const publisher = await broker.connect();
      await client.subscribe('a', { qos: 0, identifier: 1 });
      await client.subscribe('a', { qos: 1, identifier: 2, retainAsPublished: true });
      await publisher.publish('a', '1', { qos: 1, retain: true });
      await client.receive({ qos: 1, retain: true, properties: { subscriptionIdentifiers: [2] } });
      await client.subscribe('a', { qos: 2, retainHandling: 2 });
      await publisher.publish('a', '2', { qos: 2 });
      await client.receive({ qos: 2, properties: {} });
      await client.ping();
    },
  );

  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-3.3.4-2] overlapping subscriptions give one copy with the highest QoS, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        await client.subscribe('a/+', { qos: 0 });
        await client.subscribe('a/b', { qos: 2 });
        await client.subscribe('#', { qos: 1 });
        const publisher = await broker.connect();
        await publisher.publish('a/b', 'payload', { qos: 2 });
        await client.receive({ qos: 2 });
        await client.ping();
        await publisher.publish('a/c', 'payload', { qos: 2 });
        await client.receive({ qos: 1 });
        await client.ping();
      },
    );
  }

  for (const qos of [0, 1, 2] as const) {
    brokerTest(
      `[MQTT-3.3.4-3] [MQTT-3.3.4-4] the copy carries the identifiers of all, QoS ${qos}`,
      async (broker) => {
        const client = await broker.connect();
        await client.subscribe('a/+', { qos, identifier: 268_435_455 });
        await client.subscribe('a/b', { qos: 0, identifier: 1 });
        await client.subscribe('#', { qos: 0 });
        const publisher = await broker.connect();
        await publisher.publish('a/b', 'payload', { qos });
        const { properties } = await client.receive({ qos });
        assert.deepEqual([...(properties.subscriptionIdentifiers ?? [])].sort(), [1, 268_435_455]);
        await publisher.publish('x', 'payload', { qos });
        await client.receive({ qos: 0, properties: {} });
      },
    );
  }

  brokerTest(
    'identifiers belong to the session and come with queued and retained messages',
    async (broker) => {
      const fields = { clientId: 's', properties: { sessionExpiryInterval: 60 } };
      const client = await broker.connect(fields);
      await client.subscribe('a', { qos: 1, identifier: 9 });
      await client.disconnect();
      const publisher = await broker.connect();
      await publisher.publish('a', 'queued', { qos: 1, retain: true });
      const again = await broker.connect({ ...fields, cleanStart: false });
      await again.receive({ payload: 'queued', properties: { subscriptionIdentifiers: [9] } });
      await again.subscribe('+', { qos: 1, identifier: 10 });
      await again.receive({ payload: 'queued', retain: true, properties: { subscriptionIdentifiers: [10] } });
    },
  );

  brokerTest('[MQTT-3.8.3-3] No Local: no message comes back to its publisher', async (broker) => {
    const client = await broker.connect();
    await client.subscribe('a', { qos: 1, noLocal: true });
    await client.publish('a', 'own', { qos: 1 });
    const other = await broker.connect();
    await other.publish('a', "another's", { qos: 1 });
    await client.receive({ payload: "another's" });
    await client.ping();
  });

  brokerTest('No Local of one subscription does not hold for another that overlaps', async (broker) => {
    const client = await broker.connect();
    await client.subscribe('a', { qos: 2, noLocal: true, identifier: 1 });
    await client.subscribe('+', { qos: 1, identifier: 2 });
    client.sendPublish('a', 'own', { qos: 0 });
    await client.receive({ payload: 'own', properties: { subscriptionIdentifiers: [2] } });
    await client.ping();
  });

  brokerTest(
    'limits.subscriptions_per_session refuses with 0x97, a replacement is none',
    { config: { limits: { subscriptions_per_session: 2 } } },
    async (broker) => {
      const client = await broker.connect();
      assert.deepEqual((await client.subscribe(['a', 'b', 'c'])).reasonCodes, [0, 0, 0x97]);
      assert.deepEqual((await client.subscribe(['a', 'c'], { qos: 1 })).reasonCodes, [1, 0x97]);
      await client.unsubscribe('b');
      assert.deepEqual((await client.subscribe('c')).reasonCodes, [0]);
      const old = await broker.connect({ protocolVersion: 4 });
      assert.deepEqual((await old.subscribe(['a', 'b', 'c'])).reasonCodes, [0, 0, 0x80]);
    },
  );

  brokerTest(
    'filters above limits.topic_levels and topic_bytes are refused with 0x8F',
    { config: { limits: { topic_levels: 3, topic_bytes: '20B' } } },
    async (broker) => {
      const client = await broker.connect();
      const { reasonCodes } = await client.subscribe(['a/+/c', 'a/+/c/#', 'a'.repeat(20), 'a'.repeat(21)]);
      assert.deepEqual(reasonCodes, [0, 0x8f, 0, 0x8f]);
    },
  );
});

function option(filter: string, qos: 0 | 1 | 2) {
  return { filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 as const };
}
