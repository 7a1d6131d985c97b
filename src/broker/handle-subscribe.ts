import { filterDecisionText } from '../authorization/decision.ts';
import type { Subscribe, SubscriptionRequest } from '../codec/control-packet.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import { parseFilter } from '../routing/filter.ts';
import { levelCount } from '../routing/topic.ts';
import type { Session } from '../session/session.ts';
import { SessionSubscription } from '../session/subscription.ts';
import type { SubscriptionRecord } from '../stores/session-store.ts';
import type { Broker } from './broker.ts';
import type { Accepted, ClientConnection } from './client-connection.ts';
import { RetainedReplay } from './retained-replay.ts';

/**
 * SUBSCRIBE: each filter by itself, in this order: syntax → limits → permission (on the inner filter of a shared one)
 * → installed. Decision and installation are one step, so no change of rights comes between. SUBACK leaves when what
 * it promises is durable; retained messages follow it.
 */
export function handleSubscribe(broker: Broker, client: ClientConnection, packet: Subscribe): void {
  const { session } = client.accepted as Accepted;
  const identifier = packet.properties.subscriptionIdentifiers?.[0];
  const installed: Installed[] = [];
  const codes = packet.subscriptions.map((request) => {
    const outcome = subscribe(broker, client, request, identifier);
    if (typeof outcome === 'number') return reasonCodeFor(client, request, outcome);
    installed.push(outcome);
    return request.qos; // [MQTT-3.8.4-7]: the granted QoS is the one asked for
  });

  const { packetId } = packet;
  // [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-2.2.1-6]; no properties [MQTT-3.9.2-1] [MQTT-3.9.2-2].
  const suback = (reasonCodesSent: number[]): void => {
    client.connection.send({ type: 'suback', packetId, reasonCodes: reasonCodesSent, properties: {} });
  };
  if (!session.stored || installed.length === 0) {
    client.connection.acknowledgements.send(() => {
      suback(codes);
      replayRetained(client, installed);
    });
    return;
  }
  const acknowledge = client.connection.acknowledgements.hold();
  broker.writer.whenDurable((error) => {
    if (error !== undefined) {
      broker.log('store_failed', { ...client.logFields, operation: 'subscribe', error: error.message });
      for (const { subscription, previous } of installed) uninstall(broker, session, subscription, previous);
    }
    acknowledge(() => {
      if (error === undefined) {
        suback(codes);
        replayRetained(client, installed);
      } else if (client.connection.version === 5) {
        suback(codes.map((code) => (code < 0x80 ? reasonCodes.quotaExceeded : code)));
      } else {
        client.disconnect(reasonCodes.quotaExceeded, 'the store failed'); // [3.1.1:MQTT-4.8.0-2]
      }
    });
    client.relieve();
  });
}

interface Installed {
  readonly subscription: SessionSubscription;
  /** What it replaced. */
  readonly previous: SessionSubscription | undefined;
  /** Looked up when the subscription is installed: what is retained later is delivered as it comes. */
  readonly replay: RetainedReplay | undefined;
}

/** Installs one subscription, or says with which 5.0 reason code it is refused. */
function subscribe(
  broker: Broker,
  client: ClientConnection,
  request: SubscriptionRequest,
  identifier: number | undefined,
): Installed | number {
  const { session, policy, connect } = client.accepted as Accepted;
  const parsed = parseFilter(request.filter);
  if (parsed.kind === 'invalid') return reasonCodes.topicFilterInvalid;
  const { limits } = broker;
  if (
    Buffer.byteLength(request.filter) > limits.topicBytes ||
    levelCount(request.filter) > limits.topicLevels
  ) {
    return reasonCodes.topicFilterInvalid;
  }
  const previous = session.subscriptions.get(request.filter);
  if (previous === undefined && session.subscriptions.size >= limits.subscriptionsPerSession) {
    broker.log('limit_reached', { ...client.logFields, limit: 'subscriptions_per_session' });
    return reasonCodes.quotaExceeded;
  }

  // Row A10: a shared subscription is judged by its inner filter.
  const decision = policy.compiled.covers(parsed.filter);
  if (!decision.granted) {
    broker.counters.subscribeDenied++;
    broker.log('subscribe_denied', {
      ...client.logFields,
      filter: request.filter,
      decision: filterDecisionText(decision),
    });
    return reasonCodes.notAuthorized;
  }

  // A bridge gets no echo of what it sent, and RETAIN as published.
  const record: SubscriptionRecord = {
    ...request,
    noLocal: request.noLocal || (connect.bridge && parsed.kind === 'plain'),
    retainAsPublished: request.retainAsPublished || connect.bridge,
    ...(identifier !== undefined && { identifier }),
  };
  const subscription = new SessionSubscription(session, record, parsed);
  if (decision.complete) subscription.provenEpoch = policy.epoch;
  install(broker, session, subscription);
  const replay = replayFor(broker, client, subscription, previous === undefined);
  return { subscription, previous, replay };
}

/** A SUBSCRIBE with a filter that is there already replaces it [MQTT-3.8.4-3]. */
function install(broker: Broker, session: Session, subscription: SessionSubscription): void {
  session.subscriptions.set(subscription.requested, subscription);
  broker.router.subscribe(subscription);
  if (!session.stored) return;
  const { clientId, epoch } = session;
  broker.writer.add({ kind: 'put-subscription', clientId, epoch, subscription: subscription.record });
}

/** The store did not keep it: what it replaced, and what the store still has, holds again. */
function uninstall(
  broker: Broker,
  session: Session,
  subscription: SessionSubscription,
  previous: SessionSubscription | undefined,
): void {
  if (session.subscriptions.get(subscription.requested) !== subscription) return;
  session.subscriptions.delete(subscription.requested);
  broker.router.unsubscribe(session, subscription.filter, subscription.group);
  if (previous === undefined) return;
  session.subscriptions.set(previous.requested, previous);
  if (!previous.suspended) broker.router.subscribe(previous);
}

/** [MQTT-3.8.4-4] and Retain Handling [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; a shared subscription gets none. */
function replayFor(
  broker: Broker,
  client: ClientConnection,
  subscription: SessionSubscription,
  isNew: boolean,
): RetainedReplay | undefined {
  const { retainHandling, group } = subscription;
  const wanted = group === undefined && (retainHandling === 0 || (retainHandling === 1 && isNew));
  return wanted ? new RetainedReplay(broker, client, subscription) : undefined;
}

function replayRetained(client: ClientConnection, installed: readonly Installed[]): void {
  if (client.connection.isClosed) return;
  for (const { subscription, replay } of installed) {
    // It may have been unsubscribed while the store kept it waiting.
    const isThere = client.session?.subscriptions.has(subscription.requested);
    if (replay !== undefined && isThere) client.replays.set(subscription.requested, replay);
  }
  client.proceed();
}

/** What SUBACK says of a refused filter (row T10). */
function reasonCodeFor(client: ClientConnection, request: SubscriptionRequest, reasonCode: number): number {
  const { version } = client.connection;
  // 3.1 has no word for a failure: the client is told what it asked for, and gets nothing.
  if (version === 3) return request.qos;
  return version === 5 ? reasonCode : 0x80;
}
