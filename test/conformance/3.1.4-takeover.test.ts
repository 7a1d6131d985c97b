import assert from 'node:assert/strict';
import type { Will } from '../../src/codec/control-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { connectPacket } from '../support/scripted-client.ts';

const kept = { clientId: 'c', properties: { sessionExpiryInterval: 60 } };

function willWithDelay(willDelayInterval: number): Will {
  return {
    topic: 'wills',
    payload: Buffer.from('gone'),
    qos: 1,
    retain: false,
    properties: { willDelayInterval },
  };
}

forEachStore('3.1.4 takeover of a session', (brokerTest) => {
  for (const protocolVersion of [3, 4, 5] as const) {
    brokerTest(`[MQTT-3.1.4-3] the old connection is closed, version ${protocolVersion}`, async (broker) => {
      const first = await broker.connect({ protocolVersion, clientId: 'c' });
      const second = await broker.connect({ protocolVersion, clientId: 'c' });
      await first.expectDisconnect(0x8e);
      await second.ping();
    });
  }

  brokerTest('client ids differ by case and by normalization', async (broker) => {
    const ids = ['c', 'C', 'é', 'e\u0301'];
    const clients = await Promise.all(ids.map((clientId) => broker.connect({ clientId })));
    for (const client of clients) await client.ping();
  });

  brokerTest('the new connection has the subscriptions and what is unacknowledged', async (broker) => {
    const first = await broker.connect(kept);
    await first.subscribe('a', { qos: 1 });
    const publisher = await broker.connect();
    await publisher.publish('a', '1', { qos: 1 });
    const { packetId } = await first.expectMessage({ payload: '1', dup: false });
    const second = await broker.connect({ ...kept, cleanStart: false });
    assert.equal(second.connack?.sessionPresent, true);
    await second.receive({ payload: '1', dup: true, packetId });
    await publisher.publish('a', '2', { qos: 1 });
    await second.receive({ payload: '2', dup: false });
    await first.expectDisconnect(0x8e);
  });

  brokerTest('[MQTT-3.1.4-4] a Clean Start purges the session', async (broker) => {
    const first = await broker.connect(kept);
    await first.subscribe('a', { qos: 1 });
    const second = await broker.connect(kept);
    assert.equal(second.connack?.sessionPresent, false);
    const publisher = await broker.connect();
    await publisher.publish('a', 'for nobody', { qos: 1 });
    await second.ping();
  });

  brokerTest('the will of the old connection is published', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('wills', { qos: 1 });
    await broker.connect({ ...kept, will: willWithDelay(0) });
    await broker.connect({ ...kept, cleanStart: false });
    await subscriber.receive({ payload: 'gone' });
  });

  brokerTest.timed('a will with a delay is discarded by a resume', {}, async (broker, clock) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('wills', { qos: 1 });
    await broker.connect({ ...kept, will: willWithDelay(10) });
    await broker.connect({ ...kept, cleanStart: false });
    clock.advance(60_000);
    const publisher = await broker.connect();
    await publisher.publish('wills', 'the next message', { qos: 1 });
    await subscriber.receive({ payload: 'the next message' });
  });

  brokerTest('a will with a delay is published before a Clean Start purges the session', async (broker) => {
    const subscriber = await broker.connect();
    await subscriber.subscribe('wills', { qos: 1 });
    await broker.connect({ ...kept, will: willWithDelay(10) });
    const second = await broker.connect(kept);
    await subscriber.receive({ payload: 'gone' });
    await second.ping();
  });

  brokerTest(
    'many CONNECTs at once: each is let in and taken over by the next, one stays',
    async (broker) => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => broker.open(5, 'c')));
      const connect = connectPacket({ ...kept, cleanStart: false });
      for (const client of clients) client.send(connect);
      for (const client of clients) assert.equal((await client.expect('connack')).reasonCode, 0);
      await broker.whenLogged('client_connected', {}, clients.length);
      const answers = clients.map(async (client) => {
        client.send({ type: 'pingreq' });
        const packet = await client.next();
        return packet === 'closed' ? packet : packet.type;
      });
      assert.deepEqual((await Promise.all(answers)).sort(), [...Array(7).fill('disconnect'), 'pingresp']);
    },
  );
});
