import type {
  RetainedRecord,
  SessionContents,
  SessionStore,
  StoreWrite,
} from '../../src/stores/session-store.ts';
import { collected } from '../support/collected.ts';
import type { SessionStoreModel } from './session-store-model.ts';

/** One call of the port, as data. */
export type StoreCommand =
  | { readonly call: 'find'; readonly clientId: string }
  | { readonly call: 'claim' | 'load'; readonly clientId: string; readonly epoch: number }
  | {
      readonly call: 'readQueue';
      readonly clientId: string;
      readonly epoch: number;
      readonly after: number;
      readonly limit: number;
    }
  | { readonly call: 'write'; readonly batch: readonly StoreWrite[] }
  | { readonly call: 'sessions' | 'retained' };

/** Runs a command on a store. What has no order of its own is sorted, so that answers can be compared. */
export async function runOnStore(store: SessionStore, command: StoreCommand): Promise<unknown> {
  switch (command.call) {
    case 'sessions':
      return sortedSessions(await collected(store.sessions()));
    case 'retained':
      return sortedRetained(await collected(store.retained()));
    case 'load':
      return sortedContents(await store.load(command.clientId, command.epoch));
    case 'find':
      return store.find(command.clientId);
    case 'claim':
      return store.claim(command.clientId, command.epoch);
    case 'readQueue':
      return store.readQueue(command.clientId, command.epoch, command.after, command.limit);
    case 'write':
      return { stale: (await store.write(command.batch)).stale.toSorted() };
  }
}

/** The same on the model. */
export function runOnModel(model: SessionStoreModel, command: StoreCommand): unknown {
  switch (command.call) {
    case 'sessions':
      return sortedSessions(model.sessions());
    case 'retained':
      return sortedRetained(model.retained());
    case 'load':
      return sortedContents(model.load(command.clientId, command.epoch));
    case 'find':
      return model.find(command.clientId);
    case 'claim':
      return model.claim(command.clientId, command.epoch);
    case 'readQueue':
      return model.readQueue(command.clientId, command.epoch, command.after, command.limit);
    case 'write':
      return { stale: model.write(command.batch).stale.toSorted() };
  }
}

function sortedContents<Absent>(contents: SessionContents | Absent): unknown {
  if (typeof contents !== 'object' || contents === null || !('session' in contents)) return contents;
  return {
    ...contents,
    subscriptions: contents.subscriptions.toSorted((a, b) => (a.filter < b.filter ? -1 : 1)),
    inboundQos2: contents.inboundQos2.toSorted((a, b) => a - b),
  };
}

function sortedSessions(sessions: readonly SessionContents[]): unknown {
  return sessions
    .toSorted((a, b) => (a.session.clientId < b.session.clientId ? -1 : 1))
    .map((contents) => sortedContents(contents));
}

function sortedRetained(records: readonly RetainedRecord[]): unknown {
  return records.toSorted((a, b) => (a.message.topic < b.message.topic ? -1 : 1));
}
