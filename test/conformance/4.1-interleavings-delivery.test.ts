import assert from 'node:assert/strict';
import { StoreError } from '../../src/stores/session-store.ts';
import { forEachStore } from '../support/for-each-store.ts';
import type { ScriptedClient } from '../support/scripted-client.ts';
import { publishPacket, subscribePacket } from '../support/scripted-client.ts';

/** What may happen while a delivery waits for the store: see docs/reference/interleavings.md. */

const session = { clientId: 'c', properties: { sessionExpiryInterval: 60 } };
const resumed = { ...session, cleanStart: false };

forEachStore('interleavings: a PUBLISH that waits for the store', (brokerTest) => {
  brokerTest.held('its publisher goes: the message is delivered', {}, async (broker, store) => {
    const subscriber = await broker.connect(session);
    await subscriber.subscribe('a', { qos: 1 });
    const publisher = await broker.connect();
    const held = store.hold('write');
    publisher.sendPublish('a', 'payload', { qos: 1 });
    await held.reached;
    await broker.drop(publisher);
    held.release();
    await subscriber.receive({ payload: 'payload' });
    await subscriber.ping();
  });

  brokerTest.held(
    'its receiver is taken over: the new connection gets it once',
    {},
    async (broker, store) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      const held = store.hold('write');
      publisher.sendPublish('a', 'payload', { qos: 1 });
      await held.reached;
      const taking = broker.connect(resumed);
      await subscriber.expectDisconnect(0x8e);
      held.release();
      const again = await taking;
      await again.receive({ payload: 'payload', dup: false });
      await again.ping();
      await publisher.expect('puback');
    },
  );

  brokerTest.held('its receiver starts clean: nobody gets it', {}, async (broker, store) => {
    const subscriber = await broker.connect(session);
    await subscriber.subscribe('a', { qos: 1 });
    const publisher = await broker.connect();
    const held = store.hold('write');
    publisher.sendPublish('a', 'payload', { qos: 1 });
    await held.reached;
    const taking = broker.connect(session);
    await subscriber.expectDisconnect(0x8e);
    held.release();
    const again = await taking;
    await publisher.expect('puback');
    await again.ping();
  });

  brokerTest.held(
    'its receiver loses the right: it is not sent, and not lost (row A6)',
    {},
    async (broker, store) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      const held = store.hold('write');
      publisher.sendPublish('a', 'secret', { qos: 1 });
      await held.reached;
      await broker.reload({
        security: { roles: [{ name: 'guest', permissions: [{ access: 'write', topic: '#' }] }] },
      });
      held.release();
      await publisher.expect('puback');
      await subscriber.ping();
    },
  );

  brokerTest.held(
    'the store fails: 5.0 is told with 0x97, nothing is delivered, the identifier is free',
    {},
    async (broker, store) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 2 });
      const publisher = await broker.connect({ clientId: 'p', properties: { sessionExpiryInterval: 60 } });
      for (const qos of [1, 2] as const) {
        store.fail('write', new StoreError('no room'));
        publisher.sendPublish('a', 'lost', { qos, packetId: 5 });
        await publisher.expectAcknowledgement(qos === 1 ? 'puback' : 'pubrec', 5, 0x97);
        await publisher.publish('a', 'kept', { qos, packetId: 5 });
        await subscriber.receive({ payload: 'kept', qos });
      }
      await subscriber.ping();
    },
  );

  brokerTest.held(
    'the store fails: 3.1.1 gets no acknowledgement and is closed',
    {},
    async (broker, store) => {
      const subscriber = await broker.connect(session);
      await subscriber.subscribe('a', { qos: 1 });
      const publisher = await broker.connect({ protocolVersion: 4 });
      store.fail('write', new StoreError('no room'));
      publisher.sendPublish('a', 'lost', { qos: 1 });
      await publisher.expectClosed();
      await subscriber.ping();
    },
  );
});

