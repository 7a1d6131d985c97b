import type { QoS } from '../codec/control-packet.ts';
import type { Receiver, Route, SharedGroup } from '../routing/router.ts';
import { withoutNoLocal } from '../routing/router.ts';
import type { Message } from '../session/message.ts';
import type { Session } from '../session/session.ts';
import type { SessionSubscription } from '../session/subscription.ts';
import type { Broker } from './broker.ts';
import { Publication } from './publication.ts';

/** Sends of messages that had to be stored first: run when the store says that they are durable. */
export type Releases = (() => void)[];

/** What one delivery to all receivers came to. */
export interface Deliveries {
  count: number;
  releases: Releases | undefined;
}

/** Reused: a delivery is over before the next begins. */
const deliveries: Deliveries = { count: 0, releases: undefined };

/**
 * Hands a message to everyone whose subscriptions match its topic and who may read it now (row A4). QoS 0 goes to
 * connected clients only. The result is valid until the next call.
 */
export function deliver(broker: Broker, publication: Publication, route: Route<Session>): Deliveries {
  deliveries.count = 0;
  deliveries.releases = undefined;
  const { receivers, shared } = route;
  for (let index = 0; index < receivers.length; index++) {
    deliverToReceiver(broker, publication, receivers[index] as Receiver<Session>);
  }
  for (let index = 0; index < shared.length; index++) {
    deliverToGroup(broker, publication, shared[index] as SharedGroup<Session>);
  }
  return deliveries;
}

/** Publishes a message that no packet brought (a will, `$SYS`): retains it where it says so and delivers it. */
export function publishMessage(broker: Broker, message: Message): void {
  const publication = Publication.of(message, () => broker.clock.now());
  if (publication.retain && retainedFits(broker, publication)) retain(broker, publication);
  else if (publication.retain) discardRetained(broker, message.topic);
  const { releases } = deliver(broker, publication, broker.router.route(message.topic));
  if (releases !== undefined) {
    broker.writer.whenDurable((error) => {
      if (error === undefined) for (const release of releases) release();
      else broker.log('store_failed', { operation: 'publish', topic: message.topic, error: String(error) });
    });
  }
}

/** Whether the message may be retained under the limits; what it replaces makes room for it. */
export function retainedFits(broker: Broker, publication: Publication): boolean {
  if (publication.payloadLength === 0) return true;
  const { limits, retained } = broker;
  const previous = retained.get(publication.topic);
  const growth = publication.message.bytes - (previous?.bytes ?? 0);
  if (growth > 0 && retained.bytes + growth > limits.retainedBytes) return false;
  return previous !== undefined || retained.count < limits.retainedMessages;
}

/** Replaces the retained message of the topic; an empty payload removes it. */
export function retain(broker: Broker, publication: Publication): void {
  const { topic } = publication;
  // [MQTT-3.3.1-6] [MQTT-3.3.1-7]
  if (publication.payloadLength === 0) {
    discardRetained(broker, topic);
    return;
  }
  const { message } = publication;
  message.settle();
  broker.retained.set(topic, message, message.bytes); // [MQTT-3.3.1-5]
  broker.writer.add({ kind: 'put-retained', retained: { message } });
}

/** Forgets what is retained for a topic: also when what was to replace it does not fit [3.1.1:MQTT-3.3.1-7]. */
export function discardRetained(broker: Broker, topic: string): void {
  if (broker.retained.delete(topic)) broker.writer.add({ kind: 'delete-retained', topic });
}

function deliverToReceiver(broker: Broker, publication: Publication, receiver: Receiver<Session>): void {
  let copy: Receiver<Session> | undefined = receiver;
  if (receiver.anyNoLocal && receiver.owner.clientId === publication.publisher.clientId) {
    copy = withoutNoLocal(receiver); // [MQTT-3.8.3-3]
    if (copy === undefined) return;
  }
  if (!mayReceive(receiver, publication.topic)) return;
  // RETAIN stays as published only for those who asked for it [MQTT-3.3.1-12] [MQTT-3.3.1-13].
  const retainFlag = publication.retain && copy.retainAsPublished;
  deliverToSession(broker, publication, copy.owner, copy.qos, retainFlag, copy.identifiers);
}

/** The delivery check, remembered per topic and receiver under the reader's policy epoch. */
function mayReceive(receiver: Receiver<Session>, topic: string): boolean {
  const { target } = receiver.owner;
  if (target === undefined) return true; // Not connected: judged when it is sent.
  if (receiver.decisionEpoch !== target.policyEpoch) {
    receiver.readable = isProven(receiver, target.policyEpoch) || target.mayRead(topic);
    receiver.decisionEpoch = target.policyEpoch;
  }
  return receiver.readable;
}

function isProven(receiver: Receiver<Session>, epoch: number): boolean {
  return receiver.subscriptions.some(
    (subscription) => (subscription as SessionSubscription).provenEpoch === epoch,
  );
}

function deliverToSession(
  broker: Broker,
  publication: Publication,
  session: Session,
  maximumQos: QoS,
  retainFlag: boolean,
  identifiers: readonly number[],
): void {
  const qos = publication.qos < maximumQos ? publication.qos : maximumQos; // [MQTT-3.8.4-8]
  if (qos === 0) {
    if (session.target === undefined) return;
    session.target.sendQos0(publication, retainFlag, identifiers);
    deliveries.count++;
    return;
  }
  if (session.target === undefined && !session.stored) return;
  // [3.1.1:MQTT-3.1.2-5]
  const release = session.enqueue(publication.message, qos, retainFlag, identifiers, broker.clock.now());
  deliveries.count++;
  if (release !== undefined) {
    deliveries.releases ??= [];
    deliveries.releases.push(release);
  }
}

/**
 * One member of a shared subscription gets the message [5.0 section 4.8.2]: the next in turn that is connected, may
 * read it and is not behind; else one that is connected; else one that has a stored session.
 */
function deliverToGroup(broker: Broker, publication: Publication, group: SharedGroup<Session>): void {
  const { members } = group;
  let chosen: SessionSubscription | undefined;
  let chosenRank = 0;
  let chosenIndex = 0;
  for (let step = 0; step < members.length && chosenRank < 3; step++) {
    const index = (group.next + step) % members.length;
    const member = members[index] as SessionSubscription;
    const rank = memberRank(member, publication);
    if (rank > chosenRank) {
      chosen = member;
      chosenRank = rank;
      chosenIndex = index;
    }
  }
  if (chosen === undefined) return;
  group.next = (chosenIndex + 1) % members.length;
  const retainFlag = publication.retain && chosen.retainAsPublished;
  const identifiers = chosen.identifier === undefined ? NO_IDENTIFIERS : [chosen.identifier];
  deliverToSession(broker, publication, chosen.owner, chosen.qos, retainFlag, identifiers);
}

const NO_IDENTIFIERS: readonly number[] = [];

/** 0 cannot take the message, 1 can when it comes back, 2 is connected but behind, 3 takes it now. */
function memberRank(member: SessionSubscription, publication: Publication): 0 | 1 | 2 | 3 {
  const { target, stored } = member.owner;
  if (target === undefined) return stored && member.qos > 0 && publication.qos > 0 ? 1 : 0;
  if (member.provenEpoch !== target.policyEpoch && !target.mayRead(publication.topic)) return 0;
  return target.writable ? 3 : 2;
}
