import assert from 'node:assert/strict';
import type { SessionContents, SessionStore } from '../../src/stores/session-store.ts';

/** Declares a test that gets an empty store, which is closed behind it. */
export type StoreTest = (title: string, use: (store: SessionStore) => Promise<void>) => void;

/** The contents of a session that must be there, for its owner. */
export async function loaded(store: SessionStore, clientId: string, epoch: number): Promise<SessionContents> {
  const contents = await store.load(clientId, epoch);
  assert.ok(contents !== 'stale' && contents !== undefined);
  return contents;
}
