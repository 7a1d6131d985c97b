import type { Subscription } from './subscription.ts';
import { FilterSubscriptions } from './subscription.ts';
import { isSystemTopic } from './topic.ts';

/** The place behind some levels of a filter. */
class TreeNode<Owner> {
  literals: Map<string, TreeNode<Owner>> | undefined;
  plus: TreeNode<Owner> | undefined;
  /** Subscriptions of the filter that ends here. */
  here: FilterSubscriptions<Owner> | undefined;
  /** Subscriptions of the filter that goes on with `#` from here. */
  rest: FilterSubscriptions<Owner> | undefined;

  get isEmpty(): boolean {
    return (
      this.literals === undefined &&
      this.plus === undefined &&
      this.here === undefined &&
      this.rest === undefined
    );
  }

  child(level: string): TreeNode<Owner> | undefined {
    return level === '+' ? this.plus : this.literals?.get(level);
  }

  childOrNew(level: string): TreeNode<Owner> {
    const existing = this.child(level);
    if (existing !== undefined) return existing;
    const created = new TreeNode<Owner>();
    if (level === '+') {
      this.plus = created;
    } else {
      this.literals ??= new Map();
      this.literals.set(level, created);
    }
    return created;
  }

  detach(level: string): void {
    if (level === '+') {
      this.plus = undefined;
    } else {
      this.literals?.delete(level);
      if (this.literals?.size === 0) this.literals = undefined;
    }
  }
}

/**
 * Subscriptions in a tree over the levels of their filters. Nothing here recurses: filters may have tens of thousands
 * of levels.
 */
export class SubscriptionTree<Owner> {
  /** [MQTT-4.7.2-1] filters that begin with `$` live apart, so a leading wildcard cannot meet a `$` topic. */
  readonly #system = new TreeNode<Owner>();
  readonly #ordinary = new TreeNode<Owner>();

  /** Adds a subscription, or replaces its owner's previous one, which is returned. */
  put(subscription: Subscription<Owner>): Subscription<Owner> | undefined {
    const { levels, ending } = partsOf(subscription.filter);
    let node = this.#rootOf(subscription.filter);
    for (const level of levels) node = node.childOrNew(level);
    node[ending] ??= new FilterSubscriptions();
    return node[ending].put(subscription);
  }

  remove(owner: Owner, filter: string, group: string | undefined): Subscription<Owner> | undefined {
    const { levels, ending } = partsOf(filter);
    const path = [this.#rootOf(filter)];
    for (const level of levels) {
      const child = path.at(-1)?.child(level);
      if (child === undefined) return undefined;
      path.push(child);
    }
    const node = path.at(-1);
    const removed = node?.[ending]?.remove(owner, group);
    if (node?.[ending]?.isEmpty) {
      node[ending] = undefined;
      prune(path, levels);
    }
    return removed;
  }

  /** Appends the subscriptions of every filter that matches the topic, following only branches that exist. */
  collect(topic: string, into: FilterSubscriptions<Owner>[]): void {
    let nodes = [this.#rootOf(topic)];
    for (let start = 0; start !== -1 && nodes.length > 0; ) {
      const slash = topic.indexOf('/', start);
      const level = slash === -1 ? topic.slice(start) : topic.slice(start, slash);
      const next: TreeNode<Owner>[] = [];
      for (const node of nodes) {
        if (node.rest !== undefined) into.push(node.rest);
        const literal = node.literals?.get(level);
        if (literal !== undefined) next.push(literal);
        if (node.plus !== undefined) next.push(node.plus);
      }
      nodes = next;
      start = slash === -1 ? -1 : slash + 1;
    }
    for (const node of nodes) {
      if (node.here !== undefined) into.push(node.here);
      if (node.rest !== undefined) into.push(node.rest); // `a/#` matches `a` too [section 4.7.1.2]
    }
  }

  #rootOf(topicOrFilter: string): TreeNode<Owner> {
    return isSystemTopic(topicOrFilter) ? this.#system : this.#ordinary;
  }
}

function partsOf(filter: string): { levels: string[]; ending: 'here' | 'rest' } {
  const levels = filter.split('/');
  if (levels.at(-1) !== '#') return { levels, ending: 'here' };
  levels.pop();
  return { levels, ending: 'rest' };
}

/** Takes away what is empty at the end of a path, whose nodes stand behind no, one, two… of the levels. */
function prune<Owner>(path: readonly TreeNode<Owner>[], levels: readonly string[]): void {
  for (let depth = levels.length; depth > 0 && path[depth]?.isEmpty; depth -= 1) {
    path[depth - 1]?.detach(levels[depth - 1]!);
  }
}
