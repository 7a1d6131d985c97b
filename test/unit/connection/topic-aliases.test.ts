import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InboundTopicAliases, OutboundTopicAliases } from '../../../src/connection/topic-aliases.ts';

describe('inbound topic aliases', () => {
  test('one is what it was set to last', () => {
    const aliases = new InboundTopicAliases(10);
    assert.equal(aliases.get(3), undefined);
    const packet = Buffer.from('xxfirstsecond');
    aliases.set(3, packet, 2, 7);
    assert.equal(aliases.get(3)?.toString(), 'first');
    aliases.set(3, packet, 7, 13);
    assert.equal(aliases.get(3)?.toString(), 'second');
    assert.equal(aliases.get(4), undefined);
  });

  test('the bytes are its own: the packet may be overwritten', () => {
    const aliases = new InboundTopicAliases(10);
    const packet = Buffer.from('topic');
    aliases.set(1, packet, 0, 5);
    aliases.set(1, packet, 0, 5);
    packet.fill('x');
    assert.equal(aliases.get(1)?.toString(), 'topic');
  });
});

describe('outbound topic aliases', () => {
  test('the first topics get the numbers 1 to the maximum and keep them', () => {
    const aliases = new OutboundTopicAliases(2);
    for (const [index, topic] of ['a', 'b'].entries()) {
      assert.equal(aliases.known(topic), undefined);
      assert.equal(aliases.next(), index + 1);
      aliases.assign(topic);
    }
    assert.equal(aliases.next(), 0);
    assert.deepEqual([aliases.known('a'), aliases.known('b'), aliases.known('c')], [1, 2, undefined]);
  });

  test('a number that was not assigned is offered again', () => {
    const aliases = new OutboundTopicAliases(2);
    assert.equal(aliases.next(), 1);
    assert.equal(aliases.next(), 1);
  });
});
