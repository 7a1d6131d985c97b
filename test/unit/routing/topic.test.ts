import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTopicName, levelCount } from '../../../src/routing/topic.ts';

describe('levelCount', () => {
  it('counts one more than the slashes', () => {
    const counts = ['a', '/', 'a//b', '/a/', '#', 'ü/😀'].map((text) => levelCount(text));
    assert.deepEqual(counts, [1, 2, 3, 3, 1, 2]);
    assert.equal(levelCount('/'.repeat(65_535)), 65_536);
  });
});

describe('isTopicName', () => {
  it('takes any text without wildcards', () => {
    for (const topic of ['a', '/', ' ', 'a//b', '$SYS/x', '$share/g/a', 'ü/😀'])
      assert.ok(isTopicName(topic), topic);
  });

  it('refuses wildcards [MQTT-3.3.2-2], the empty text [MQTT-4.7.3-1] and U+0000 [MQTT-4.7.3-2]', () => {
    for (const topic of ['', 'a/+', '#', 'a#', 'a+b', 'a\0b']) assert.ok(!isTopicName(topic), topic);
  });
});
