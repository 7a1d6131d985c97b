import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TopicEntry } from '../../../src/connection/topic-memory.ts';
import { TopicMemory } from '../../../src/connection/topic-memory.ts';

interface Entry extends TopicEntry {
  readonly name: string;
}

function find(memory: TopicMemory<Entry>, topic: string): string | undefined {
  // In the middle of other bytes, as in a packet.
  const packet = Buffer.from(`<<${topic}>>`);
  return memory.find(packet, 2, packet.length - 2)?.name;
}

function add(memory: TopicMemory<Entry>, name: string): void {
  memory.add({ name, bytes: Buffer.from(name) });
}

describe('topic memory', () => {
  test('finds what was added, and nothing else', () => {
    const memory = new TopicMemory<Entry>(16);
    assert.equal(find(memory, 'a'), undefined);
    add(memory, 'a/b');
    assert.equal(find(memory, 'a/b'), 'a/b');
    for (const topic of ['a/', 'a/c', 'a/bc', 'b/a', '']) assert.equal(find(memory, topic), undefined);
  });

  test('the same topic added again replaces', () => {
    const memory = new TopicMemory<Entry>(16);
    add(memory, 'a');
    memory.add({ name: 'newer', bytes: Buffer.from('a') });
    assert.equal(find(memory, 'a'), 'newer');
  });

  test('grows with the topics in use up to its bound, and never answers wrongly', () => {
    const memory = new TopicMemory<Entry>(256);
    const topics = Array.from({ length: 1_000 }, (_, index) => `sensors/${index}`);
    for (const topic of topics) add(memory, topic);
    const remembered = topics.filter((topic) => {
      const found = find(memory, topic);
      assert.ok(found === undefined || found === topic);
      return found !== undefined;
    });
    assert.ok(remembered.length <= 256);
    assert.ok(remembered.length > 200, `only ${remembered.length} of 256 slots are used`);
  });

  test('few topics keep their places', () => {
    const memory = new TopicMemory<Entry>(1_024);
    const topics = Array.from({ length: 100 }, (_, index) => `t/${index}`);
    for (let round = 0; round < 20; round++) {
      for (const topic of topics) if (find(memory, topic) === undefined) add(memory, topic);
    }
    const kept = topics.filter((topic) => find(memory, topic) !== undefined);
    assert.ok(kept.length > 80, `${kept.length} of 100`);
  });
});
