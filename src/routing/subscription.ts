import type { QoS } from '../codec/control-packet.ts';

/** One subscription of one owner (a session). Immutable: a new SUBSCRIBE for the same filter replaces the object. */
export interface Subscription<Owner> {
  readonly owner: Owner;
  /** A valid filter; of a shared subscription the inner one. */
  readonly filter: string;
  /** Share name; present makes it a shared subscription. */
  readonly group?: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier?: number;
}

/** The members of one `$share/group/filter`: each message goes to one of them [5.0 section 4.8.2]. */
export interface SharedGroup<Owner> {
  readonly group: string;
  readonly filter: string;
  /** Live, in no particular order: changes in place when members come and go. Empty once all have gone. */
  readonly members: readonly Subscription<Owner>[];
  /**
   * Where the round robin stands; the broker takes it modulo the members and moves it on. It belongs to the group, not
   * to the route, so it survives the route's invalidation.
   */
  next: number;
}

/** All subscriptions of one filter. Most filters have a single one, which is kept without a container. */
export class FilterSubscriptions<Owner> {
  #plain: Subscription<Owner> | Map<Owner, Subscription<Owner>> | undefined;
  #groups: Map<string, GroupMembers<Owner>> | undefined;

  get isEmpty(): boolean {
    return this.#plain === undefined && this.#groups === undefined;
  }

  /** Adds the subscription or replaces the owner's previous one, which is returned. */
  put(subscription: Subscription<Owner>): Subscription<Owner> | undefined {
    return subscription.group === undefined
      ? this.#putPlain(subscription)
      : this.#putShared(subscription, subscription.group);
  }

  remove(owner: Owner, group: string | undefined): Subscription<Owner> | undefined {
    return group === undefined ? this.#removePlain(owner) : this.#removeShared(owner, group);
  }

  collectPlain(into: Subscription<Owner>[]): void {
    const plain = this.#plain;
    if (plain instanceof Map) for (const subscription of plain.values()) into.push(subscription);
    else if (plain !== undefined) into.push(plain);
  }

  collectShared(into: SharedGroup<Owner>[]): void {
    if (this.#groups === undefined) return;
    for (const group of this.#groups.values()) into.push(group);
  }

  #putPlain(subscription: Subscription<Owner>): Subscription<Owner> | undefined {
    const plain = this.#plain;
    if (plain instanceof Map) {
      const previous = plain.get(subscription.owner);
      plain.set(subscription.owner, subscription);
      return previous;
    }
    if (plain === undefined || plain.owner === subscription.owner) {
      this.#plain = subscription;
      return plain;
    }
    this.#plain = new Map([
      [plain.owner, plain],
      [subscription.owner, subscription],
    ]);
    return undefined;
  }

  #putShared(subscription: Subscription<Owner>, name: string): Subscription<Owner> | undefined {
    this.#groups ??= new Map();
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new GroupMembers(name, subscription.filter);
      this.#groups.set(name, group);
    }
    return group.put(subscription);
  }

  #removePlain(owner: Owner): Subscription<Owner> | undefined {
    const plain = this.#plain;
    if (plain instanceof Map) {
      const removed = plain.get(owner);
      plain.delete(owner);
      if (plain.size === 0) this.#plain = undefined;
      return removed;
    }
    if (plain?.owner !== owner) return undefined;
    this.#plain = undefined;
    return plain;
  }

  #removeShared(owner: Owner, name: string): Subscription<Owner> | undefined {
    const group = this.#groups?.get(name);
    const removed = group?.remove(owner);
    if (group?.members.length === 0) {
      this.#groups?.delete(name);
      if (this.#groups?.size === 0) this.#groups = undefined;
    }
    return removed;
  }
}

class GroupMembers<Owner> implements SharedGroup<Owner> {
  readonly group: string;
  readonly filter: string;
  readonly members: Subscription<Owner>[] = [];
  next = 0;
  readonly #indexes = new Map<Owner, number>();

  constructor(group: string, filter: string) {
    this.group = group;
    this.filter = filter;
  }

  put(subscription: Subscription<Owner>): Subscription<Owner> | undefined {
    const index = this.#indexes.get(subscription.owner) ?? this.members.length;
    const previous = this.members[index];
    this.members[index] = subscription;
    this.#indexes.set(subscription.owner, index);
    return previous;
  }

  /** The last member takes the place of the one that leaves, so that leaving costs the same in a group of any size. */
  remove(owner: Owner): Subscription<Owner> | undefined {
    const index = this.#indexes.get(owner);
    const last = this.members.at(-1);
    if (index === undefined || last === undefined) return undefined;
    const removed = this.members[index];
    this.members[index] = last;
    this.#indexes.set(last.owner, index);
    this.members.pop();
    this.#indexes.delete(owner);
    return removed;
  }
}
