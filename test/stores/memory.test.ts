import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemorySessionStore } from '../../src/stores/memory/memory-session-store.ts';
import { MessageQueue } from '../../src/stores/memory/message-queue.ts';
import { DelayingSessionStore } from '../support/delaying-session-store.ts';
import { RushingClock } from '../support/rushing-clock.ts';
import { sessionStoreSuite } from './session-store-suite.ts';
import { queuedRecord } from './store-records.ts';

sessionStoreSuite('memory', async () => new MemorySessionStore());

let seed = 0;
sessionStoreSuite('memory, with delayed answers', async () => {
  seed += 1;
  return new DelayingSessionStore(new MemorySessionStore(), { clock: new RushingClock(), seed });
});

describe('DelayingSessionStore', () => {
  const answerOrder = async (seedOfDelays: number): Promise<number[]> => {
    const options = { clock: new RushingClock(), seed: seedOfDelays };
    const store = new DelayingSessionStore(new MemorySessionStore(), options);
    const order: number[] = [];
    const calls = Array.from({ length: 50 }, async (_, index) => {
      await store.claim('a', index + 1);
      order.push(index);
    });
    await Promise.all(calls);
    return order;
  };

  it('lets answers overtake each other, the same way for the same seed', async () => {
    const order = await answerOrder(7);
    assert.notDeepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    assert.deepEqual(await answerOrder(7), order);
    assert.notDeepEqual(await answerOrder(8), order);
  });
});

describe('MessageQueue', () => {
  it('orders by position even what comes out of order, and replaces what comes twice', () => {
    const queue = new MessageQueue();
    for (const position of [3, 1, 2, 2]) queue.put(queuedRecord(position));
    queue.put(queuedRecord(1, { inflight: { packetId: 1, phase: 'publish' } }));
    assert.deepEqual(
      queue.read(0, 10).map(({ position }) => position),
      [2, 3],
    );
    queue.put(queuedRecord(1));
    assert.deepEqual([queue.queued, queue.lastPosition, queue.inflight()], [3, 3, []]);
  });

  it('keeps its order and counts over many departures', () => {
    const queue = new MessageQueue();
    for (let position = 1; position <= 1000; position += 1) queue.put(queuedRecord(position));
    for (let position = 1; position <= 1000; position += 1) if (position % 7 !== 0) queue.remove(position);
    queue.remove(1);
    queue.put(queuedRecord(1));
    assert.deepEqual(
      queue.read(0, 1000).map(({ position }) => position),
      [1, ...Array.from({ length: 142 }, (_, index) => (index + 1) * 7)],
    );
    assert.equal(queue.queued, 143);
  });
});
