import { decisionText } from '../authorization/decision.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { PublishView } from '../codec/publish-view.ts';
import { decodeTopicName } from '../codec/publish-view.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import { levelCount } from '../routing/topic.ts';
import type { Broker } from './broker.ts';
import type { Accepted, ClientConnection, PublishTopic } from './client-connection.ts';
import type { Releases } from './deliver.ts';
import { deliver, discardRetained, retain, retainedFits } from './deliver.ts';
import { tooManyUserProperties } from './user-properties.ts';

/**
 * PUBLISH from a client. The order of the steps is the order of the security checks:
 * topic alias → topic → flow control → duplicate → permission → limits → retain, deliver, acknowledge.
 * Returns the number of deliveries.
 */
export function handlePublish(
  broker: Broker,
  client: ClientConnection,
  view: PublishView,
  buffer: Buffer,
  start: number,
): number {
  const accepted = client.accepted as Accepted;
  broker.counters.publishReceived++;
  if (view.userPropertyCount > broker.limits.userProperties)
    throw tooManyUserProperties(broker.limits, 'publish');

  const topic = publishTopic(broker, client, view, buffer);
  if (topic === undefined)
    return refuse(client, view, reasonCodes.topicNameInvalid, 'topic name above the limits');

  if (view.qos > 0) checkFlow(broker, client, view);
  if (view.qos === 2 && accepted.session.inboundQos2.has(view.packetId)) {
    // [MQTT-4.3.3-10]: the same message again, not another one: acknowledged, not delivered.
    client.unreleased.add(view.packetId);
    acknowledgeLater(broker, client, view, undefined);
    return 0;
  }

  const { policy } = accepted;
  if (topic.epoch !== policy.epoch) {
    topic.allowed = policy.compiled.permits('write', topic.topic);
    topic.epoch = policy.epoch;
  }
  if (!topic.allowed) return denied(broker, client, view, topic.topic);

  const { publication } = broker;
  const { version } = client.connection;
  publication.receive(client.publisher, topic.topic, topic.bytes, view, buffer, start, version);
  let mayRetain = view.retain;
  if (view.retain && !retainedFits(broker, publication)) {
    broker.log('limit_reached', {
      ...client.logFields,
      limit: 'retained_messages or retained_bytes',
      topic: topic.topic,
    });
    if (version === 5)
      return refuse(client, view, reasonCodes.quotaExceeded, 'no room for another retained message');
    mayRetain = false;
    discardRetained(broker, topic.topic); // A value that is no longer true is worse than none.
  }

  if (view.qos === 2) rememberQos2(broker, client, view.packetId);
  if (mayRetain) retain(broker, publication); // [MQTT-3.3.1-8]
  if (!broker.router.isCurrent(topic.route)) topic.route = broker.router.route(topic.topic);
  const { count, releases } = deliver(broker, publication, topic.route);
  if (view.qos > 0 || releases !== undefined) acknowledgeLater(broker, client, view, releases);
  return count;
}

/** The topic behind alias and bytes, with what is known about it; undefined when it is above the limits. */
function publishTopic(
  broker: Broker,
  client: ClientConnection,
  view: PublishView,
  buffer: Buffer,
): PublishTopic | undefined {
  const { topicAlias, topicStart, topicEnd } = view;
  if (topicAlias === 0) return topicIn(broker, client, buffer, topicStart, topicEnd);
  const aliases = client.inboundAliases;
  if (topicAlias > aliases.maximum) {
    // [MQTT-3.3.2-9]
    throw new CodecError(
      reasonCodes.topicAliasInvalid,
      `PUBLISH: topic alias ${topicAlias} above ${aliases.maximum}`,
    );
  }
  if (topicEnd > topicStart) {
    // The alias is set whatever becomes of this message: it stands for what the client said, not for what it may do.
    const topic = topicIn(broker, client, buffer, topicStart, topicEnd);
    if (topic !== undefined) aliases.set(topicAlias, buffer, topicStart, topicEnd);
    return topic;
  }
  const known = aliases.get(topicAlias);
  if (known === undefined)
    throw new CodecError(reasonCodes.protocolError, `PUBLISH: topic alias ${topicAlias} not set`);
  return topicIn(broker, client, known, 0, known.length);
}

function topicIn(
  broker: Broker,
  client: ClientConnection,
  buffer: Buffer,
  start: number,
  end: number,
): PublishTopic | undefined {
  const known = client.topics.find(buffer, start, end);
  if (known !== undefined) return known;
  const topic = decodeTopicName(buffer, start, end);
  if (end - start > broker.limits.topicBytes || levelCount(topic) > broker.limits.topicLevels)
    return undefined;
  const bytes = Buffer.from(buffer.subarray(start, end));
  const entry: PublishTopic = { bytes, topic, epoch: -1, allowed: false, route: broker.router.route(topic) };
  client.topics.add(entry);
  return entry;
}

