import type { Publish, QoS, Subscribe } from '../../../src/codec/control-packet.ts';
import type { AttackingClientOptions, ConnectParts } from '../../support/attacking-client.ts';
import { AttackingClient, connectWith } from '../../support/attacking-client.ts';
import type { Listener } from '../../support/broker-process.ts';
import { loginOf } from '../../support/password-records.ts';

/** SUBSCRIBE to these filters with Packet Identifier 1. */
export function subscriptionTo(filters: string | readonly string[], qos: QoS = 0): Subscribe {
  return {
    type: 'subscribe',
    packetId: 1,
    subscriptions: [filters].flat().map((filter) => ({
      filter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    })),
    properties: {},
  };
}

export type PublishParts = Partial<Omit<Publish, 'type' | 'topic'>>;

/** PUBLISH to a topic, with Packet Identifier 2 where it needs one; what is given replaces the rest. */
export function publicationOf(topic: string, parts: PublishParts = {}): Publish {
  return {
    type: 'publish',
    topic,
    dup: false,
    qos: 0,
    retain: false,
    packetId: parts.qos === undefined || parts.qos === 0 ? 0 : 2,
    payload: Buffer.from('payload'),
    properties: {},
    ...parts,
  };
}

/** The reason codes of SUBACK. */
export async function subscribe(
  client: AttackingClient,
  filters: string | readonly string[],
  qos: QoS = 0,
): Promise<readonly number[]> {
  client.send(subscriptionTo(filters, qos));
  return (await client.nextOf('suback')).reasonCodes;
}

/** The reason code of the PUBACK to a QoS 1 PUBLISH. */
export async function publish(
  client: AttackingClient,
  topic: string,
  parts: Omit<PublishParts, 'qos'> = {},
): Promise<number> {
  client.send(publicationOf(topic, { packetId: 2, ...parts, qos: 1 }));
  return (await client.nextOf('puback')).reasonCode;
}

/** Connects as a client of `passwordClient`; its client id is its name unless told. */
export function login(
  listener: Listener,
  name: string,
  parts: ConnectParts = {},
  options: AttackingClientOptions = {},
): Promise<AttackingClient> {
  return AttackingClient.connected(listener, { clientId: name, ...loginOf(name), ...parts }, options);
}

/** What CONNACK says to a CONNECT. */
export async function connackCode(
  listener: Listener,
  parts: ConnectParts,
  options: AttackingClientOptions = {},
): Promise<number> {
  const client = await AttackingClient.open(listener, { ...options, version: parts.protocolVersion ?? 5 });
  client.send(connectWith(parts));
  const { reasonCode } = await client.nextOf('connack');
  client.destroy();
  return reasonCode;
}
