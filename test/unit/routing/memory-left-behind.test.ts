import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RetainedMessages } from '../../../src/routing/retained-messages.ts';
import { Router } from '../../../src/routing/router.ts';
import { usedHeap } from '../../support/used-heap.ts';

const ROUNDS = 20_000;
/** Far below what a single object left behind in each round would take. */
const MOST_BYTES_LEFT = ROUNDS * 8;

/** Bytes of the heap that remain in use after the rounds. The first ones fill what is made once. */
function bytesLeftBehind(round: (number: number) => void): number {
  for (let number = 0; number < 1000; number += 1) round(-number);
  const before = usedHeap();
  for (let number = 0; number < ROUNDS; number += 1) round(number);
  return usedHeap() - before;
}

describe('what has gone leaves no memory behind', () => {
  const filters = (number: number) => [
    `device/${number}/+/x`,
    `device/${number}/#`,
    `+/${number}/a/b`,
    `device/${number}`,
  ];

  for (const group of [undefined, 'g']) {
    it(`${group === undefined ? 'plain' : 'shared'} subscriptions, filters and nodes`, () => {
      const router = new Router<string>({ routeCacheReceivers: 1000 });
      const left = bytesLeftBehind((number) => {
        for (const filter of filters(number)) {
          for (const owner of ['alice', 'bob']) {
            const options = { qos: 0, noLocal: false, retainAsPublished: false } as const;
            router.subscribe({ owner, filter, ...options, ...(group === undefined ? {} : { group }) });
          }
          for (const owner of ['alice', 'bob']) router.unsubscribe(owner, filter, group);
        }
      });
      assert.ok(left < MOST_BYTES_LEFT, `${left} bytes left`);
      assert.equal(router.subscriptionCount, 0);
    });
  }

  it('cached routes to owners that left a filter without wildcards', () => {
    const router = new Router<object>({ routeCacheReceivers: 1_000_000 });
    const left = bytesLeftBehind((number) => {
      const owner = { buffer: Array.from({ length: 10 }, () => number) };
      const filter = `device/${number}`;
      router.subscribe({ owner, filter, qos: 0, noLocal: false, retainAsPublished: false });
      router.route(filter);
      router.route(filter);
      router.unsubscribe(owner, filter);
    });
    assert.ok(left < MOST_BYTES_LEFT, `${left} bytes left`);
  });

  it('retained messages and nodes', () => {
    const retained = new RetainedMessages<string>();
    const left = bytesLeftBehind((number) => {
      retained.set(`device/${number}/a/b`, 'x', 1);
      retained.delete(`device/${number}/a/b`);
    });
    assert.ok(left < MOST_BYTES_LEFT, `${left} bytes left`);
  });
});
