import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreWriter } from '../../../src/session/store-writer.ts';
import { MemorySessionStore } from '../../../src/stores/memory/memory-session-store.ts';
import type { SessionStore, StoreWrite } from '../../../src/stores/session-store.ts';
import { StoreError } from '../../../src/stores/session-store.ts';
import { HeldSessionStore } from '../../support/held-session-store.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Notes the batches that reach a store. */
class CountedStore extends HeldSessionStore {
  readonly batches: number[] = [];

  override write(batch: readonly StoreWrite[]): ReturnType<SessionStore['write']> {
    this.batches.push(batch.length);
    return super.write(batch);
  }
}

interface SetUp {
  readonly store: CountedStore;
  readonly writer: StoreWriter;
  readonly stale: string[];
  /** What callbacks threw. */
  readonly errors: unknown[];
  /** What callbacks said, in order. */
  readonly told: string[];
  write(clientId: string, epoch?: number): void;
  /** A callback that notes its name, and the error if there is one. */
  noted(name: string): (error?: Error) => void;
}

function setUp(): SetUp {
  const store = new CountedStore(new MemorySessionStore());
  const stale: string[] = [];
  const told: string[] = [];
  const errors: unknown[] = [];
  const writer = new StoreWriter(
    store,
    (clientId) => stale.push(clientId),
    (error) => errors.push(error),
  );
  return {
    store,
    writer,
    stale,
    errors,
    told,
    write: (clientId, epoch = 1) => writer.add({ kind: 'delete-will', clientId, epoch }),
    noted: (name) => (error) => told.push(error === undefined ? name : `${name}: ${error.message}`),
  };
}

describe('store writer', () => {
  test('all writes of a turn go as one batch', async () => {
    const { store, writer, write } = setUp();
    for (const clientId of ['a', 'b', 'c']) write(clientId);
    assert.deepEqual(store.batches, []);
    await writer.durable();
    assert.deepEqual(store.batches, [3]);
  });

  test('a callback that throws keeps no other from its turn', async () => {
    const { writer, errors, told, write, noted } = setUp();
    const mishap = new Error('mishap');
    write('a');
    writer.whenDurable(() => {
      throw mishap;
    });
    writer.whenDurable(noted('after it'));
    await writer.durable();
    assert.deepEqual(told, ['after it']);
    assert.deepEqual(errors, [mishap]);
  });

  test('with nothing to wait for it calls back at once', () => {
    const { writer, told, noted } = setUp();
    writer.whenDurable(noted('now'));
    assert.deepEqual(told, ['now']);
  });

  test('what comes while the store is busy goes as the next batch, and callbacks keep their order', async () => {
    const { store, writer, told, write, noted } = setUp();
    const held = store.hold('write');
    write('a');
    writer.whenDurable(noted('a'));
    await held.reached;
    writer.whenDurable(noted('behind a'));
    for (let count = 0; count < 5; count++) {
      write('b');
      writer.whenDurable(noted(`b${count}`));
      await turn();
    }
    assert.deepEqual(store.batches, [1]);
    assert.deepEqual(told, []);
    held.release();
    await writer.durable();
    assert.deepEqual(store.batches, [1, 5]);
    assert.deepEqual(told, ['a', 'behind a', 'b0', 'b1', 'b2', 'b3', 'b4']);
  });

  test('submit hands over now; answers that overtake each other are told in order', async () => {
    const { store, writer, told, write, noted } = setUp();
    const held = store.hold('write');
    write('a');
    writer.whenDurable(noted('a'));
    writer.submit();
    write('b');
    writer.whenDurable(noted('b'));
    writer.submit();
    assert.deepEqual(store.batches, [1, 1]);
    await held.reached;
    await turn();
    assert.deepEqual(told, []);
    held.release();
    await writer.durable();
    assert.deepEqual(told, ['a', 'b']);
  });

  test('submit with nothing gathered writes nothing', () => {
    const { store, writer } = setUp();
    writer.submit();
    assert.deepEqual(store.batches, []);
  });

  test('a failure is told to those who wait for that batch, and to no others', async () => {
    const { store, writer, told, write, noted } = setUp();
    store.fail('write', new StoreError('full'));
    write('a');
    writer.whenDurable(noted('a'));
    await assert.rejects(writer.durable(), /full/);
    write('b');
    writer.whenDurable(noted('b'));
    await writer.durable();
    assert.deepEqual(told, ['a: full', 'b']);
  });

  test('sessions that another owner has claimed are named before the callbacks', async () => {
    const { store, writer, stale, told, write, noted } = setUp();
    await store.claim('mine', 1);
    await store.claim('lost', 2);
    write('mine');
    write('lost', 1);
    writer.whenDurable((error) => {
      assert.deepEqual(stale, ['lost']);
      noted('done')(error);
    });
    await writer.durable();
    assert.deepEqual(told, ['done']);
  });

  test('what a callback adds is written too', async () => {
    const { store, writer, told, write, noted } = setUp();
    write('a');
    writer.whenDurable(() => {
      write('b');
      writer.whenDurable(noted('b'));
    });
    await writer.durable();
    await writer.durable();
    assert.deepEqual(store.batches, [1, 1]);
    assert.deepEqual(told, ['b']);
  });
});
