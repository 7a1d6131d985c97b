import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionRegistry } from '../../../src/session/session-registry.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns of a client id', () => {
  test('one begins when the one before is over, in the order of the calls', async () => {
    const registry = new SessionRegistry();
    const steps: string[] = [];
    const first = Promise.withResolvers<void>();
    const actions = [first.promise, turn(), Promise.resolve()].map((wait, index) =>
      registry.inTurn('c', async () => {
        steps.push(`${index} begins`);
        await wait;
        steps.push(`${index} ends`);
        return index;
      }),
    );
    await turn();
    assert.deepEqual(steps, ['0 begins']);
    first.resolve();
    assert.deepEqual(await Promise.all(actions), [0, 1, 2]);
    assert.deepEqual(steps, ['0 begins', '0 ends', '1 begins', '1 ends', '2 begins', '2 ends']);
  });

  test('different client ids do not wait for each other', async () => {
    const registry = new SessionRegistry();
    const never = registry.inTurn('slow', () => new Promise<never>(() => undefined));
    assert.equal(await registry.inTurn('quick', async () => 'done'), 'done');
    assert.ok(never instanceof Promise);
  });

  test('one that fails lets the next begin, and is told', async () => {
    const registry = new SessionRegistry();
    const failing = registry.inTurn('c', async () => {
      throw new Error('no');
    });
    const next = registry.inTurn('c', async () => 'next');
    await assert.rejects(failing, /no/);
    assert.equal(await next, 'next');
  });

  test('turnsOver waits for those that are under way and those that wait', async () => {
    const registry = new SessionRegistry();
    const gate = Promise.withResolvers<void>();
    let ended = 0;
    for (let count = 0; count < 3; count++) {
      void registry.inTurn('c', async () => {
        await gate.promise;
        ended++;
      });
    }
    const over = registry.turnsOver().then(() => ended);
    await turn();
    assert.equal(ended, 0);
    gate.resolve();
    assert.equal(await over, 3);
  });
});
