import assert from 'node:assert/strict';
import type { Properties, ProtocolVersion, QoS } from '../../src/codec/control-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { publishPacket } from '../support/scripted-client.ts';

const qualities = [0, 1, 2] as const;

const everyProperty: Properties = {
  payloadFormatIndicator: 1,
  contentType: 'application/json',
  responseTopic: 'answers/here',
  correlationData: Buffer.from([0, 255, 1, 254]),
  userProperties: [
    ['z', 'last letter first'],
    ['a', '1'],
    ['z', ''],
    ['', 'empty name'],
    ['a', '1'],
  ],
};

forEachStore('3.3 PUBLISH', (brokerTest) => {
  for (const published of qualities) {
    for (const subscribed of qualities) {
      const delivered = Math.min(published, subscribed) as QoS;
      brokerTest(
        `[MQTT-3.8.4-8] [MQTT-4.3.1-1] QoS ${published} reaches a subscription of QoS ${subscribed} with ${delivered}`,
        async (broker) => {
          const subscriber = await broker.connect();
          await subscriber.subscribe('a', { qos: subscribed });
          const publisher = await broker.connect();
          await publisher.publish('a', 'payload', { qos: published });
          await subscriber.receive({ topic: 'a', payload: 'payload', qos: delivered, dup: false });
          await subscriber.ping();
        },
      );
    }
  }

  brokerTest('[MQTT-3.3.1-3] DUP of the publisher is not passed on', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('a', { qos: 2 });
    const publisher = await broker.connect();
    for (const qos of [1, 2] as const) {
      await publisher.publish('a', 'payload', { qos, dup: true });
      await subscriber.receive({ qos, dup: false });
    }
  });

  brokerTest('[MQTT-3.3.1-2] DUP with QoS 0 is malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x38, 4, 0, 1, 0x61, 0]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('[MQTT-3.3.1-4] QoS 3 is malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x36, 6, 0, 1, 0x61, 0, 1, 0]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('[MQTT-2.2.1-3] the packet identifier 0 is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x32, 6, 0, 1, 0x61, 0, 0, 0]);
    await client.expectDisconnect(0x82);
  });

  for (const topic of ['a/+', 'a/#', '#', '+']) {
    brokerTest(`[MQTT-3.3.2-2] ${topic} is no topic name`, async (broker) => {
      const [current, old] = [await broker.connect(), await broker.connect({ protocolVersion: 4 })];
      for (const client of [current, old]) {
        client.sendRaw([0x30, 3 + topic.length - (client === old ? 1 : 0), 0, topic.length]);
        client.sendRaw(Buffer.from(client === old ? topic : `${topic}\0`));
        await client.expectDisconnect(0x90);
      }
    });
  }

  brokerTest('[MQTT-4.7.3-1] an empty topic without an alias is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x30, 3, 0, 0, 0]);
    await client.expectDisconnect(0x82);
  });

  brokerTest('[MQTT-1.5.4-1] ill-formed UTF-8 in a topic is malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x30, 5, 0, 2, 0xc3, 0x28, 0]);
    await client.expectDisconnect(0x81);
  });

  for (const qos of qualities) {
    brokerTest(
      `[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-20] properties reach the subscriber unchanged and in order, QoS ${qos}`,
      async (broker) => {
        const subscriber = await broker.connect();
        await subscriber.subscribe('a', { qos });
        const publisher = await broker.connect();
        await publisher.publish('a', '{}', { qos, properties: everyProperty });
        await subscriber.receive({ properties: everyProperty, payload: '{}' });
      },
    );
  }

  brokerTest('[MQTT-3.3.2-17] properties survive the queue and the retained store', async (broker) => {
    const session = { clientId: 's', properties: { sessionExpiryInterval: 60 } };
    const subscriber = await broker.connect(session);
    await subscriber.subscribe('a', { qos: 1 });
    await subscriber.disconnect();
    const publisher = await broker.connect();
    await publisher.publish('a', '{}', { qos: 1, retain: true, properties: everyProperty });
    const again = await broker.connect({ ...session, cleanStart: false });
    await again.receive({ properties: everyProperty, retain: false });
    await again.subscribe('a', { qos: 1 });
    await again.receive({ properties: everyProperty, retain: true });
  });

  brokerTest('a 3.x subscriber gets the message without properties', async (broker) => {
    for (const protocolVersion of [3, 4] as const) {
      const subscriber = await broker.connect({ protocolVersion });
      await subscriber.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      await publisher.publish('a', '{}', {
        qos: 1,
        properties: { ...everyProperty, messageExpiryInterval: 9 },
      });
      await subscriber.receive({ topic: 'a', payload: '{}', properties: {} });
      await subscriber.disconnect();
    }
  });

  brokerTest('[MQTT-3.3.4-6] a Subscription Identifier from a client is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x30, 6, 0, 1, 0x61, 2, 0x0b, 1]);
    await client.expectDisconnect(0x82);
  });

  for (const size of [0, 1, 127, 128, 16_383, 16_384, 200_000]) {
    brokerTest(`a payload of ${size} bytes is unchanged`, async (broker) => {
      const payload = Buffer.alloc(size, 'zyxwv');
      const subscriber = await broker.connect();
      await subscriber.subscribe('a', { qos: 2 });
      const publisher = await broker.connect({ protocolVersion: 4 });
      for (const qos of qualities) {
        await publisher.publish('a', payload, { qos });
        assert.deepEqual((await subscriber.receive({ qos })).payload, payload);
      }
    });
  }
});

