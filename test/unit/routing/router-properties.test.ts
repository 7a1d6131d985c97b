import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { matchesFilter } from '../../../src/routing/filter.ts';
import type { Route, Subscription } from '../../../src/routing/router.ts';
import { Router } from '../../../src/routing/router.ts';
import { topicFilter, topicName } from './topic-arbitraries.ts';

type Command =
  | { readonly kind: 'subscribe'; readonly subscription: Subscription<string> }
  | {
      readonly kind: 'unsubscribe';
      readonly owner: string;
      readonly filter: string;
      readonly group: string | undefined;
    }
  | { readonly kind: 'route'; readonly topic: string };

const owner = fc.constantFrom('alice', 'bob', 'carol');
const group = fc.constantFrom(undefined, undefined, 'g', 'h');

const subscription: fc.Arbitrary<Subscription<string>> = fc
  .record({
    owner,
    filter: topicFilter,
    group,
    qos: fc.constantFrom(0, 1, 2),
    noLocal: fc.boolean(),
    retainAsPublished: fc.boolean(),
    identifier: fc.constantFrom(undefined, 1, 2),
  })
  .map(({ group: name, identifier, ...rest }) => ({
    ...rest,
    ...(name === undefined ? {} : { group: name }),
    ...(identifier === undefined ? {} : { identifier }),
  }));

/** Few filters and topics in one run, used again and again, so that the cache is hit between changes. */
const commands: fc.Arbitrary<Command[]> = fc
  .record({
    subscriptions: fc.array(subscription, { minLength: 1, maxLength: 8 }),
    topics: fc.array(topicName, { minLength: 1, maxLength: 4 }),
  })
  .chain(({ subscriptions, topics }) => {
    const chosen = fc.constantFrom(...subscriptions);
    const command: fc.Arbitrary<Command> = fc.oneof(
      { weight: 2, arbitrary: chosen.map((one) => ({ kind: 'subscribe', subscription: one }) as const) },
      {
        weight: 1,
        arbitrary: chosen.map(
          ({ owner: who, filter, group: name }) =>
            ({ kind: 'unsubscribe', owner: who, filter, group: name }) as const,
        ),
      },
      {
        weight: 4,
        arbitrary: fc.constantFrom(...topics).map((topic) => ({ kind: 'route', topic }) as const),
      },
    );
    return fc.array(command, { minLength: 10, maxLength: 60 });
  });

/** The router by definition: a list of subscriptions. */
class NaiveRouter {
  #subscriptions: Subscription<string>[] = [];

  get count(): number {
    return this.#subscriptions.length;
  }

  subscribe(added: Subscription<string>): void {
    this.unsubscribe(added.owner, added.filter, added.group);
    this.#subscriptions.push(added);
  }

  unsubscribe(who: string, filter: string, name: string | undefined): Subscription<string> | undefined {
    const found = this.#subscriptions.find(
      (one) => one.owner === who && one.filter === filter && one.group === name,
    );
    this.#subscriptions = this.#subscriptions.filter((one) => one !== found);
    return found;
  }

  matching(topic: string): Subscription<string>[] {
    return this.#subscriptions.filter(({ filter }) => matchesFilter(filter, topic));
  }
}

describe('Router against the definition', () => {
  it('routes as a list of subscriptions does, while they come and go', () => {
    fc.assert(
      fc.property(commands, (script) => {
        const router = new Router<string>({ routeCacheReceivers: 1000 });
        const naive = new NaiveRouter();
        const held = new Map<string, Route<string>>();
        for (const command of script) {
          run(command, router, naive, held);
          assert.equal(router.subscriptionCount, naive.count);
          for (const route of held.values()) {
            if (router.isCurrent(route)) assertRoute(route, naive.matching(route.topic));
          }
        }
      }),
      { seed: 3, numRuns: 1500 },
    );
  });

  it('does so with a cache that keeps turning over', () => {
    const manyTopics = fc.array(topicName, { minLength: 50, maxLength: 100 });
    fc.assert(
      fc.property(fc.array(subscription, { maxLength: 30 }), manyTopics, (subscriptions, topics) => {
        const router = new Router<string>({ routeCacheReceivers: 12 });
        const naive = new NaiveRouter();
        for (const [index, topic] of [...topics, ...topics, ...topics].entries()) {
          const added = subscriptions[index];
          if (added !== undefined) {
            router.subscribe(added);
            naive.subscribe(added);
          }
          assertRoute(router.route(topic), naive.matching(topic));
        }
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it('is empty again once every subscription has gone', () => {
    fc.assert(
      fc.property(fc.array(subscription, { maxLength: 20 }), topicName, (subscriptions, topic) => {
        const router = new Router<string>({ routeCacheReceivers: 1000 });
        for (const one of subscriptions) router.subscribe(one);
        router.route(topic);
        for (const one of subscriptions) router.unsubscribe(one.owner, one.filter, one.group);
        assert.equal(router.subscriptionCount, 0);
        assertRoute(router.route(topic), []);
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});

function run(
  command: Command,
  router: Router<string>,
  naive: NaiveRouter,
  held: Map<string, Route<string>>,
): void {
  switch (command.kind) {
    case 'subscribe':
      router.subscribe(command.subscription);
      naive.subscribe(command.subscription);
      return;
    case 'unsubscribe': {
      const { owner: who, filter, group: name } = command;
      assert.equal(router.unsubscribe(who, filter, name), naive.unsubscribe(who, filter, name));
      return;
    }
    case 'route': {
      const route = router.route(command.topic);
      assert.ok(router.isCurrent(route));
      assertRoute(route, naive.matching(command.topic));
      held.set(command.topic, route);
    }
  }
}

/** The route has exactly the given subscriptions: plain ones by owner, shared ones by group and filter. */
function assertRoute(route: Route<string>, expected: readonly Subscription<string>[]): void {
  const owners = route.receivers.map((receiver) => receiver.owner);
  assert.equal(new Set(owners).size, owners.length, 'one receiver for each owner');
  for (const { owner: who, subscriptions, qos } of route.receivers) {
    assert.ok(subscriptions.every((one) => one.owner === who));
    assert.equal(qos, Math.max(...subscriptions.map((one) => one.qos)));
  }
  for (const { group: name, filter, members } of route.shared) {
    assert.ok(members.length > 0);
    assert.ok(members.every((one) => one.group === name && one.filter === filter));
  }
  const groups = route.shared.map(({ group: name, filter }) => `${name} ${filter}`);
  assert.equal(new Set(groups).size, groups.length, 'one delivery for each group');
  const routed = [
    ...route.receivers.flatMap(({ subscriptions }) => subscriptions),
    ...route.shared.flatMap(({ members }) => members),
  ];
  assert.equal(routed.length, expected.length);
  // The very objects, not equal ones: a replaced subscription must not linger.
  assert.deepEqual(new Set(routed), new Set(expected));
  for (const one of routed) assert.ok(expected.includes(one));
}
