import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { SessionStore } from '../../src/stores/session-store.ts';
import { StoreError } from '../../src/stores/session-store.ts';
import { collected } from '../support/collected.ts';
import { contentTests, queueTests } from './session-content-tests.ts';
import { batchTests, epochTests } from './session-ownership-tests.ts';
import { storeCommands } from './session-store-arbitraries.ts';
import { runOnModel, runOnStore } from './session-store-commands.ts';
import { SessionStoreModel } from './session-store-model.ts';

const RUNS = { seed: 20_260_101, numRuns: 100 };

/** What every session store keeps. `open` gives an empty store; the suite closes it. */
export function sessionStoreSuite(name: string, open: () => Promise<SessionStore>): void {
  const withStore = async (use: (store: SessionStore) => Promise<void>): Promise<void> => {
    const store = await open();
    try {
      await use(store);
    } finally {
      await store.close();
    }
  };
  /** A test with an empty store. */
  const test = (title: string, use: (store: SessionStore) => Promise<void>): void => {
    it(title, () => withStore(use));
  };

  describe(`session store: ${name}`, () => {
    describe('epochs', () => epochTests(test));
    describe('batches', () => batchTests(test));
    describe('contents', () => contentTests(test));
    describe('queue', () => queueTests(test));
    describe('against the model', () => modelTests(withStore));

    it('rejects every call after close', async () => {
      const store = await open();
      await store.close();
      await assert.rejects(store.write([]), StoreError);
      await assert.rejects(store.claim('a', 1), StoreError);
      await assert.rejects(store.find('a'), StoreError);
      await assert.rejects(store.load('a', 1), StoreError);
      await assert.rejects(store.readQueue('a', 1, 0, 1), StoreError);
      await assert.rejects(collected(store.sessions()), StoreError);
      await assert.rejects(collected(store.retained()), StoreError);
    });
  });
}

function modelTests(withStore: (use: (store: SessionStore) => Promise<void>) => Promise<void>): void {
  it('answers as the model does, call by call', async () => {
    await fc.assert(
      fc.asyncProperty(storeCommands, (commands) =>
        withStore(async (store) => {
          const model = new SessionStoreModel();
          for (const command of commands) {
            assert.deepEqual(await runOnStore(store, command), runOnModel(model, command));
          }
        }),
      ),
      RUNS,
    );
  });

  it('answers as the model does when nobody waits for answers', async () => {
    await fc.assert(
      fc.asyncProperty(storeCommands, (commands) =>
        withStore(async (store) => {
          const model = new SessionStoreModel();
          const calls = commands.filter(({ call }) => call !== 'sessions' && call !== 'retained');
          const answers = calls.map((command) => runOnStore(store, command));
          const expected = calls.map((command) => structuredClone(runOnModel(model, command)));
          assert.deepEqual(structuredClone(await Promise.all(answers)), expected);
          for (const call of ['sessions', 'retained'] as const) {
            assert.deepEqual(await runOnStore(store, { call }), runOnModel(model, { call }));
          }
        }),
      ),
      RUNS,
    );
  });
}
