import assert from 'node:assert/strict';
import { StoreError } from '../../src/stores/session-store.ts';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { connectPacket, publishPacket, subscribePacket } from '../support/scripted-client.ts';

/** What may happen while something is awaited: docs/reference/interleavings.md has a line for each of these tests. */

const SECOND = 1_000;
const session = { clientId: 'c', properties: { sessionExpiryInterval: 60 } };
const resumed = { ...session, cleanStart: false };

/** A stored session with a subscription to `a`; its client is gone. */
async function leaveSession(broker: BrokerInProcess): Promise<void> {
  const client = await broker.connect(session);
  await client.subscribe('a', { qos: 1 });
  await broker.drop(client);
  // PUBACK of a retained message waits for everything that was written before.
  const other = await broker.connect();
  await other.publish('z', '', { qos: 1, retain: true });
}

/** The session is there, gets messages while connected and keeps them while not. */
async function expectWhole(broker: BrokerInProcess): Promise<void> {
  const publisher = await broker.connect();
  const client = await broker.connect(resumed);
  assert.equal(client.connack?.sessionPresent, true);
  await publisher.publish('a', 'live', { qos: 1 });
  await client.receive({ payload: 'live', dup: false });
  await broker.drop(client);
  await publisher.publish('a', 'queued', { qos: 1 });
  const again = await broker.connect(resumed);
  await again.receive({ payload: 'queued', dup: false });
  await again.ping();
  await broker.drop(again);
}

forEachStore('interleavings: a CONNECT that waits for its session', (brokerTest) => {
  for (const operation of ['claim', 'load', 'write'] as const) {
    brokerTest.held(
      `its socket closes during ${operation}: the session stays as it was`,
      {},
      async (broker, store, clock) => {
        await leaveSession(broker);
        const held = store.hold(operation);
        const client = await broker.open(5, 'c');
        client.send(connectPacket(resumed));
        await held.reached;
        client.destroy();
        await broker.connect(); // By now the broker has seen the end of the other.
        held.release();
        await expectWhole(broker);
        assert.equal(broker.logged('client_connected', { client_id: 'c' }).length, 3);
        clock.advance(60 * SECOND);
        assert.equal(broker.logged('session_expired', { client_id: 'c' }).length, 1);
      },
    );

    brokerTest.held(
      `the session's time runs out during ${operation}: it is resumed`,
      {},
      async (broker, store, clock) => {
        await leaveSession(broker);
        const held = store.hold(operation);
        const client = await broker.open(5, 'c');
        client.send(connectPacket(resumed));
        await held.reached;
        clock.advance(61 * SECOND);
        held.release();
        assert.equal((await client.expect('connack')).sessionPresent, true);
        assert.equal(broker.logged('session_expired').length, 0);
        await broker.drop(client);
        await expectWhole(broker);
      },
    );

    brokerTest.held(`rights are taken away during ${operation}: it is refused`, {}, async (broker, store) => {
      await leaveSession(broker);
      const held = store.hold(operation);
      const client = await broker.open(5, 'c');
      client.send(connectPacket(resumed));
      await held.reached;
      await broker.reload({ config: { anonymous: false } });
      held.release();
      assert.equal((await client.expect('connack')).reasonCode, 0x86);
      await client.expectClosed();
      await broker.reload({});
      await expectWhole(broker);
    });

    brokerTest.held(
      `the right to its will is taken away during ${operation}: it is refused`,
      {},
      async (broker, store) => {
        await leaveSession(broker);
        const held = store.hold(operation);
        const client = await broker.open(5, 'c');
        const will = { topic: 'w', payload: Buffer.alloc(0), qos: 0 as const, retain: false, properties: {} };
        client.send(connectPacket({ ...resumed, will }));
        await held.reached;
        await broker.reload({
          security: { roles: [{ name: 'guest', permissions: [{ access: 'read', topic: '#' }] }] },
        });
        held.release();
        assert.equal((await client.expect('connack')).reasonCode, 0x87);
        await client.expectClosed();
      },
    );

    brokerTest.held(
      `another CONNECT comes during ${operation}: it has its turn behind`,
      {},
      async (broker, store) => {
        await leaveSession(broker);
        const held = store.hold(operation);
        const [first, second] = [await broker.open(5, 'c'), await broker.open(5, 'c')];
        first.send(connectPacket(resumed));
        await held.reached;
        second.send(connectPacket(resumed));
        await broker.connect(); // By now the broker has read it.
        held.release();
        for (const client of [first, second])
          assert.equal((await client.expect('connack')).sessionPresent, true);
        await first.expectDisconnect(0x8e);
        await second.ping();
        await broker.drop(second);
        await expectWhole(broker);
      },
    );

    brokerTest.held(
      `a message is published during ${operation}: it comes once`,
      {},
      async (broker, store) => {
        await leaveSession(broker);
        const held = store.hold(operation);
        const client = await broker.open(5, 'c');
        client.send(connectPacket(resumed));
        await held.reached;
        const publisher = await broker.connect();
        publisher.sendPublish('a', 'meanwhile', { qos: 1 });
        publisher.send({ type: 'pingreq' });
        // PUBACK waits for the store, as CONNACK does.
        if ((await publisher.next()) === 'closed') assert.fail('closed');
        held.release();
        await client.expect('connack');
        await client.receive({ payload: 'meanwhile', dup: false });
        await client.ping();
      },
    );

    brokerTest.held(
      `the broker stops during ${operation}: 0x88, and nothing follows`,
      {},
      async (broker, store) => {
        await leaveSession(broker);
        const held = store.hold(operation);
        const client = await broker.open(5, 'c');
        client.send(connectPacket(resumed), publishPacket('a', 'never handled'));
        await held.reached;
        const stopped = broker.stop();
        assert.equal((await client.expect('connack')).reasonCode, 0x88);
        await client.expectClosed();
        held.release();
        await stopped;
      },
    );
  }

  for (const operation of ['claim', 'load', 'write'] as const) {
    brokerTest.held(
      `the store fails at ${operation}: refused, and the session still ends in time`,
      {},
      async (broker, store, clock) => {
        await leaveSession(broker);
        store.fail(operation, new StoreError('out of order'));
        const client = await broker.open(5, 'c');
        client.send(connectPacket(resumed));
        assert.equal((await client.expect('connack')).reasonCode, 0x88);
        await client.expectClosed();
        clock.advance(60 * SECOND);
        assert.equal(broker.logged('session_expired', { client_id: 'c' }).length, 1);
      },
    );
  }

  for (const operation of ['claim', 'write'] as const) {
    brokerTest.held(
      `Clean Start: the old session's time runs out during ${operation}`,
      {},
      async (broker, store, clock) => {
        await leaveSession(broker);
        const held = store.hold(operation);
        const client = await broker.open(5, 'c');
        client.send(connectPacket(session), subscribePacket(1, 'a', { qos: 1 }));
        await held.reached;
        clock.advance(61 * SECOND);
        held.release();
        assert.equal((await client.expect('connack')).sessionPresent, false);
        await client.expect('suback');
        await broker.drop(client);
        await expectWhole(broker);
      },
    );
  }

  brokerTest.held(
    'another owner claims the session before it is ours for good: refused',
    {},
    async (broker, store) => {
      await leaveSession(broker);
      const held = store.hold('load');
      const client = await broker.open(5, 'c');
      client.send(connectPacket(resumed));
      await held.reached;
      assert.equal((await store.claim('c', 1_000)).kind, 'claimed');
      held.release();
      assert.equal((await client.expect('connack')).reasonCode, 0x88);
      await client.expectClosed();
      await expectWhole(broker);
    },
  );
});
