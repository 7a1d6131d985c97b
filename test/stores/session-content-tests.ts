import assert from 'node:assert/strict';
import type { StoreWrite } from '../../src/stores/session-store.ts';
import { collected } from '../support/collected.ts';
import type { StoreTest } from './opened-store.ts';
import { loaded } from './opened-store.ts';
import {
  enqueue,
  messageRecord,
  putSession,
  queuedRecord,
  sessionFields,
  subscriptionRecord,
  willRecord,
} from './store-records.ts';

export function contentTests(test: StoreTest): void {
  test('gives back what was written, Infinity and bytes included', async (store) => {
    const chunk = Buffer.from('before|payload|behind');
    const message = messageRecord({
      payload: chunk.subarray(7, 14),
      properties: Buffer.alloc(0),
      qos: 2,
      retain: true,
    });
    const queued = queuedRecord(3, { message, qos: 2, retain: true, identifiers: [7, 7, 268_435_455] });
    const session = sessionFields({
      clientType: 'APPLICATION',
      expiryInterval: Infinity,
      expiresAt: Infinity,
    });
    const will = willRecord({
      message: messageRecord({ payload: Buffer.alloc(0), expiresAt: 12 }),
      delay: 0,
    });
    const subscriptions = [
      subscriptionRecord('a/+', {
        qos: 2,
        noLocal: true,
        retainAsPublished: true,
        retainHandling: 2,
        identifier: 7,
      }),
      subscriptionRecord('$share/g/#', { qos: 0 }),
    ];
    const owner = { clientId: 'ü/😀', epoch: 2 ** 40 };
    await store.claim(owner.clientId, owner.epoch);
    await store.write([
      { ...owner, kind: 'put-session', session },
      ...subscriptions.map((subscription) => ({ ...owner, kind: 'put-subscription', subscription }) as const),
      { ...owner, kind: 'enqueue', queued },
      { ...owner, kind: 'put-will', will },
      { ...owner, kind: 'put-inbound-qos2', packetId: 65_535 },
      { kind: 'put-retained', retained: { message } },
    ]);
    const contents = await loaded(store, owner.clientId, owner.epoch);
    assert.deepEqual(
      new Map(contents.subscriptions.map((subscription) => [subscription.filter, subscription])),
      new Map(subscriptions.map((subscription) => [subscription.filter, subscription])),
    );
    assert.deepEqual(
      { ...contents, subscriptions: [] },
      {
        session: { ...session, ...owner },
        subscriptions: [],
        inflight: [],
        inboundQos2: [65_535],
        will,
        lastPosition: 3,
        queued: 1,
      },
    );
    assert.deepEqual(await store.readQueue(owner.clientId, owner.epoch, 0, 10), [queued]);
    assert.deepEqual(await collected(store.retained()), [{ message }]);
  });

  test('put-session keeps what belongs to the session', async (store) => {
    await store.claim('a', 1);
    await store.write([
      putSession('a', 1),
      enqueue('a', 1, queuedRecord(1)),
      { kind: 'put-session', clientId: 'a', epoch: 1, session: sessionFields({ expiresAt: 99 }) },
    ]);
    const contents = await loaded(store, 'a', 1);
    assert.deepEqual([contents.session.expiresAt, contents.queued], [99, 1]);
  });

  test('later writes leave an answer as it was', async (store) => {
    await store.claim('a', 1);
    await store.write([
      putSession('a', 1),
      enqueue('a', 1, queuedRecord(1)),
      enqueue('a', 1, queuedRecord(2, { inflight: { packetId: 1, phase: 'publish' } })),
    ]);
    const contents = await loaded(store, 'a', 1);
    const queue = await store.readQueue('a', 1, 0, 10);
    const before = structuredClone({ contents, queue });
    await store.write([
      {
        kind: 'set-inflight',
        clientId: 'a',
        epoch: 1,
        position: 1,
        inflight: { packetId: 9, phase: 'publish' },
      },
      {
        kind: 'set-inflight',
        clientId: 'a',
        epoch: 1,
        position: 2,
        inflight: { packetId: 1, phase: 'pubrel' },
      },
      { kind: 'put-subscription', clientId: 'a', epoch: 1, subscription: subscriptionRecord('#') },
      { kind: 'put-inbound-qos2', clientId: 'a', epoch: 1, packetId: 4 },
      { kind: 'put-session', clientId: 'a', epoch: 1, session: sessionFields({ expiresAt: 1 }) },
    ]);
    assert.deepEqual(structuredClone({ contents, queue }), before);
  });

  test('lists every session once, and the last retained message of each topic', async (store) => {
    const ids = Array.from({ length: 300 }, (_, index) => `client-${index}`);
    await Promise.all(ids.map((id) => store.claim(id, 1)));
    await store.write(ids.map((id) => putSession(id, 1)));
    await store.write([
      ...ids.map(
        (id): StoreWrite => ({ kind: 'put-retained', retained: { message: messageRecord({ topic: id }) } }),
      ),
      {
        kind: 'put-retained',
        retained: { message: messageRecord({ topic: ids[0]!, payload: Buffer.from('2') }) },
      },
      { kind: 'delete-retained', topic: ids[1]! },
      { kind: 'delete-retained', topic: 'never set' },
    ]);
    const sessions = await collected(store.sessions());
    assert.deepEqual(sessions.map((contents) => contents.session.clientId).sort(), ids.toSorted());
    const retained = await collected(store.retained());
    assert.equal(retained.length, 299);
    assert.equal(retained.find(({ message }) => message.topic === ids[0])?.message.payload.toString(), '2');
  });
}

