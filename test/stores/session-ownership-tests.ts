import assert from 'node:assert/strict';
import type { SessionContents, StoreWrite } from '../../src/stores/session-store.ts';
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

export function epochTests(test: StoreTest): void {
  test('a claim must be above the epoch in force', async (store) => {
    assert.deepEqual(await store.claim('a', 5), { kind: 'claimed' });
    assert.deepEqual(await store.claim('a', 5), { kind: 'stale', epoch: 5 });
    assert.deepEqual(await store.claim('a', 4), { kind: 'stale', epoch: 5 });
    assert.deepEqual(await store.claim('b', 1), { kind: 'claimed' });
    assert.deepEqual(await store.claim('a', 6), { kind: 'claimed' });
  });

  test('of two claims of one epoch exactly one wins', async (store) => {
    const outcomes = await Promise.all([store.claim('a', 1), store.claim('a', 1)]);
    assert.deepEqual(outcomes.map((outcome) => outcome.kind).sort(), ['claimed', 'stale']);
  });

  test('refuses the earlier owner everything from the claim on', async (store) => {
    await store.claim('a', 1);
    await store.write([putSession('a', 1), enqueue('a', 1, queuedRecord(1))]);
    await store.claim('a', 2);
    assert.equal(await store.load('a', 1), 'stale');
    assert.equal(await store.readQueue('a', 1, 0, 10), 'stale');
    assert.deepEqual(await store.write([{ kind: 'delete-session', clientId: 'a', epoch: 1 }]), {
      stale: ['a'],
    });
    assert.equal((await store.find('a'))?.epoch, 2);
    assert.equal((await loaded(store, 'a', 2)).queued, 1);
  });

  test('a write under an epoch that nobody claimed is stale', async (store) => {
    assert.deepEqual(await store.write([putSession('a', 1)]), { stale: ['a'] });
    await store.claim('a', 1);
    assert.deepEqual(await store.write([putSession('a', 2)]), { stale: ['a'] });
    assert.equal(await store.find('a'), undefined);
  });

  test('deleting a session keeps its epoch in force', async (store) => {
    await store.claim('a', 3);
    await store.write([putSession('a', 3), { kind: 'delete-session', clientId: 'a', epoch: 3 }]);
    assert.equal(await store.find('a'), undefined);
    assert.equal(await store.load('a', 3), undefined);
    assert.deepEqual(await store.claim('a', 3), { kind: 'stale', epoch: 3 });
    assert.deepEqual(await store.write([putSession('a', 3)]), { stale: [] });
  });

  test('a released client id is forgotten, and later owners get a higher epoch', async (store) => {
    await store.claim('a', 7);
    await store.write([putSession('a', 7), { kind: 'release', clientId: 'a', epoch: 7 }]);
    assert.equal(await store.find('a'), undefined);
    assert.deepEqual(await store.write([putSession('a', 7)]), { stale: ['a'] });
    assert.deepEqual(await store.claim('b', 7), { kind: 'stale', epoch: 7 });
    assert.deepEqual(await store.claim('a', 8), { kind: 'claimed' });
    assert.deepEqual(await store.write([putSession('a', 8)]), { stale: [] });
  });

  test('a claim made behind a write cannot make it stale', async (store) => {
    await store.claim('a', 1);
    const [written, claimed, late] = await Promise.all([
      store.write([putSession('a', 1)]),
      store.claim('a', 2),
      store.write([enqueue('a', 1, queuedRecord(1))]),
    ]);
    assert.deepEqual([written, claimed, late], [{ stale: [] }, { kind: 'claimed' }, { stale: ['a'] }]);
    assert.equal((await loaded(store, 'a', 2)).queued, 0);
  });
}

export function batchTests(test: StoreTest): void {
  test('leaves out all of a stale session and writes the others', async (store) => {
    await store.claim('stale', 2);
    await store.claim('good', 1);
    const outcome = await store.write([
      putSession('good', 1),
      putSession('stale', 2),
      enqueue('stale', 1, queuedRecord(1)),
      enqueue('good', 1, queuedRecord(1)),
      { kind: 'put-retained', retained: { message: messageRecord() } },
    ]);
    assert.deepEqual(outcome, { stale: ['stale'] });
    assert.equal(await store.find('stale'), undefined);
    assert.equal((await loaded(store, 'good', 1)).queued, 1);
    assert.equal((await collected(store.retained())).length, 1);
  });

  test('applies writes in order', async (store) => {
    await store.claim('a', 1);
    await store.write([putSession('a', 1), enqueue('a', 1, queuedRecord(7))]);
    await store.write([
      enqueue('a', 1, queuedRecord(8)),
      { kind: 'delete-session', clientId: 'a', epoch: 1 },
      { kind: 'put-session', clientId: 'a', epoch: 1, session: sessionFields({ identityKey: 'new' }) },
      enqueue('a', 1, queuedRecord(1)),
    ]);
    const contents = await loaded(store, 'a', 1);
    assert.equal(contents.session.identityKey, 'new');
    assert.deepEqual([contents.queued, contents.lastPosition], [1, 1]);
  });

  test('a write without a session changes nothing and is not stale', async (store) => {
    await store.claim('a', 1);
    const orphans: StoreWrite[] = [
      enqueue('a', 1, queuedRecord(1)),
      { kind: 'put-subscription', clientId: 'a', epoch: 1, subscription: subscriptionRecord('#') },
      { kind: 'put-inbound-qos2', clientId: 'a', epoch: 1, packetId: 1 },
      { kind: 'put-will', clientId: 'a', epoch: 1, will: willRecord() },
      { kind: 'delete-session', clientId: 'a', epoch: 1 },
    ];
    assert.deepEqual(await store.write(orphans), { stale: [] });
    await store.write([putSession('a', 1)]);
    assert.deepEqual(await store.load('a', 1), emptyContents('a', 1));
  });

  test('an empty batch is written', async (store) => {
    assert.deepEqual(await store.write([]), { stale: [] });
  });
}

function emptyContents(clientId: string, epoch: number): SessionContents {
  return {
    session: { ...sessionFields(), clientId, epoch },
    subscriptions: [],
    inflight: [],
    inboundQos2: [],
    lastPosition: 0,
    queued: 0,
  };
}
