import type { QoS } from '../codec/control-packet.ts';
import type { SharedGroup, Subscription } from './subscription.ts';

/**
 * One session that gets a topic's messages, with all its plain subscriptions that match: one merged delivery
 * [5.0 section 3.3.4].
 */
export class Receiver<Owner> {
  readonly owner: Owner;
  /** At least one. */
  readonly subscriptions: readonly Subscription<Owner>[];
  /** [MQTT-3.3.4-2] the highest of the matching subscriptions. */
  readonly qos: QoS;
  /** Whether any of them asked for it. */
  readonly retainAsPublished: boolean;
  /** [MQTT-3.3.4-4] one for each matching subscription that has one, equal ones included. */
  readonly identifiers: readonly number[];
  readonly anyNoLocal: boolean;
  /** The broker's: policy epoch of `readable`, -1 while undecided. Lives and dies with the route's topic. */
  decisionEpoch = -1;
  /** The broker's: whether the owner may read the topic, as of `decisionEpoch`. */
  readable = false;

  constructor(subscriptions: readonly [Subscription<Owner>, ...Subscription<Owner>[]]) {
    const [first] = subscriptions;
    this.owner = first.owner;
    this.subscriptions = subscriptions;
    let qos = first.qos;
    let retainAsPublished = false;
    let anyNoLocal = false;
    let identifiers: number[] | undefined;
    for (const subscription of subscriptions) {
      if (subscription.qos > qos) qos = subscription.qos;
      if (subscription.retainAsPublished) retainAsPublished = true;
      if (subscription.noLocal) anyNoLocal = true;
      if (subscription.identifier !== undefined) {
        identifiers ??= [];
        identifiers.push(subscription.identifier);
      }
    }
    this.qos = qos;
    this.retainAsPublished = retainAsPublished;
    this.identifiers = identifiers ?? NONE;
    this.anyNoLocal = anyNoLocal;
  }
}

const NONE: readonly never[] = [];

/**
 * The publisher's own copy: without the subscriptions that asked for No Local [MQTT-3.8.3-3], undefined when none is
 * left. Makes a new receiver only when some, but not all of them did.
 */
export function withoutNoLocal<Owner>(receiver: Receiver<Owner>): Receiver<Owner> | undefined {
  if (!receiver.anyNoLocal) return receiver;
  const [first, ...others] = receiver.subscriptions.filter((subscription) => !subscription.noLocal);
  if (first === undefined) return undefined;
  const remaining = new Receiver([first, ...others]);
  remaining.decisionEpoch = receiver.decisionEpoch;
  remaining.readable = receiver.readable;
  return remaining;
}

/** Where a topic's messages go. A connection may hold on to it as long as `router.isCurrent(route)`. */
export class Route<Owner> {
  readonly topic: string;
  readonly receivers: readonly Receiver<Owner>[];
  /** One delivery each, to one of the members; a session may be in several of the groups. */
  readonly shared: readonly SharedGroup<Owner>[];
  /** The router's: sum of the generations that concern this topic, as of the walk that made the route. */
  readonly stamp: number;
  /** The router's: count of subscription changes up to which `stamp` is known to hold. */
  checkedAt: number;

  constructor(
    topic: string,
    receivers: readonly Receiver<Owner>[],
    shared: readonly SharedGroup<Owner>[],
    stamp: number,
    checkedAt: number,
  ) {
    this.topic = topic;
    this.receivers = receivers;
    this.shared = shared;
    this.stamp = stamp;
    this.checkedAt = checkedAt;
  }
}

/** One receiver for each owner. `distinct` says that no owner comes twice, as among the subscriptions of one filter. */
export function mergeReceivers<Owner>(
  subscriptions: readonly Subscription<Owner>[],
  distinct: boolean,
): readonly Receiver<Owner>[] {
  if (subscriptions.length === 0) return NONE;
  if (distinct) return subscriptions.map((subscription) => new Receiver([subscription]));
  const byOwner = new Map<Owner, [Subscription<Owner>, ...Subscription<Owner>[]]>();
  for (const subscription of subscriptions) {
    const own = byOwner.get(subscription.owner);
    if (own === undefined) byOwner.set(subscription.owner, [subscription]);
    else own.push(subscription);
  }
  return Array.from(byOwner.values(), (own) => new Receiver(own));
}
