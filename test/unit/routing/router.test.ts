import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Subscription } from '../../../src/routing/router.ts';
import { Router } from '../../../src/routing/router.ts';

interface Owner {
  readonly name: string;
}

const alice: Owner = { name: 'alice' };
const bob: Owner = { name: 'bob' };

function subscription(
  owner: Owner,
  filter: string,
  options: Partial<Subscription<Owner>> = {},
): Subscription<Owner> {
  return { owner, filter, qos: 0, noLocal: false, retainAsPublished: false, ...options };
}

function newRouter(...subscriptions: readonly Subscription<Owner>[]): Router<Owner> {
  const router = new Router<Owner>({ routeCacheReceivers: 1000 });
  for (const one of subscriptions) router.subscribe(one);
  return router;
}

function receiverNames(router: Router<Owner>, topic: string): string[] {
  return router
    .route(topic)
    .receivers.map(({ owner }) => owner.name)
    .sort();
}

describe('Router', () => {
  it('merges the overlapping subscriptions of one owner into one receiver [MQTT-3.3.4-2] [MQTT-3.3.4-4]', () => {
    const router = newRouter(
      subscription(alice, 'a/b', { qos: 1, identifier: 1 }),
      subscription(alice, 'a/+', { qos: 2, identifier: 2, retainAsPublished: true }),
      subscription(alice, '#', { noLocal: true }),
      subscription(bob, 'a/#'),
    );
    const receivers = router
      .route('a/b')
      .receivers.toSorted((x, y) => (x.owner.name < y.owner.name ? -1 : 1));
    assert.deepEqual(
      receivers.map(({ owner, qos, identifiers, retainAsPublished, anyNoLocal }) => ({
        owner,
        qos,
        identifiers: identifiers.toSorted(),
        retainAsPublished,
        anyNoLocal,
      })),
      [
        { owner: alice, qos: 2, identifiers: [1, 2], retainAsPublished: true, anyNoLocal: true },
        { owner: bob, qos: 0, identifiers: [], retainAsPublished: false, anyNoLocal: false },
      ],
    );
  });

  it('replaces a subscription of equal owner, filter and group [MQTT-3.8.4-3]', () => {
    for (const filter of ['a/b', 'a/+']) {
      const router = newRouter(
        subscription(alice, filter, { identifier: 1 }),
        subscription(alice, filter, { group: 'g' }),
        subscription(bob, filter),
      );
      router.route('a/b');
      router.subscribe(subscription(alice, filter, { qos: 2 }));
      const replacement = subscription(alice, filter, { group: 'g', qos: 1 });
      router.subscribe(replacement);
      assert.equal(router.subscriptionCount, 3);
      const route = router.route('a/b');
      const receiver = route.receivers.find(({ owner }) => owner === alice);
      assert.deepEqual([receiver?.qos, receiver?.identifiers], [2, []]);
      assert.deepEqual(route.shared[0]?.members, [replacement]);
    }
  });

  it('returns the subscription it removes [MQTT-3.10.4-1], and undefined when there is none', () => {
    for (const filter of ['a/b', 'a/#', '+', '#']) {
      const plain = subscription(alice, filter);
      const shared = subscription(alice, filter, { group: 'g' });
      const router = newRouter(plain, shared, subscription(bob, filter));
      assert.equal(router.unsubscribe(alice, filter, 'h'), undefined);
      assert.equal(router.unsubscribe(alice, `${filter}x`), undefined);
      assert.equal(router.unsubscribe(alice, filter), plain);
      assert.equal(router.unsubscribe(alice, filter), undefined);
      assert.equal(router.unsubscribe(alice, filter, 'g'), shared);
      assert.equal(router.unsubscribe(alice, filter, 'g'), undefined);
      assert.equal(router.subscriptionCount, 1);
    }
  });

  it('gives each shared group its own delivery and keeps groups apart by filter [5.0 section 4.8.2]', () => {
    const router = newRouter(
      subscription(alice, 'a/b', { group: 'g' }),
      subscription(alice, 'a/+', { group: 'g' }),
      subscription(bob, 'a/+', { group: 'g' }),
      subscription(bob, 'a/+', { group: 'h' }),
      subscription(bob, 'a/+'),
      subscription(bob, 'x', { group: 'g' }),
    );
    const route = router.route('a/b');
    assert.deepEqual(
      route.shared.map(({ group, filter, members }) => [
        group,
        filter,
        members.map(({ owner }) => owner.name),
      ]),
      [
        ['g', 'a/b', ['alice']],
        ['g', 'a/+', ['alice', 'bob']],
        ['h', 'a/+', ['bob']],
      ],
    );
    assert.deepEqual(receiverNames(router, 'a/b'), ['bob']);
  });

  it('keeps the round robin position of a group over changes of the route', () => {
    const router = newRouter(subscription(alice, 'a', { group: 'g' }));
    const group = router.route('a').shared[0];
    assert.ok(group !== undefined);
    group.next = 41;
    router.subscribe(subscription(bob, '#'));
    router.subscribe(subscription(bob, 'a', { group: 'g' }));
    assert.equal(router.route('a').shared[0]?.next, 41);
    router.unsubscribe(alice, 'a', 'g');
    assert.equal(router.route('a').shared[0]?.next, 41);
  });

  it('shares one empty list among topics that nobody subscribed to', () => {
    const router = newRouter(subscription(alice, 'a'));
    const [first, second] = [router.route('x'), router.route('y')];
    assert.equal(first.receivers, second.receivers);
    assert.equal(first.shared, second.shared);
    assert.equal(first.receivers.length + first.shared.length, 0);
  });

  it('keeps $ topics from filters that begin with a wildcard [MQTT-4.7.2-1]', () => {
    const router = newRouter(
      subscription(alice, '#'),
      subscription(alice, '+/x'),
      subscription(alice, '+', { group: 'g' }),
      subscription(bob, '$SYS/#'),
    );
    assert.deepEqual(receiverNames(router, '$SYS/x'), ['bob']);
    assert.equal(router.route('$SYS').shared.length, 0);
    assert.deepEqual(receiverNames(router, 'SYS/x'), ['alice']);
  });

  it('stands filters and topics with as many levels as fit in a packet', () => {
    const levels = 32_768;
    const filter = Array(levels).fill('+').join('/');
    const router = newRouter(subscription(alice, filter), subscription(bob, `${filter}/#`));
    assert.deepEqual(receiverNames(router, '/'.repeat(levels - 1)), ['alice', 'bob']);
    assert.deepEqual(receiverNames(router, '/'.repeat(levels - 2)), []);
    assert.notEqual(router.unsubscribe(alice, filter), undefined);
    assert.deepEqual(receiverNames(router, '/'.repeat(levels - 1)), ['bob']);
  });
});

