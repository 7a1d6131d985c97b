import assert from 'node:assert/strict';
import type { Properties, QoS, Will } from '../../src/codec/control-packet.ts';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';
import type { ScriptedClient } from '../support/scripted-client.ts';

const SECOND = 1_000;

function willOf(fields: Partial<Omit<Will, 'payload'>> = {}): Will {
  return { topic: 'wills/c', payload: Buffer.from('gone'), qos: 1, retain: false, properties: {}, ...fields };
}

async function subscriberOf(
  broker: BrokerInProcess,
  topic = 'wills/c',
  qos: QoS = 2,
): Promise<ScriptedClient> {
  const subscriber = await broker.connect({ clientId: 'subscriber' });
  await subscriber.subscribe(topic, { qos, retainAsPublished: true });
  return subscriber;
}

/** Fails when something has come: a later message of the same way overtakes nothing. */
async function expectNothing(broker: BrokerInProcess, subscriber: ScriptedClient): Promise<void> {
  const publisher = await broker.connect();
  await publisher.publish('wills/c', 'the next message', { qos: 1 });
  await subscriber.receive({ payload: 'the next message' });
}

forEachStore('3.1.2.5 Will', (brokerTest) => {
  for (const protocolVersion of [3, 4, 5] as const) {
    brokerTest(
      `[MQTT-3.1.2-8] is published when the network closes, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await subscriberOf(broker);
        await broker.drop(await broker.connect({ protocolVersion, clientId: 'c', will: willOf() }));
        await subscriber.receive({ topic: 'wills/c', payload: 'gone', qos: 1, retain: false });
      },
    );

    brokerTest(`[MQTT-3.14.4-3] is discarded by DISCONNECT, version ${protocolVersion}`, async (broker) => {
      const subscriber = await subscriberOf(broker);
      const client = await broker.connect({ protocolVersion, will: willOf() });
      await client.disconnect();
      await expectNothing(broker, subscriber);
    });
  }

  for (const reasonCode of [0x04, 0x80, 0x93]) {
    brokerTest(`is published on DISCONNECT 0x${reasonCode.toString(16)}`, async (broker) => {
      const subscriber = await subscriberOf(broker);
      const client = await broker.connect({ will: willOf() });
      await client.disconnect(reasonCode);
      await subscriber.receive({ payload: 'gone' });
    });
  }

  brokerTest('is published when the client breaks the protocol', async (broker) => {
    const subscriber = await subscriberOf(broker);
    const client = await broker.connect({ will: willOf() });
    client.sendRaw([0x00, 0x00]);
    await client.expectDisconnect(0x81);
    await subscriber.receive({ payload: 'gone' });
  });

  brokerTest.timed('is published when the Keep Alive runs out', {}, async (broker, clock) => {
    const subscriber = await subscriberOf(broker);
    await broker.connect({ keepAlive: 10, will: willOf() });
    clock.advance(15 * SECOND);
    await subscriber.receive({ payload: 'gone' });
  });

  for (const qos of [0, 1, 2] as const) {
    brokerTest(`[MQTT-3.1.2-12] has its QoS ${qos}`, async (broker) => {
      const subscriber = await subscriberOf(broker);
      await broker.drop(await broker.connect({ will: willOf({ qos }) }));
      await subscriber.receive({ payload: 'gone', qos });
    });
  }

  for (const retain of [true, false]) {
    brokerTest(`[MQTT-3.1.2-14] [MQTT-3.1.2-15] Will Retain ${retain}`, async (broker) => {
      const witness = await subscriberOf(broker);
      await broker.drop(await broker.connect({ will: willOf({ retain }) }));
      await witness.receive({ payload: 'gone', retain });
      const later = await broker.connect();
      await later.subscribe('wills/c', { qos: 1 });
      if (retain) await later.receive({ payload: 'gone', retain: true });
      await later.ping();
    });
  }

  brokerTest('[MQTT-3.1.3-10] carries its properties unchanged and in order', async (broker) => {
    const subscriber = await subscriberOf(broker);
    const properties: Properties = {
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Buffer.from([0, 1, 255]),
      userProperties: [
        ['b', '1'],
        ['a', '2'],
        ['b', '1'],
      ],
    };
    await broker.drop(await broker.connect({ will: willOf({ properties }) }));
    await subscriber.receive({ properties });
  });

  brokerTest.timed('its expiry counts from its publication', {}, async (broker, clock) => {
    const subscriber = await subscriberOf(broker);
    const properties = { messageExpiryInterval: 30 };
    const first = await broker.connect({ will: willOf({ qos: 0, properties }) });
    const second = await broker.connect({ will: willOf({ qos: 1, properties }) });
    clock.advance(100 * SECOND);
    for (const client of [first, second]) {
      await broker.drop(client);
      await subscriber.receive({ payload: 'gone', properties });
    }
  });

  brokerTest('goes to everyone but clients that ask for no echo of their own', async (broker) => {
    const properties = { sessionExpiryInterval: 60 };
    const client = await broker.connect({ clientId: 'c', will: willOf(), properties });
    await client.subscribe('wills/c', { qos: 1, noLocal: true });
    await broker.drop(client);
    const again = await broker.connect({ clientId: 'c', cleanStart: false, properties });
    await expectNothing(broker, again);
  });

  for (const [protocolVersion, code] of [
    [3, 5],
    [4, 5],
    [5, 0x87],
  ] as const) {
    brokerTest(
      `[MQTT-3.1.4-2] a topic that may not be written refuses CONNECT with ${code}, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.open(protocolVersion, 'c');
        const connack = await client.connect({ will: willOf({ topic: 'readonly/w' }) });
        assert.equal(connack.reasonCode, code);
        await client.expectClosed();
      },
    );
  }

  for (const topic of ['a/+', '#']) {
    brokerTest(
      `[MQTT-4.7.0-1] the topic ${topic} is refused: 5.0 with 0x90, 3.1.1 in silence`,
      async (broker) => {
        const client = await broker.open(5, 'c');
        assert.equal((await client.connect({ will: willOf({ topic }) })).reasonCode, 0x90);
        await client.expectClosed();
        const old = await broker.open(4, 'c');
        await assert.rejects(old.connect({ will: willOf({ topic }) }), /the end of the connection/);
      },
    );
  }

  brokerTest('is not published when the right to its topic is gone', async (broker) => {
    const subscriber = await subscriberOf(broker, '#');
    const client = await broker.connect({ will: willOf() });
    const permissions = [
      { access: 'read', topic: '#' },
      { access: 'write', topic: 'other' },
    ];
    await broker.reload({ security: { roles: [{ name: 'guest', permissions }] } });
    await broker.drop(client);
    const publisher = await broker.connect();
    await publisher.publish('other', 'the next message', { qos: 1 });
    await subscriber.receive({ payload: 'the next message' });
  });
});

