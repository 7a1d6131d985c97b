import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Receiver, Route } from '../../../src/routing/route.ts';
import { RouteCache } from '../../../src/routing/route-cache.ts';

const subscription = { owner: 'o', filter: '#', qos: 0, noLocal: false, retainAsPublished: false } as const;

function routeOf(topic: string, receivers = 0): Route<string> {
  return new Route(
    topic,
    Array.from({ length: receivers }, () => new Receiver([subscription])),
    [],
    0,
    0,
  );
}

/** Offers a topic as often as it takes. */
function admit(cache: RouteCache<string>, route: Route<string>): void {
  cache.offer(route);
  cache.offer(route);
}

describe('RouteCache', () => {
  it('admits a topic the second time it is offered', () => {
    const cache = new RouteCache<string>(1000);
    const route = routeOf('a');
    cache.offer(route);
    assert.equal(cache.get('a'), undefined);
    cache.offer(route);
    assert.equal(cache.get('a'), route);
  });

  it('replaces an outdated route at once', () => {
    const cache = new RouteCache<string>(1000);
    admit(cache, routeOf('a'));
    const newer = routeOf('a', 3);
    cache.offer(newer);
    assert.equal(cache.get('a'), newer);
    assert.equal(cache.size, 1);
  });

  it('counts a route once however often it is replaced', () => {
    const cache = new RouteCache<string>(100);
    admit(cache, routeOf('a'));
    admit(cache, routeOf('b'));
    for (let index = 0; index < 1000; index += 1) cache.offer(routeOf('a', index % 40));
    assert.equal(cache.size, 2);
  });

  it('keeps hot topics through a flood of topics used once', () => {
    const cache = new RouteCache<string>(1000);
    const hot = routeOf('hot', 100);
    admit(cache, hot);
    for (let index = 0; index < 10_000; index += 1) cache.offer(routeOf(`once/${index}`));
    assert.equal(cache.get('hot'), hot);
    assert.ok(cache.size < 10, `${cache.size} topics`);
  });

  it('keeps what is used and drops what is not when many topics are hot', () => {
    const cache = new RouteCache<string>(1000);
    admit(cache, routeOf('used'));
    admit(cache, routeOf('unused'));
    for (let index = 0; index < 2000; index += 1) {
      admit(cache, routeOf(`topic/${index}`));
      assert.notEqual(cache.get('used'), undefined);
    }
    assert.equal(cache.get('unused'), undefined);
  });

  it('stays within its bound, in topics and in receivers', () => {
    for (const receivers of [0, 9]) {
      const cache = new RouteCache<string>(1000);
      for (let index = 0; index < 5000; index += 1) {
        admit(cache, routeOf(`topic/${index}`, receivers));
        cache.get(`topic/${index - 60}`);
        assert.ok(cache.size * (1 + receivers) <= 1000);
      }
      assert.ok(cache.size * (1 + receivers) > 400);
    }
  });

  it('does not keep a route that is larger than one half', () => {
    const cache = new RouteCache<string>(1000);
    admit(cache, routeOf('a'));
    admit(cache, routeOf('large', 500));
    assert.equal(cache.get('large'), undefined);
    admit(cache, routeOf('fits', 499));
    assert.notEqual(cache.get('fits'), undefined);
    cache.offer(routeOf('a', 500));
    assert.equal(cache.get('a'), undefined, 'nor its outdated predecessor');
  });

  it('forgets a topic in either half', () => {
    const cache = new RouteCache<string>(10);
    for (const topic of ['a', 'b', 'c', 'd', 'e', 'f']) admit(cache, routeOf(topic));
    assert.equal(cache.size, 6);
    cache.forget('a');
    cache.forget('f');
    cache.forget('never cached');
    assert.equal(cache.size, 4);
    assert.equal(cache.get('a'), undefined);
    assert.equal(cache.get('f'), undefined);
  });
});
