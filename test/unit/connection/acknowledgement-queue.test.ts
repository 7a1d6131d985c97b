import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AcknowledgementQueue } from '../../../src/connection/acknowledgement-queue.ts';

describe('[MQTT-4.6.0-2] [MQTT-4.6.0-3] acknowledgement queue', () => {
  test('with nothing before it, one leaves at once', () => {
    const queue = new AcknowledgementQueue();
    const sent: number[] = [];
    queue.send(() => sent.push(1));
    assert.deepEqual(sent, [1]);
    assert.equal(queue.length, 0);
  });

  test('one that has not to wait waits for those before it', () => {
    const queue = new AcknowledgementQueue();
    const sent: number[] = [];
    const release = queue.hold();
    queue.send(() => sent.push(2));
    assert.equal(queue.length, 2);
    assert.equal(sent.length, 0);
    release(() => sent.push(1));
    assert.deepEqual(sent, [1, 2]);
    assert.equal(queue.length, 0);
  });

  test('one that is sent from within another comes behind all that wait', () => {
    const queue = new AcknowledgementQueue();
    const sent: string[] = [];
    const first = queue.hold();
    queue.send(() => sent.push('second'));
    first(() => {
      sent.push('first');
      queue.send(() => sent.push('third'));
    });
    assert.deepEqual(sent, ['first', 'second', 'third']);
  });

  test('whatever the order of the releases, they leave in the order of arrival', () => {
    const waits = fc.array(fc.option(fc.nat()), { maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(waits, (priorities) => {
        const queue = new AcknowledgementQueue();
        const sent: number[] = [];
        const held: { readonly priority: number; release(): void }[] = [];
        priorities.forEach((priority, index) => {
          const send = (): void => {
            sent.push(index);
          };
          if (priority === null) {
            queue.send(send);
          } else {
            const release = queue.hold();
            held.push({ priority, release: () => release(send) });
          }
        });
        for (const { release } of held.sort((a, b) => a.priority - b.priority)) release();
        assert.deepEqual(sent, [...priorities.keys()]);
        assert.equal(queue.length, 0);
      }),
      { seed: 1, numRuns: 50 },
    );
  });
});