forEachStore('interleavings: SUBSCRIBE and UNSUBSCRIBE that wait for the store', (brokerTest) => {
  brokerTest(
    '[MQTT-3.10.4-2] UNSUBSCRIBE right behind SUBSCRIBE: no retained message follows UNSUBACK',
    async (broker) => {
      const publisher = await broker.connect();
      await publisher.publish('a', 'kept', { qos: 1, retain: true });
      const client = await broker.connect(session);
      client.send(subscribePacket(1, 'a', { qos: 1 }), {
        type: 'unsubscribe',
        packetId: 2,
        filters: ['a'],
        properties: {},
      });
      for (let packet = await client.next(); ; packet = await client.next()) {
        if (packet === 'closed') assert.fail('closed');
        if (packet.type === 'unsuback') break;
        if (packet.type === 'publish') client.acknowledge('puback', packet.packetId);
      }
      await client.subscribe('z', { qos: 1 });
      await publisher.publish('z', 'the next message', { qos: 1 });
      await client.receive({ payload: 'the next message' });
    },
  );

  brokerTest.held('the right goes before SUBACK: no retained message is sent', {}, async (broker, store) => {
    const publisher = await broker.connect();
    await publisher.publish('a', 'secret', { qos: 1, retain: true });
    const client = await broker.connect(session);
    const held = store.hold('write');
    client.send(subscribePacket(1, 'a', { qos: 1 }));
    await held.reached;
    await broker.reload({
      security: { roles: [{ name: 'guest', permissions: [{ access: 'write', topic: '#' }] }] },
    });
    held.release();
    await client.expect('suback');
    await client.ping();
  });

  brokerTest.held(
    'the socket closes before SUBACK: the subscription is there after a resume',
    {},
    async (broker, store) => {
      const client = await broker.connect(session);
      const held = store.hold('write');
      client.send(subscribePacket(1, 'a', { qos: 1 }));
      await held.reached;
      await broker.drop(client);
      held.release();
      const publisher = await broker.connect();
      await publisher.publish('a', 'payload', { qos: 1 });
      const again = await broker.connect(resumed);
      await again.receive({ payload: 'payload' });
    },
  );

  brokerTest.held('the store fails: 0x97, and nothing is installed', {}, async (broker, store) => {
    const client = await broker.connect(session);
    store.fail('write', new StoreError('no room'));
    assert.deepEqual((await client.subscribe(['a', 'forbidden/x'])).reasonCodes, [0x97, 0x87]);
    const publisher = await broker.connect();
    await publisher.publish('a', 'for nobody', { qos: 0 });
    await client.ping();
  });
});

forEachStore('interleavings: the outbox', (brokerTest) => {
  brokerTest.held(
    'a message comes while the queue is read: it follows what was read',
    {},
    async (broker, store) => {
      const first = await broker.connect(session);
      await first.subscribe('a', { qos: 1 });
      await broker.drop(first);
      const publisher = await broker.connect();
      await publisher.publish('a', '1', { qos: 1 });
      const held = store.hold('readQueue');
      const client = await broker.connect(resumed);
      await held.reached;
      await publisher.publish('a', '2', { qos: 1 });
      held.release();
      await client.receive({ payload: '1' });
      await client.receive({ payload: '2' });
      await client.ping();
    },
  );

  brokerTest.held(
    'the connection goes while the queue is read: the next one gets it all',
    {},
    async (broker, store) => {
      const first = await broker.connect(session);
      await first.subscribe('a', { qos: 1 });
      await broker.drop(first);
      const publisher = await broker.connect();
      await publisher.publish('a', '1', { qos: 1 });
      const held = store.hold('readQueue');
      const second = await broker.connect(resumed);
      await held.reached;
      const taking = broker.connect(resumed);
      await second.expectDisconnect(0x8e);
      held.release();
      const third = await taking;
      await third.receive({ payload: '1', dup: false });
      await third.ping();
    },
  );

  brokerTest.held(
    'a QoS 2 message waits for its identifier: another connection sends it',
    {},
    async (broker, store) => {
      const first = await broker.connect(session);
      await first.subscribe('a', { qos: 2 });
      await broker.drop(first);
      const publisher = await broker.connect();
      await publisher.publish('a', 'once', { qos: 2 });
      const second = await broker.connect(resumed);
      await second.expectMessage({ payload: 'once', dup: false });
      const held = store.hold('write');
      second.acknowledge('pubrec', 1);
      await held.reached;
      const taking = broker.connect(resumed);
      await second.expectDisconnect(0x8e);
      held.release();
      const third = await taking;
      await third.expectAcknowledgement('pubrel', 1);
      third.acknowledge('pubcomp', 1);
      await third.ping();
    },
  );
});

forEachStore('interleavings: a client that flaps', (brokerTest) => {
  brokerTest('a stored session loses no QoS 1 message and keeps their order', async (broker) => {
    const count = 400;
    const first = await broker.connect(session);
    await first.subscribe('a', { qos: 1 });
    const publisher = await broker.connect({ protocolVersion: 4 });
    const publishing = (async () => {
      for (let index = 0; index < count; index++) {
        publisher.send(publishPacket('a', `${index}`, { qos: 1, packetId: 1 }));
        await publisher.expect('puback');
      }
    })();
    let next = 0;
    let client: ScriptedClient = first;
    while (next < count) {
      // Some messages, then another connection takes over; what was not acknowledged comes again.
      for (let taken = 0; taken < 17 && next < count; taken++) {
        const message = await client.expectMessage();
        const index = Number(message.payload.toString());
        assert.ok(index <= next, `message ${index} where ${next} was to come`);
        if (index < next) assert.equal(message.dup, true);
        else next++;
        if (taken % 5 !== 4) client.acknowledge('puback', message.packetId);
      }
      client = await broker.connect(resumed);
      assert.equal(client.connack?.sessionPresent, true);
    }
    await publishing;
  });
});
