import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FlushScheduler } from '../../../src/connection/flush-scheduler.ts';
import { WriteQueue } from '../../../src/connection/write-queue.ts';
import type { ByteChannel } from '../../../src/transport/byte-channel.ts';

/** A channel that takes so many writes before it says that its reader is slow. */
class RecordingChannel implements Pick<ByteChannel, 'write' | 'pendingBytes'> {
  readonly written: Buffer[] = [];
  pendingBytes = 0;
  slow = false;

  write(bytes: Buffer): boolean {
    this.written.push(bytes);
    if (this.slow) this.pendingBytes += bytes.length;
    return !this.slow;
  }

  get text(): string[] {
    return this.written.map(String);
  }
}

/** A scheduler whose turn ends when the test says so. */
class HandScheduler implements Pick<FlushScheduler, 'add'> {
  readonly waiting: { flush(): void }[] = [];

  add(queue: { flush(): void }): void {
    this.waiting.push(queue);
  }

  endTurn(): void {
    for (const queue of this.waiting.splice(0)) queue.flush();
  }
}

interface SetUp {
  readonly channel: RecordingChannel;
  readonly scheduler: HandScheduler;
  readonly queue: WriteQueue;
  /** How often the queue has said that it is writable again. */
  announced(): number;
}

function setUp(maximum = 1_000): SetUp {
  const channel = new RecordingChannel();
  const scheduler = new HandScheduler();
  let count = 0;
  const queue = new WriteQueue(
    channel as unknown as ByteChannel,
    scheduler as unknown as FlushScheduler,
    maximum,
    () => {
      count++;
    },
  );
  return { channel, scheduler, queue, announced: () => count };
}

function push(queue: WriteQueue, text: string): void {
  const bytes = Buffer.from(text);
  queue.push(bytes, 0, bytes.length);
}

describe('write queue', () => {
  test('everything of a turn leaves in one write, in order', () => {
    const { channel, scheduler, queue } = setUp();
    for (const text of ['one ', 'two ', 'three']) push(queue, text);
    assert.deepEqual(channel.text, []);
    assert.equal(queue.bytes, 13);
    assert.equal(scheduler.waiting.length, 1);
    scheduler.endTurn();
    assert.deepEqual(channel.text, ['one two three']);
    assert.equal(queue.bytes, 0);
  });

  test('slices that touch become one and are not copied', () => {
    const { channel, scheduler, queue } = setUp();
    const shared = Buffer.from('abcdef');
    queue.push(shared, 1, 3);
    queue.push(shared, 3, 5);
    scheduler.endTurn();
    assert.deepEqual(channel.text, ['bcde']);
    assert.equal(channel.written[0]?.buffer, shared.buffer);
  });

  test('slices of one buffer that do not touch, or run backwards, stay in their order', () => {
    const { channel, scheduler, queue } = setUp();
    const shared = Buffer.from('abcdef');
    queue.push(shared, 4, 6);
    queue.push(shared, 0, 2);
    queue.push(shared, 3, 4);
    scheduler.endTurn();
    assert.deepEqual(channel.text, ['efabd']);
  });

  test('a later turn is scheduled again', () => {
    const { channel, scheduler, queue } = setUp();
    for (const text of ['one', 'two']) {
      push(queue, text);
      scheduler.endTurn();
    }
    assert.deepEqual(channel.text, ['one', 'two']);
  });

  test('behind a refused write everything waits in a copy until the channel takes bytes again', () => {
    const { channel, scheduler, queue } = setUp();
    channel.slow = true;
    push(queue, 'refused but taken');
    scheduler.endTurn();
    assert.equal(queue.congested, true);
    const shared = Buffer.from('waits');
    queue.push(shared, 0, 5);
    scheduler.endTurn();
    push(queue, ' too');
    scheduler.endTurn();
    shared.fill('x');
    assert.equal(channel.written.length, 1);
    assert.equal(queue.bytes, 'refused but taken'.length + 'waits too'.length);

    queue.drained();
    assert.equal(queue.congested, true, 'the backlog is refused as well');
    channel.slow = false;
    channel.pendingBytes = 0;
    queue.drained();
    assert.equal(queue.congested, false);
    assert.equal(queue.bytes, 0);
    assert.deepEqual(channel.text, ['refused but taken', 'waits too']);
  });

  test('above its maximum it is not writable, and says when it is again', () => {
    const { scheduler, queue, announced } = setUp(5);
    push(queue, 'four');
    assert.equal(queue.writable, true);
    push(queue, '!');
    scheduler.endTurn();
    assert.equal(announced(), 0, 'nobody was told that it is full');
    push(queue, 'five!');
    assert.equal(queue.writable, false);
    scheduler.endTurn();
    assert.deepEqual([queue.writable, announced()], [true, 1]);
    push(queue, 'x');
    scheduler.endTurn();
    assert.equal(announced(), 1);
  });

  test('a slow peer makes room only by reading', () => {
    const { channel, scheduler, queue, announced } = setUp(5);
    channel.slow = true;
    push(queue, 'refused but taken');
    scheduler.endTurn();
    assert.equal(queue.writable, false);
    push(queue, 'x');
    scheduler.endTurn();
    assert.equal(announced(), 0);
    channel.slow = false;
    channel.pendingBytes = 0;
    queue.drained();
    assert.deepEqual([queue.writable, announced()], [true, 1]);
  });

  test('finish sends backlog and slices in order and takes nothing more', () => {
    const { channel, scheduler, queue } = setUp();
    channel.slow = true;
    push(queue, 'first ');
    scheduler.endTurn();
    push(queue, 'second ');
    scheduler.endTurn();
    push(queue, 'third');
    queue.finish();
    assert.equal(channel.text.join(''), 'first second third');
    push(queue, 'too late');
    scheduler.endTurn();
    assert.equal(channel.text.join(''), 'first second third');
  });

  test('discard forgets what was queued', () => {
    const { channel, scheduler, queue } = setUp();
    push(queue, 'gone');
    queue.discard();
    scheduler.endTurn();
    assert.deepEqual(channel.text, []);
    assert.equal(queue.bytes, 0);
  });
});
