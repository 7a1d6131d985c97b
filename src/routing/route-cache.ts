import type { Route } from './route.ts';
import { hashText } from './topic-hash.ts';

const SEEN_SLOTS = 2 ** 16;

/**
 * Routes of hot topics in two halves: routes enter the young half; when it is full it becomes the old one and what was
 * old is dropped. A route that is used while old returns to the young half. A topic is admitted the second time it is
 * offered, so that a flood of topics used once leaves the hot ones in place.
 */
export class RouteCache<Owner> {
  readonly #weightOfHalf: number;
  #young = new Map<string, Route<Owner>>();
  #old = new Map<string, Route<Owner>>();
  #youngWeight = 0;
  /** Hashes of topics offered lately, each in a slot of its own hash. */
  readonly #seen = new Uint32Array(SEEN_SLOTS);

  /** @param receivers bound over both halves, where each topic counts as one receiver more. */
  constructor(receivers: number) {
    this.#weightOfHalf = Math.floor(receivers / 2);
  }

  /** Number of cached topics. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(topic: string): Route<Owner> | undefined {
    const young = this.#young.get(topic);
    if (young !== undefined) return young;
    const old = this.#old.get(topic);
    if (old === undefined) return undefined;
    this.#old.delete(topic);
    this.#insert(old);
    return old;
  }

  /** Takes the route in if its topic was offered before and it fits in one half. An outdated one goes in any case. */
  offer(route: Route<Owner>): void {
    this.forget(route.topic);
    if (weightOf(route) <= this.#weightOfHalf && this.#seenBefore(route.topic)) this.#insert(route);
  }

  forget(topic: string): void {
    const young = this.#young.get(topic);
    if (young !== undefined) this.#youngWeight -= weightOf(young);
    this.#young.delete(topic);
    this.#old.delete(topic);
  }

  #insert(route: Route<Owner>): void {
    if (this.#youngWeight + weightOf(route) > this.#weightOfHalf) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(route.topic, route);
    this.#youngWeight += weightOf(route);
  }

  #seenBefore(topic: string): boolean {
    const hash = hashText(topic) >>> 0;
    const slot = hash % SEEN_SLOTS;
    if (this.#seen[slot] === hash) return true;
    this.#seen[slot] = hash;
    return false;
  }
}

function weightOf(route: Route<unknown>): number {
  return 1 + route.receivers.length + route.shared.length;
}
