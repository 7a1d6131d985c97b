import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { matchesFilter } from '../../../src/routing/filter.ts';
import { RetainedMessages } from '../../../src/routing/retained-messages.ts';
import { topicFilter, topicName } from './topic-arbitraries.ts';

function retainedOf(...topics: readonly string[]): RetainedMessages<string> {
  const retained = new RetainedMessages<string>();
  for (const topic of topics) retained.set(topic, topic, 1);
  return retained;
}

describe('RetainedMessages', () => {
  it('keeps the last message of each topic [MQTT-3.3.1-5]', () => {
    const retained = retainedOf('a', 'a/b', '/');
    retained.set('a', 'second', 10);
    assert.equal(retained.get('a'), 'second');
    assert.equal(retained.get('a/b'), 'a/b');
    assert.equal(retained.get('a/'), undefined);
    assert.deepEqual([retained.count, retained.bytes], [3, 12]);
  });

  it('forgets a deleted one [MQTT-3.3.1-6] and says whether there was one', () => {
    const retained = retainedOf('a', 'a/b/c');
    assert.equal(retained.delete('a/b'), false);
    assert.equal(retained.delete('x'), false);
    assert.equal(retained.delete('a/b/c'), true);
    assert.equal(retained.delete('a/b/c'), false);
    assert.equal(retained.get('a/b/c'), undefined);
    assert.deepEqual([retained.get('a'), retained.count, retained.bytes], ['a', 1, 1]);
  });

  it('keeps $ topics from filters that begin with a wildcard [MQTT-4.7.2-1]', () => {
    const retained = retainedOf('$SYS', '$SYS/a', 'x', 'x/a');
    assert.deepEqual([...retained.match('#')].sort(), ['x', 'x/a']);
    assert.deepEqual([...retained.match('+/a')], ['x/a']);
    assert.deepEqual([...retained.match('$SYS/#')].sort(), ['$SYS', '$SYS/a']);
  });

  it('finds what the definition of matching says, while messages come and go', () => {
    const change = fc.record({ topic: topicName, set: fc.boolean(), bytes: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.array(topicFilter), (changes, filters) => {
        const retained = new RetainedMessages<string>();
        const naive = new Map<string, number>();
        for (const { topic, set, bytes } of changes) {
          if (set) {
            retained.set(topic, topic, bytes);
            naive.set(topic, bytes);
          } else {
            assert.equal(retained.delete(topic), naive.delete(topic));
          }
        }
        assert.equal(retained.count, naive.size);
        assert.equal(
          retained.bytes,
          [...naive.values()].reduce((sum, bytes) => sum + bytes, 0),
        );
        for (const filter of filters) {
          const expected = [...naive.keys()].filter((topic) => matchesFilter(filter, topic));
          assert.deepEqual([...retained.match(filter)].sort(), expected.sort());
        }
      }),
      { seed: 6, numRuns: 500 },
    );
  });

  it('sees each message of the moment of the call, less those deleted or replaced since', () => {
    const step = fc.record({ topic: topicName, kind: fc.constantFrom('set', 'delete', 'next', 'next') });
    const topics = fc.uniqueArray(topicName, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(topics, topicFilter, fc.array(step, { maxLength: 40 }), (before, filter, steps) => {
        const retained = retainedOf(...before);
        const waiting = new Set(before.filter((topic) => matchesFilter(filter, topic)));
        const matches = retained.match(filter);
        const take = (): boolean => {
          const { done, value } = matches.next();
          if (!done) assert.ok(waiting.delete(value), `${value} was not expected`);
          return !done;
        };
        for (const { topic, kind } of steps) {
          if (kind === 'next') {
            take();
            continue;
          }
          if (kind === 'set') retained.set(topic, 'newer', 1);
          else retained.delete(topic);
          waiting.delete(topic);
        }
        while (take());
        assert.equal(waiting.size, 0);
      }),
      { seed: 7, numRuns: 1000 },
    );
  });

  it('ends even when a publisher sets a new topic for each one that is read', () => {
    const retained = retainedOf('a/0', 'a/1', 'a/2');
    let read = 0;
    for (const _ of retained.match('#')) {
      read += 1;
      retained.set(`a/new/${read}`, 'newer', 1);
    }
    assert.equal(read, 3);
    assert.equal(retained.count, 6);
  });

  it('stands topics with as many levels as fit in a packet', () => {
    const topic = '/'.repeat(65_000);
    const retained = retainedOf(topic);
    assert.deepEqual([...retained.match('#')], [topic]);
    assert.equal(retained.delete(topic), true);
    assert.deepEqual([...retained.match('#')], []);
  });
});