forEachStore('3.1.3.2.2 Will Delay Interval', (brokerTest) => {
  const delayed = { will: willOf({ properties: { willDelayInterval: 20 } }) };

  brokerTest.timed(
    '[MQTT-3.1.2-7] [MQTT-3.1.2-8] the will comes when it is over',
    {},
    async (broker, clock) => {
      const subscriber = await subscriberOf(broker);
      await broker.drop(await broker.connect({ ...delayed, properties: { sessionExpiryInterval: 60 } }));
      clock.advance(20 * SECOND - 1);
      await subscriber.ping();
      clock.advance(1);
      await subscriber.receive({ payload: 'gone' });
    },
  );

  brokerTest.timed('the end of the session comes first', {}, async (broker, clock) => {
    const subscriber = await subscriberOf(broker);
    await broker.drop(await broker.connect({ ...delayed, properties: { sessionExpiryInterval: 5 } }));
    clock.advance(5 * SECOND - 1);
    await subscriber.ping();
    clock.advance(1);
    await subscriber.receive({ payload: 'gone' });
  });

  brokerTest('a session that ends with its connection waits for nothing', async (broker) => {
    const subscriber = await subscriberOf(broker);
    await broker.drop(await broker.connect(delayed));
    await subscriber.receive({ payload: 'gone' });
  });

  brokerTest.timed(
    '[MQTT-3.1.3-9] a client that comes back in time is not announced',
    {},
    async (broker, clock) => {
      const subscriber = await subscriberOf(broker);
      const fields = { ...delayed, clientId: 'c', properties: { sessionExpiryInterval: 60 } };
      await broker.drop(await broker.connect(fields));
      clock.advance(19 * SECOND);
      await broker.connect({ ...fields, cleanStart: false });
      clock.advance(60 * SECOND);
      await expectNothing(broker, subscriber);
    },
  );

  brokerTest(
    '[MQTT-3.1.2-8] a Clean Start ends the session and publishes the will at once',
    async (broker) => {
      const subscriber = await subscriberOf(broker);
      const fields = { ...delayed, clientId: 'c', properties: { sessionExpiryInterval: 60 } };
      await broker.drop(await broker.connect(fields));
      await broker.connect(fields);
      await subscriber.receive({ payload: 'gone' });
    },
  );
});
