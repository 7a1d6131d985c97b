import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';

const session = { clientId: 's', properties: { sessionExpiryInterval: 60 } };

forEachStore('3.10 UNSUBSCRIBE', (brokerTest) => {
  brokerTest(
    '[MQTT-3.10.4-6] [MQTT-3.11.3-1] one code for each filter, in order: 0x00 and 0x11',
    async (broker) => {
      const client = await broker.connect();
      await client.subscribe(['a', 'b/#', '$share/g/c']);
      const { reasonCodes } = await client.unsubscribe('b/#', 'none', 'a', 'a', '$share/g/c', 'c', 'a/#/b');
      assert.deepEqual(reasonCodes, [0, 0x11, 0, 0x11, 0, 0x11, 0x11]);
    },
  );

  for (const protocolVersion of [3, 4] as const) {
    brokerTest(
      `[MQTT-3.10.4-4] [MQTT-3.10.4-5] UNSUBACK comes though nothing was deleted, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        await client.unsubscribe('never subscribed');
        await client.ping();
      },
    );
  }

  brokerTest('[MQTT-3.10.4-1] filters are compared character by character', async (broker) => {
    const client = await broker.connect();
    await client.subscribe('a/+');
    const { reasonCodes } = await client.unsubscribe('a/b', 'a/#', 'A/+', 'a/+/');
    assert.deepEqual(reasonCodes, [0x11, 0x11, 0x11, 0x11]);
    const publisher = await broker.connect();
    await publisher.publish('a/b', 'still subscribed');
    await client.expectMessage({ payload: 'still subscribed' });
  });

  brokerTest('[MQTT-3.10.4-2] nothing new is added behind it', async (broker) => {
    const client = await broker.connect();
    await client.subscribe(['a', 'b'], { qos: 1 });
    const publisher = await broker.connect();
    await client.unsubscribe('a');
    await publisher.publish('a', 'for nobody', { qos: 1 });
    await publisher.publish('b', 'heard', { qos: 1 });
    await client.receive({ payload: 'heard' });
    await client.ping();
  });

  brokerTest('[MQTT-3.10.4-3] what has begun to be delivered is completed', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 2 });
    const publisher = await broker.connect();
    await publisher.publish('a', 'begun', { qos: 2 });
    const { packetId } = await client.expectMessage({ payload: 'begun' });
    await client.unsubscribe('a');
    const again = await broker.connect({ ...session, cleanStart: false });
    await again.receive({ payload: 'begun', dup: true, packetId });
  });

  brokerTest('the session is without the subscription when it is resumed', async (broker) => {
    const client = await broker.connect(session);
    await client.subscribe('a', { qos: 1 });
    await client.unsubscribe('a');
    await client.disconnect();
    const publisher = await broker.connect();
    await publisher.publish('a', 'for nobody', { qos: 1 });
    const again = await broker.connect({ ...session, cleanStart: false });
    assert.equal(again.connack?.sessionPresent, true);
    await publisher.publish('a', 'for nobody', { qos: 1 });
    await again.ping();
  });

  brokerTest('[MQTT-3.10.1-1] wrong flags in the fixed header are malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0xa0, 6, 0, 1, 0, 0, 1, 0x61]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('[MQTT-3.10.3-2] no filter is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0xa2, 3, 0, 1, 0]);
    await client.expectDisconnect(0x82);
  });
});