describe('Router.isCurrent', () => {
  /** Filters whose changes concern the topic a/b. */
  const concerning = ['a/b', 'a/+', 'a/b/#', 'a/#', '#', '+/b', '+/+', '+/#', '+/+/#'];
  /** Filters whose changes leave its route alone; hashes of these do not fall together. */
  const unrelated = ['a', 'a/c', 'a/b/c', 'a/c/#', 'a/c/+', 'b/#', 'a/b/c/+', '/a/b', 'ab/+', '$SYS/#'];

  it('ends with every change of a filter that matches, for routes held and routes cached', () => {
    for (const filter of concerning) {
      const router = newRouter();
      const changes = [
        () => router.subscribe(subscription(alice, filter)),
        () => router.subscribe(subscription(alice, filter, { qos: 1 })),
        () => router.subscribe(subscription(bob, filter, { group: 'g' })),
        () => router.unsubscribe(bob, filter, 'g'),
        () => router.unsubscribe(alice, filter),
      ];
      for (const change of changes) {
        router.route('a/b');
        const held = router.route('a/b');
        assert.ok(router.isCurrent(held));
        change();
        assert.ok(!router.isCurrent(held), filter);
        assert.notEqual(router.route('a/b'), held);
        assert.ok(!router.isCurrent(held), 'a route never becomes current again');
      }
    }
  });

  it('outlasts changes elsewhere', () => {
    const router = newRouter(subscription(alice, 'a/b'));
    router.route('a/b');
    const held = router.route('a/b');
    for (const filter of unrelated) {
      router.subscribe(subscription(bob, filter));
      router.unsubscribe(bob, filter);
      assert.ok(router.isCurrent(held), filter);
      assert.equal(router.route('a/b'), held);
    }
  });

  it('outlasts an UNSUBSCRIBE that removed nothing', () => {
    const router = newRouter();
    const held = router.route('a/b');
    for (const filter of concerning) router.unsubscribe(alice, filter);
    assert.ok(router.isCurrent(held));
  });
});
