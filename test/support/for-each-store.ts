import { describe, test } from 'node:test';
import { systemClock } from '../../src/runtime/clock.ts';
import { MemorySessionStore } from '../../src/stores/memory/memory-session-store.ts';
import type { SessionStore } from '../../src/stores/session-store.ts';
import type { BrokerKeys } from './broker-in-process.ts';
import { BrokerInProcess } from './broker-in-process.ts';
import { DelayingSessionStore } from './delaying-session-store.ts';
import { FakeClock } from './fake-clock.ts';
import { HeldSessionStore } from './held-session-store.ts';

const SEED = 20_260_101;

/** The stores that the conformance suite passes over: an answer at once, and one at random times (seeded). */
const openStores: Readonly<Record<string, () => SessionStore>> = {
  memory: () => new MemorySessionStore(),
  delaying: () => new DelayingSessionStore(new MemorySessionStore(), { clock: systemClock, seed: SEED }),
};

/** Declares a test that gets a broker of its own. */
export interface BrokerTest {
  (title: string, use: (broker: BrokerInProcess) => Promise<void>): void;
  (title: string, keys: BrokerKeys, use: (broker: BrokerInProcess) => Promise<void>): void;
  /** The same with a clock that the test moves. The store keeps to real time. */
  timed(
    title: string,
    keys: BrokerKeys,
    use: (broker: BrokerInProcess, clock: FakeClock) => Promise<void>,
  ): void;
  /** The same with a store whose answers the test may withhold. */
  held(
    title: string,
    keys: BrokerKeys,
    use: (broker: BrokerInProcess, store: HeldSessionStore, clock: FakeClock) => Promise<void>,
  ): void;
}

/** Declares the tests of one section once for every store. */
export function forEachStore(section: string, declare: (brokerTest: BrokerTest) => void): void {
  for (const [name, openStore] of Object.entries(openStores)) {
    describe(`${section} (${name} store)`, () => declare(testsOver(openStore)));
  }
}

function testsOver(openStore: () => SessionStore): BrokerTest {
  const plain = (
    title: string,
    ...rest:
      | [(broker: BrokerInProcess) => Promise<void>]
      | [BrokerKeys, (broker: BrokerInProcess) => Promise<void>]
  ): void => {
    const [keys, use] = rest.length === 1 ? [{}, rest[0]] : rest;
    test(title, async (context) => {
      await use(await BrokerInProcess.start(context, { ...keys, store: openStore() }));
    });
  };
  const timed: BrokerTest['timed'] = (title, keys, use) => {
    test(title, async (context) => {
      const clock = new FakeClock();
      await use(await BrokerInProcess.start(context, { ...keys, store: openStore(), clock }), clock);
    });
  };
  const held: BrokerTest['held'] = (title, keys, use) => {
    test(title, async (context) => {
      const clock = new FakeClock();
      const store = new HeldSessionStore(openStore());
      await use(await BrokerInProcess.start(context, { ...keys, store, clock }), store, clock);
    });
  };
  return Object.assign(plain, { timed, held });
}
