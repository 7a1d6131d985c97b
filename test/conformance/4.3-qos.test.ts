import { forEachStore } from '../support/for-each-store.ts';

for (const persistent of [false, true]) {
  const kind = persistent ? 'persistent' : 'transient';
  const fields = { clientId: 's', properties: { sessionExpiryInterval: persistent ? 60 : 0 } };

  forEachStore(`4.3 QoS towards the broker, ${kind} session`, (brokerTest) => {
    brokerTest('[MQTT-4.3.2-4] [MQTT-3.4.2-1] QoS 1: PUBACK with the identifier', async (broker) => {
      for (const protocolVersion of [3, 4, 5] as const) {
        const client = await broker.connect({ ...fields, clientId: `v${protocolVersion}`, protocolVersion });
        for (const packetId of [1, 2, 65_535, 1]) {
          client.sendPublish('a', 'payload', { qos: 1, packetId });
          await client.expectAcknowledgement('puback', packetId);
        }
      }
    });

    brokerTest('[MQTT-4.3.2-5] QoS 1: the same identifier is a new message, DUP or not', async (broker) => {
      const subscriber = await broker.connect();
      await subscriber.subscribe('a', { qos: 1 });
      const client = await broker.connect(fields);
      for (const dup of [false, true, false]) {
        await client.publish('a', `${dup}`, { qos: 1, packetId: 5, dup });
        await subscriber.receive({ payload: `${dup}`, dup: false });
      }
    });

    brokerTest('[MQTT-4.3.3-8] [MQTT-4.3.3-11] QoS 2: PUBREC, then PUBCOMP for PUBREL', async (broker) => {
      const client = await broker.connect(fields);
      client.sendPublish('a', 'payload', { qos: 2, packetId: 3 });
      await client.expectAcknowledgement('pubrec', 3);
      await client.ping();
      client.acknowledge('pubrel', 3);
      await client.expectAcknowledgement('pubcomp', 3);
    });

    brokerTest(
      '[MQTT-4.3.3-10] QoS 2: a duplicate before PUBREL is acknowledged and not delivered',
      async (broker) => {
        const subscriber = await broker.connect();
        await subscriber.subscribe('a', { qos: 2 });
        const client = await broker.connect(fields);
        client.sendPublish('a', 'once', { qos: 2, packetId: 3 });
        await client.expectAcknowledgement('pubrec', 3);
        for (let count = 0; count < 3; count++) {
          client.sendPublish('a', 'once', { qos: 2, packetId: 3, dup: true });
          await client.expectAcknowledgement('pubrec', 3);
        }
        client.acknowledge('pubrel', 3);
        await client.expectAcknowledgement('pubcomp', 3);
        await subscriber.receive({ payload: 'once' });
        await subscriber.ping();
      },
    );

    brokerTest(
      'QoS 2: duplicates that come before the first is answered are not delivered',
      async (broker) => {
        const subscriber = await broker.connect();
        await subscriber.subscribe('a', { qos: 2 });
        const client = await broker.connect(fields);
        for (let count = 0; count < 3; count++)
          client.sendPublish('a', 'once', { qos: 2, packetId: 3, dup: count > 0 });
        for (let count = 0; count < 3; count++) await client.expectAcknowledgement('pubrec', 3);
        await subscriber.receive({ payload: 'once' });
        await subscriber.ping();
      },
    );

    brokerTest('[MQTT-4.3.3-12] QoS 2: behind PUBREL the identifier is a new message', async (broker) => {
      const subscriber = await broker.connect();
      await subscriber.subscribe('a', { qos: 2 });
      const client = await broker.connect(fields);
      for (const payload of ['first', 'second']) {
        client.sendPublish('a', payload, { qos: 2, packetId: 3 });
        await client.expectAcknowledgement('pubrec', 3);
        client.acknowledge('pubrel', 3);
        await client.expectAcknowledgement('pubcomp', 3);
      }
      await subscriber.receive({ payload: 'first' });
      await subscriber.receive({ payload: 'second' });
      await subscriber.ping();
    });

    brokerTest('QoS 2: PUBREL without a message: 0x92, in 3.x a plain PUBCOMP', async (broker) => {
      const client = await broker.connect(fields);
      client.acknowledge('pubrel', 99);
      await client.expectAcknowledgement('pubcomp', 99, 0x92);
      const old = await broker.connect({ protocolVersion: 4 });
      old.acknowledge('pubrel', 99);
      await old.expectAcknowledgement('pubcomp', 99);
    });

    brokerTest(
      'limits.inbound_qos2 bounds unfinished messages: one more closes with 0x93',
      { config: { limits: { inbound_qos2: 2 } } },
      async (broker) => {
        for (const protocolVersion of [4, 5] as const) {
          const client = await broker.connect({
            ...fields,
            clientId: `v${protocolVersion}`,
            protocolVersion,
          });
          for (const packetId of [1, 2, 2]) {
            client.sendPublish('a', '', { qos: 2, packetId });
            await client.expectAcknowledgement('pubrec', packetId);
          }
          client.sendPublish('a', '', { qos: 2, packetId: 3 });
          await client.expectDisconnect(0x93);
        }
      },
    );
  });

  forEachStore(`4.3 QoS towards the client, ${kind} session`, (brokerTest) => {
    brokerTest('[MQTT-4.3.2-1] QoS 1: delivered with DUP 0 and an unused identifier', async (broker) => {
      const client = await broker.connect(fields);
      await client.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      const used = new Set<number>();
      for (let count = 0; count < 5; count++) {
        await publisher.publish('a', `${count}`, { qos: 1 });
        used.add((await client.expectMessage({ dup: false, payload: `${count}` })).packetId); // [MQTT-4.3.2-2]
      }
      if (used.size !== 5 || used.has(0)) throw new Error(`identifiers ${[...used]}`);
    });

    brokerTest('[MQTT-4.3.3-1] QoS 2: an unused identifier, also beside QoS 1', async (broker) => {
      const client = await broker.connect(fields);
      await client.subscribe('a', { qos: 2 });
      const publisher = await broker.connect();
      const used = new Set<number>();
      for (const qos of [2, 1, 2, 2, 1, 2] as const) {
        await publisher.publish('a', '', { qos });
        const { packetId } = await client.expectMessage({ qos });
        if (packetId === 0 || used.has(packetId)) throw new Error(`${packetId} beside ${[...used]}`);
        used.add(packetId);
        if (qos === 1) continue;
        client.acknowledge('pubrec', packetId); // Behind PUBREC the identifier is in use still.
        await client.expectAcknowledgement('pubrel', packetId);
      }
    });

    brokerTest(
      '[MQTT-4.3.3-2] [MQTT-4.3.3-4] QoS 2: PUBREC is answered by PUBREL, PUBCOMP ends the flow',
      async (broker) => {
        const client = await broker.connect(fields);
        await client.subscribe('a', { qos: 2 });
        const publisher = await broker.connect();
        await publisher.publish('a', 'payload', { qos: 2 });
        const { packetId } = await client.expectMessage({ qos: 2 });
        await client.ping();
        client.acknowledge('pubrec', packetId);
        await client.expectAcknowledgement('pubrel', packetId);
        client.acknowledge('pubcomp', packetId);
        await client.ping();
      },
    );

    brokerTest('QoS 2: PUBREC with 0x80 or more ends the flow', async (broker) => {
      const client = await broker.connect({
        ...fields,
        properties: { ...fields.properties, receiveMaximum: 1 },
      });
      await client.subscribe('a', { qos: 2 });
      const publisher = await broker.connect();
      await publisher.publish('a', 'not taken', { qos: 2 });
      await publisher.publish('a', 'next', { qos: 2 });
      const { packetId } = await client.expectMessage({ payload: 'not taken' });
      client.acknowledge('pubrec', packetId, 0x97);
      await client.receive({ payload: 'next' });
      await client.ping();
    });

    brokerTest('a PUBACK with an error code ends a QoS 1 flow', async (broker) => {
      const client = await broker.connect({
        ...fields,
        properties: { ...fields.properties, receiveMaximum: 1 },
      });
      await client.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      await publisher.publish('a', 'not taken', { qos: 1 });
      await publisher.publish('a', 'next', { qos: 1 });
      const { packetId } = await client.expectMessage({ payload: 'not taken' });
      client.acknowledge('puback', packetId, 0x83);
      await client.receive({ payload: 'next' });
    });

    brokerTest('PUBREC without a message: PUBREL with 0x92, in 3.x a plain one', async (broker) => {
      const client = await broker.connect(fields);
      client.acknowledge('pubrec', 99);
      await client.expectAcknowledgement('pubrel', 99, 0x92);
      client.acknowledge('pubrec', 99, 0x83);
      await client.ping();
      const old = await broker.connect({ protocolVersion: 4 });
      old.acknowledge('pubrec', 99);
      await old.expectAcknowledgement('pubrel', 99);
    });

    brokerTest('PUBACK and PUBCOMP without a message are ignored', async (broker) => {
      const client = await broker.connect(fields);
      client.acknowledge('puback', 99);
      client.acknowledge('pubcomp', 99);
      await client.ping();
    });

    brokerTest('an acknowledgement of the wrong QoS ends no flow (TH29)', async (broker) => {
      const client = await broker.connect(fields);
      await client.subscribe('a', { qos: 2 });
      const publisher = await broker.connect();
      await publisher.publish('a', '', { qos: 2 });
      const { packetId } = await client.expectMessage();
      client.acknowledge('puback', packetId);
      client.acknowledge('pubcomp', packetId);
      await client.ping();
      client.acknowledge('pubrec', packetId);
      await client.expectAcknowledgement('pubrel', packetId);
      client.acknowledge('puback', packetId);
      await client.ping();
      client.acknowledge('pubcomp', packetId);
      await client.ping();
    });

    brokerTest(
      '[MQTT-2.2.1-4] an identifier is not used again before its flow is complete (TH29)',
      async (broker) => {
        const client = await broker.connect(fields);
        await client.subscribe('a', { qos: 2 });
        const publisher = await broker.connect();
        await publisher.publish('a', 'unfinished', { qos: 2 });
        const { packetId } = await client.expectMessage({ payload: 'unfinished' });
        client.acknowledge('pubrec', packetId);
        await client.expectAcknowledgement('pubrel', packetId);
        for (let count = 0; count < 100; count++) {
          await publisher.publish('a', '', { qos: 1 });
          const message = await client.receive();
          if (message.packetId === packetId) throw new Error('an identifier that is in use was given out');
        }
      },
    );
  });
}
