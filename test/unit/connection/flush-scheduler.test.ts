import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlushScheduler } from '../../../src/connection/flush-scheduler.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('queues are flushed once, at the end of the turn, in the order in which they came', async () => {
  const scheduler = new FlushScheduler();
  const flushed: string[] = [];
  for (const name of ['a', 'b', 'c']) scheduler.add({ flush: () => flushed.push(name) });
  await Promise.resolve();
  assert.deepEqual(flushed, []);
  await turn();
  assert.deepEqual(flushed, ['a', 'b', 'c']);
  await turn();
  assert.deepEqual(flushed, ['a', 'b', 'c']);
});

test('what is added during a flush has the next turn', async () => {
  const scheduler = new FlushScheduler();
  const flushed: string[] = [];
  scheduler.add({
    flush: () => {
      flushed.push('first');
      scheduler.add({ flush: () => flushed.push('second') });
    },
  });
  await turn();
  assert.deepEqual(flushed, ['first']);
  await turn();
  assert.deepEqual(flushed, ['first', 'second']);
});