/** [MQTT-3.3.4-7]: not more unacknowledged QoS 1 and 2 messages on this connection than the broker said it takes. */
function checkFlow(broker: Broker, client: ClientConnection, view: PublishView): void {
  const { packetId, qos } = view;
  const { unreleased, unacknowledged, settings, connection } = client;
  const outstanding = unacknowledged + unreleased.size + (unreleased.has(packetId) ? 0 : 1);
  if (connection.version === 5 && outstanding > settings.mqtt.receiveMaximum) {
    throw new CodecError(
      reasonCodes.receiveMaximumExceeded,
      'PUBLISH: more unacknowledged messages than Receive Maximum',
    );
  }
  if (qos !== 2) return;
  const { inboundQos2 } = (client.accepted as Accepted).session;
  if (inboundQos2.size >= broker.limits.inboundQos2 && !inboundQos2.has(packetId)) {
    throw new CodecError(reasonCodes.receiveMaximumExceeded, 'PUBLISH: too many unfinished QoS 2 messages');
  }
}

/** The identifier and what follows from the message are one transaction of the store. */
function rememberQos2(broker: Broker, client: ClientConnection, packetId: number): void {
  const { session } = client.accepted as Accepted;
  session.inboundQos2.add(packetId);
  client.unreleased.add(packetId);
  if (!session.stored) return;
  const { clientId, epoch } = session;
  broker.writer.add({ kind: 'put-inbound-qos2', clientId, epoch, packetId });
}

/** Nothing came of the message, and its PUBREC says so: the identifier is free. */
function forgetQos2(client: ClientConnection, packetId: number): void {
  client.session?.inboundQos2.delete(packetId);
  client.unreleased.delete(packetId);
}

/** PUBACK or PUBREC leaves when everything the message caused is durable, and in the order of arrival. */
function acknowledgeLater(
  broker: Broker,
  client: ClientConnection,
  view: PublishView,
  releases: Releases | undefined,
): void {
  const { qos, packetId } = view;
  const { acknowledgements } = client.connection;
  const type = qos === 2 ? 'pubrec' : 'puback'; // [MQTT-3.3.4-1]
  const { writer } = broker;
  if (releases === undefined && !mustWait(client, view)) {
    if (acknowledgements.length === 0) client.connection.sendAcknowledgement(type, packetId);
    else acknowledgements.send(() => client.connection.sendAcknowledgement(type, packetId));
    return;
  }
  const acknowledge = qos === 0 ? undefined : acknowledgements.hold();
  if (qos === 1) client.unacknowledged++;
  writer.whenDurable((error) => {
    if (error === undefined && releases !== undefined) for (const release of releases) release();
    if (qos === 1) client.unacknowledged--;
    if (error === undefined) {
      acknowledge?.(() => client.connection.sendAcknowledgement(type, packetId));
    } else {
      broker.log('store_failed', { ...client.logFields, operation: 'publish', error: error.message });
      if (qos === 2) forgetQos2(client, packetId);
      acknowledge?.(() => notKept(client, type, packetId));
    }
    client.relieve();
  });
}

/** Nothing durable was promised for a plain message to receivers that end with their connections. */
function mustWait(client: ClientConnection, view: PublishView): boolean {
  return view.retain || (view.qos === 2 && client.session?.stored === true);
}

/** The store has no room: 5.0 is told, 3.x gets no acknowledgement and must try again later. */
function notKept(client: ClientConnection, type: 'puback' | 'pubrec', packetId: number): void {
  if (client.connection.version === 5) client.acknowledge(type, packetId, reasonCodes.quotaExceeded);
  else client.disconnect(reasonCodes.quotaExceeded, 'the store failed');
}

/** Row T10. */
function denied(broker: Broker, client: ClientConnection, view: PublishView, topic: string): number {
  broker.counters.publishDenied++;
  const { qos, retain: retainFlag } = view;
  broker.log('publish_denied', () => {
    const { compiled } = (client.accepted as Accepted).policy;
    const decision = decisionText(compiled.decide('write', topic));
    return { ...client.logFields, topic, qos, retain: retainFlag, decision };
  });
  // [3.1.1:MQTT-3.3.5-2] 3.x: acknowledged like any other, or closed.
  if (client.connection.version !== 5 && client.settings.mqtt.onDeniedPublish === 'drop') {
    if (view.qos === 2) rememberQos2(broker, client, view.packetId);
    if (view.qos > 0) acknowledgeLater(broker, client, view, undefined);
    return 0;
  }
  return refuse(client, view, reasonCodes.notAuthorized, 'publish denied');
}

/** 5.0: said in PUBACK or PUBREC, where the flow ends and the connection stays. 3.x has no word for it: closed. */
function refuse(client: ClientConnection, view: PublishView, reasonCode: number, reason: string): number {
  if (client.connection.version !== 5) {
    client.disconnect(reasonCode, reason);
    return 0;
  }
  if (view.qos === 0) return 0;
  const { packetId } = view;
  const type = view.qos === 1 ? 'puback' : 'pubrec';
  client.connection.acknowledgements.send(() => client.acknowledge(type, packetId, reasonCode));
  return 0;
}