export function queueTests(test: StoreTest): void {
  test('pages through a long queue in order', async (store) => {
    const length = 10_000;
    await store.claim('a', 1);
    await store.write([
      putSession('a', 1),
      ...Array.from({ length }, (_, index) => enqueue('a', 1, queuedRecord(index + 1))),
    ]);
    const positions: number[] = [];
    for (;;) {
      const page = await store.readQueue('a', 1, positions.at(-1) ?? 0, 300);
      assert.ok(page !== 'stale' && page.length <= 300);
      if (page.length === 0) break;
      positions.push(...page.map(({ position }) => position));
    }
    assert.deepEqual(
      positions,
      Array.from({ length }, (_, index) => index + 1),
    );
  });

  test('counts and reads what is left of a long queue', async (store) => {
    await store.claim('a', 1);
    await store.write([
      putSession('a', 1),
      ...Array.from({ length: 1000 }, (_, index) => enqueue('a', 1, queuedRecord(index + 1))),
    ]);
    await store.write(
      Array.from({ length: 999 }, (_, index) => ({
        kind: 'dequeue',
        clientId: 'a',
        epoch: 1,
        position: index < 500 ? index + 1 : index + 2,
      })),
    );
    const page = await store.readQueue('a', 1, 0, 10);
    assert.deepEqual(page, [queuedRecord(501)]);
    const contents = await loaded(store, 'a', 1);
    assert.deepEqual([contents.queued, contents.lastPosition], [1, 1000]);
  });

  test('keeps messages in flight in the order first sent, apart from the queue', async (store) => {
    const owner = { clientId: 'a', epoch: 1 };
    await store.claim('a', 1);
    await store.write([
      putSession('a', 1),
      ...[1, 2, 3, 4].map((position) => enqueue('a', 1, queuedRecord(position, { qos: 2 }))),
      { ...owner, kind: 'set-inflight', position: 3, inflight: { packetId: 30, phase: 'publish' } },
      { ...owner, kind: 'set-inflight', position: 1, inflight: { packetId: 10, phase: 'publish' } },
      { ...owner, kind: 'set-inflight', position: 3, inflight: { packetId: 30, phase: 'pubrel' } },
      { ...owner, kind: 'set-inflight', position: 99, inflight: { packetId: 99, phase: 'publish' } },
    ]);
    const contents = await loaded(store, 'a', 1);
    assert.deepEqual(
      contents.inflight.map(({ position, inflight }) => [position, inflight.packetId, inflight.phase]),
      [
        [3, 30, 'pubrel'],
        [1, 10, 'publish'],
      ],
    );
    assert.equal(contents.queued, 2);
    assert.deepEqual(await store.readQueue('a', 1, 0, 10), [
      queuedRecord(2, { qos: 2 }),
      queuedRecord(4, { qos: 2 }),
    ]);
    await store.write([{ ...owner, kind: 'dequeue', position: 3 }]);
    const left = await loaded(store, 'a', 1);
    assert.deepEqual(
      left.inflight.map(({ position }) => position),
      [1],
    );
    assert.equal(left.queued, 2);
  });
}
