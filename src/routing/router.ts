import { hasWildcard } from './filter.ts';
import { mergeReceivers, Route } from './route.ts';
import { RouteCache } from './route-cache.ts';
import type { SharedGroup, Subscription } from './subscription.ts';
import { FilterSubscriptions } from './subscription.ts';
import { SubscriptionTree } from './subscription-tree.ts';
import { TopicGenerations } from './topic-generations.ts';

export { Receiver, Route, withoutNoLocal } from './route.ts';
export type { SharedGroup, Subscription } from './subscription.ts';

const NO_GROUPS: readonly never[] = [];

/**
 * Subscriptions of all owners and the routes of topics. Pure: filters are expected valid (`parseFilter`), owners are
 * told apart by identity.
 */
export class Router<Owner> {
  /** Filters without wildcards are found by the topic itself. */
  readonly #exact = new Map<string, FilterSubscriptions<Owner>>();
  readonly #wildcards = new SubscriptionTree<Owner>();
  readonly #generations = new TopicGenerations();
  readonly #cache: RouteCache<Owner>;
  #subscriptionCount = 0;

  /** @param limits `routeCacheReceivers`: receivers in all cached routes, each cached topic counting as one more. */
  constructor(limits: { readonly routeCacheReceivers: number }) {
    this.#cache = new RouteCache(limits.routeCacheReceivers);
  }

  get subscriptionCount(): number {
    return this.#subscriptionCount;
  }

  /** Adds a subscription; one with equal owner, filter and group is replaced. */
  subscribe(subscription: Subscription<Owner>): void {
    const { filter } = subscription;
    const previous = hasWildcard(filter) ? this.#wildcards.put(subscription) : this.#putExact(subscription);
    if (previous === undefined) this.#subscriptionCount += 1;
    this.#changed(filter);
  }

  /** Removes and returns a subscription, or undefined when there is none such. */
  unsubscribe(owner: Owner, filter: string, group?: string): Subscription<Owner> | undefined {
    const removed = hasWildcard(filter)
      ? this.#wildcards.remove(owner, filter, group)
      : this.#removeExact(owner, filter, group);
    if (removed === undefined) return undefined;
    this.#subscriptionCount -= 1;
    this.#changed(filter);
    return removed;
  }

  /** Who gets the messages of a topic name. Fast for topics asked before. */
  route(topic: string): Route<Owner> {
    const cached = this.#cache.get(topic);
    if (cached !== undefined && this.isCurrent(cached)) return cached;
    const route = this.#findRoute(topic);
    this.#cache.offer(route);
    return route;
  }

  /** Whether the route is still what `route(route.topic)` would say; one comparison while no subscription changes. */
  isCurrent(route: Route<Owner>): boolean {
    return route.checkedAt === this.#generations.changes || this.#recheck(route);
  }

  #recheck(route: Route<Owner>): boolean {
    if (this.#generations.stamp(route.topic) !== route.stamp) return false;
    route.checkedAt = this.#generations.changes;
    return true;
  }

  #findRoute(topic: string): Route<Owner> {
    const matching: FilterSubscriptions<Owner>[] = [];
    const exact = this.#exact.get(topic);
    if (exact !== undefined) matching.push(exact);
    this.#wildcards.collect(topic, matching);

    const plain: Subscription<Owner>[] = [];
    const shared: SharedGroup<Owner>[] = [];
    for (const subscriptions of matching) {
      subscriptions.collectPlain(plain);
      subscriptions.collectShared(shared);
    }
    const receivers = mergeReceivers(plain, matching.length === 1);
    const groups = shared.length === 0 ? NO_GROUPS : shared;
    return new Route(topic, receivers, groups, this.#generations.stamp(topic), this.#generations.changes);
  }

  #putExact(subscription: Subscription<Owner>): Subscription<Owner> | undefined {
    let subscriptions = this.#exact.get(subscription.filter);
    if (subscriptions === undefined) {
      subscriptions = new FilterSubscriptions();
      this.#exact.set(subscription.filter, subscriptions);
    }
    return subscriptions.put(subscription);
  }

  #removeExact(owner: Owner, filter: string, group: string | undefined): Subscription<Owner> | undefined {
    const subscriptions = this.#exact.get(filter);
    const removed = subscriptions?.remove(owner, group);
    if (subscriptions?.isEmpty) this.#exact.delete(filter);
    return removed;
  }

  #changed(filter: string): void {
    this.#generations.bump(filter);
    // Frees at once what a leaver's route holds on to; a wildcard's routes go when their topic is next asked for.
    if (!hasWildcard(filter)) this.#cache.forget(filter);
  }
}
