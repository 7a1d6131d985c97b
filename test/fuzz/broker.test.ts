import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composeBroker } from '../../src/compose.ts';
import { events } from '../../src/observability/events.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { MemorySessionStore } from '../../src/stores/memory/memory-session-store.ts';
import { loaded } from '../support/broker-in-process.ts';
import { startBroker } from '../support/broker-process.ts';
import { DelayingSessionStore } from '../support/delaying-session-store.ts';
import { fuzzedBroker } from './support/fuzz-connection.ts';
import { fuzz, processTarget } from './support/fuzz-run.ts';

const connections = 1_500;
const reached = ['session_taken_over', 'publish_denied', 'subscribe_denied', 'protocol_violation'];

test(`${connections} connections that mostly make sense break no rule of the broker`, async (t) => {
  const broker = await startBroker(t, fuzzedBroker);
  const { pid } = broker;
  await fuzz(processTarget(broker), 1, (begun) => begun < connections);
  assert.equal(broker.pid, pid);
  const seen = new Set(broker.logs().map(({ event }) => event));
  for (const event of reached) assert.ok(seen.has(event), `no connection came as far as ${event}`);
});

test(`nor do ${connections} when the store is slow and answers at random times`, async (t) => {
  const seen = new Set<string>();
  const errors: unknown[] = [];
  const running = await composeBroker(loaded(fuzzedBroker), {
    clock: systemClock,
    random: systemRandom,
    version: '0.0.0-test',
    store: new DelayingSessionStore(new MemorySessionStore(), { clock: systemClock, seed: 1 }),
    log: (event, fields) => {
      seen.add(event);
      if (events[event].level === 'error') errors.push([event, fields]);
    },
  });
  t.after(() => running.stop());
  const target = {
    listener: (name: string) => {
      const listener = running.listeners.find((one) => one.name === name);
      assert.ok(listener);
      return listener;
    },
    errors: () => errors,
  };
  await fuzz(target, 1_000_000, (begun) => begun < connections);
  for (const event of reached) assert.ok(seen.has(event), `no connection came as far as ${event}`);
});
