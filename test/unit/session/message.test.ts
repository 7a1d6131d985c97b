import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message } from '../../../src/session/message.ts';

function message(payload: Buffer): Message {
  return new Message({
    topic: 'a/b',
    payload,
    qos: 1,
    retain: false,
    properties: Buffer.alloc(0),
    expiresAt: Number.POSITIVE_INFINITY,
    publisher: 'p',
    publisherIdentity: 'client:p',
  });
}

test('a message that waits holds no memory but its own', () => {
  const shared = Buffer.alloc(64 * 1024, 'x').subarray(100, 110);
  const kept = message(shared);
  assert.equal(kept.content.payload, shared);
  kept.settle();
  assert.equal(kept.payload.buffer.byteLength, 10);
  assert.deepEqual(kept.payload, shared);
  assert.equal(kept.content.payload, kept.payload);
});

test('settling twice copies once', () => {
  const kept = message(Buffer.allocUnsafe(10));
  kept.settle();
  const { payload } = kept;
  kept.settle();
  assert.equal(kept.payload, payload);
});