interface DeniedCase {
  readonly protocolVersion: ProtocolVersion;
  readonly onDenied: 'disconnect' | 'drop';
  readonly connectionStays: boolean;
}

const deniedCases: readonly DeniedCase[] = [
  { protocolVersion: 5, onDenied: 'disconnect', connectionStays: true },
  { protocolVersion: 4, onDenied: 'disconnect', connectionStays: false },
  { protocolVersion: 3, onDenied: 'disconnect', connectionStays: false },
  { protocolVersion: 4, onDenied: 'drop', connectionStays: true },
];

forEachStore('3.3 PUBLISH that is denied (row T10)', (brokerTest) => {
  for (const { protocolVersion, onDenied, connectionStays } of deniedCases) {
    for (const qos of qualities) {
      brokerTest(
        `version ${protocolVersion}, QoS ${qos}, on_denied_publish ${onDenied}`,
        { config: { mqtt: { on_denied_publish: onDenied } } },
        async (broker) => {
          const witness = await broker.connect();
          await witness.subscribe('readonly/#', { qos: 2 });
          const client = await broker.connect({ protocolVersion });
          const packetId = client.sendPublish('readonly/a', 'denied', { qos, retain: true });
          if (!connectionStays) {
            await client.expectClosed();
          } else {
            const reasonCode = protocolVersion === 5 ? 0x87 : 0;
            if (qos > 0)
              await client.expectAcknowledgement(qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode);
            await client.ping();
          }
          await witness.ping();
          await witness.subscribe('readonly/a');
          await witness.ping();
        },
      );
    }
  }

  brokerTest(
    '[MQTT-4.3.3-9] PUBREC 0x87 ends the flow: the identifier is free and no PUBREL comes',
    async (broker) => {
      const subscriber = await broker.connect();
      await subscriber.subscribe('a', { qos: 2 });
      const client = await broker.connect();
      client.sendPublish('readonly/a', 'denied', { qos: 2, packetId: 7 });
      await client.expectAcknowledgement('pubrec', 7, 0x87);
      await client.publish('a', 'allowed', { qos: 2, packetId: 7 });
      await subscriber.receive({ payload: 'allowed' });
      client.acknowledge('pubrel', 8);
      await client.expectAcknowledgement('pubcomp', 8, 0x92);
    },
  );

  brokerTest(
    'a QoS 2 message that 3.1.1 has dropped is acknowledged to its end',
    { config: { mqtt: { on_denied_publish: 'drop' } } },
    async (broker) => {
      const client = await broker.connect({ protocolVersion: 4 });
      await client.publish('readonly/a', 'denied', { qos: 2 });
    },
  );
});

forEachStore('3.3 PUBLISH above the limits', (brokerTest) => {
  const limits = { config: { limits: { topic_levels: 3, topic_bytes: '20B', user_properties: 2 } } };

  for (const [topic, fault] of [
    ['a/b/c/d', 'levels'],
    ['a'.repeat(21), 'bytes'],
  ] as const) {
    brokerTest(`too many ${fault} in the topic`, limits, async (broker) => {
      const witness = await broker.connect();
      await witness.subscribe('#', { qos: 2 });
      const client = await broker.connect();
      client.sendPublish(topic, '', { qos: 1, packetId: 1 });
      await client.expectAcknowledgement('puback', 1, 0x90);
      client.sendPublish(topic, '', { qos: 2, packetId: 2 });
      await client.expectAcknowledgement('pubrec', 2, 0x90);
      await client.publish(topic, '');
      const old = await broker.connect({ protocolVersion: 4 });
      old.sendPublish(topic, '');
      await old.expectClosed();
      await witness.ping();
    });
  }

  brokerTest('too many user properties close the connection with 0x97', limits, async (broker) => {
    const client = await broker.connect();
    const userProperties = [1, 2, 3].map((value) => ['n', `${value}`] as const);
    client.sendPublish('a', '', { properties: { userProperties: userProperties.slice(0, 2) } });
    await client.ping();
    client.sendPublish('a', '', { properties: { userProperties } });
    await client.expectDisconnect(0x97);
  });

  brokerTest(
    'a packet above max_packet_size closes with 0x95',
    { config: { mqtt: { max_packet_size: '100B' } } },
    async (broker) => {
      const client = await broker.connect();
      const largest = publishPacket('a', '');
      largest.payload = Buffer.alloc(100 - encodePacket(largest, 5).length);
      client.send(largest);
      await client.ping();
      client.send({ ...largest, payload: Buffer.alloc(largest.payload.length + 1) });
      await client.expectDisconnect(0x95);
    },
  );
});
