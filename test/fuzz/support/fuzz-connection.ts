import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Connect,
  ControlPacket,
  Properties,
  ProtocolVersion,
  Publish,
  PublishAcknowledgement,
} from '../../../src/codec/control-packet.ts';
import { encodePacket } from '../../../src/codec/encode-packet.ts';
import { AttackingClient } from '../../support/attacking-client.ts';
import type { Listener } from '../../support/broker-process.ts';
import type { TestPermission } from '../../support/password-records.ts';
import { passwordClient } from '../../support/password-records.ts';
import { Dice } from '../../support/seeded-random.ts';
import type { Login } from './fuzz-packets.ts';
import { drawBytes, drawConnect, drawPacket, logins } from './fuzz-packets.ts';

const versions = [3, 4, 5] as const satisfies readonly ProtocolVersion[];
const protocols = ['tcp', 'ws'] as const;

const permissions: Readonly<Record<Login, readonly TestPermission[]>> = {
  writer: [
    { access: 'readWrite', topic: '#' },
    { access: 'read', topic: '$SYS/#' },
  ],
  reader: [
    { access: 'readWrite', topic: 'open/#' },
    { access: 'read', topic: 'secret/#' },
    { effect: 'deny', access: 'read', topic: 'secret/+' },
    { effect: 'deny', access: 'write', topic: 'open/a/b' },
  ],
};

/** A broker as the fuzzer sees it, in this process or in another one. */
export interface FuzzTarget {
  listener(name: string): Listener;
  /** What it has logged as an error. */
  errors(): readonly unknown[];
}

/** What a fuzzed broker runs on. Sessions of one login are shared by all its connections. */
export const fuzzedBroker = {
  config: {
    listeners: protocols.map((protocol) => ({ name: protocol, protocol, port: 0 })),
    mqtt: { topic_alias_maximum: 2, receive_maximum: 4, connect_timeout: '2s' },
    limits: { failure_reply_delay: '0s', close_linger: '200ms' },
  },
  security: { clients: logins.map((login) => passwordClient(login, permissions[login])) },
} as const;

/** The oracle, written down apart from the broker: whether a login may ever be sent a topic. */
function mayBeSent(login: Login, topic: string): boolean {
  if (login === 'writer') return !topic.startsWith('$') || topic.startsWith('$SYS/');
  return topic === 'open' || topic.startsWith('open/') || topic === 'secret';
}

/**
 * One connection, polite or not. All of it follows from the seed. Throws when the broker breaks a rule.
 *
 * A polite one sends packets that fit, answers most of what it is sent and waits for the last answer. The other ones cut
 * their bytes anywhere, send strange packets among the good ones, acknowledge what they were never sent, and leave.
 */
export async function fuzzConnection(broker: FuzzTarget, seed: number): Promise<void> {
  const dice = new Dice(seed);
  const version = dice.oneOf<ProtocolVersion>(versions);
  const login = dice.oneOf(logins);
  const client = await AttackingClient.open(broker.listener(dice.chance(0.2) ? 'ws' : 'tcp'), { version });
  const connect = drawConnect(dice, version, login);
  const isPolite = dice.chance(0.5);
  const watch = new Watch(login, version, isPolite, connect.properties);
  await (isPolite ? bePolite : beRude)(client, dice, watch, connect);
  if (dice.chance(0.2)) client.destroy();
  else client.finish();
  const { packets, undecodable } = await client.end(20_000);
  if (undecodable !== undefined) throw new Error(`the broker sent ${undecodable}`);
  for (const packet of packets) watch.see(packet);
}

async function beRude(client: AttackingClient, dice: Dice, watch: Watch, connect: Connect): Promise<void> {
  const strangeness = dice.oneOf([0, 0.02, 0.2]);
  const bytes = [encodePacket(connect, client.version)];
  const packets = dice.below(40);
  for (let count = 0; count < packets; count++) bytes.push(drawBytes(dice, client.version, strangeness));
  for (const chunk of chunks(Buffer.concat(bytes), dice)) {
    client.sendBytes(chunk);
    if (dice.chance(0.3)) await sleep(dice.below(3));
    for (const packet of client.taken()) watch.see(packet);
  }
}

async function bePolite(client: AttackingClient, dice: Dice, watch: Watch, connect: Connect): Promise<void> {
  client.send(connect);
  const packets = dice.below(30);
  for (let count = 0; count < packets && !client.ended; count++) {
    const packet = drawPacket(dice, client.version);
    if (!isAcknowledgement(packet)) client.send(packet);
    if (dice.chance(0.5)) await sleep(dice.below(3));
    for (const received of client.taken()) {
      watch.see(received);
      const answer = answerTo(received);
      if (answer === undefined || dice.chance(0.2)) continue;
      client.send(answer);
      watch.answered(answer);
    }
  }
  // Everything is answered in the end, or the connection is over: nothing hangs.
  client.send({ type: 'pingreq' });
  while (!client.ended) {
    const packet = await client.next(20_000).catch(() => undefined);
    if (packet === undefined) break;
    watch.see(packet);
    if (packet.type === 'pingresp') break;
  }
  if (!client.ended && !watch.hasSeen('pingresp')) throw new Error('PINGREQ was not answered');
}

function isAcknowledgement(packet: ControlPacket): packet is PublishAcknowledgement {
  return ['puback', 'pubrec', 'pubrel', 'pubcomp'].includes(packet.type);
}

function answerTo(packet: ControlPacket): PublishAcknowledgement | undefined {
  if (packet.type === 'publish' && packet.qos > 0) {
    const type = packet.qos === 1 ? 'puback' : 'pubrec';
    return { type, packetId: packet.packetId, reasonCode: 0, properties: {} };
  }
  if (packet.type !== 'pubrel' && packet.type !== 'pubrec') return undefined;
  const type = packet.type === 'pubrel' ? 'pubcomp' : 'pubrel';
  return { type, packetId: packet.packetId, reasonCode: 0, properties: {} };
}

function* chunks(bytes: Buffer, dice: Dice): Generator<Buffer> {
  const longest = dice.oneOf([3, 40, 400, bytes.length]);
  for (let offset = 0; offset < bytes.length; ) {
    const length = 1 + dice.below(longest);
    yield bytes.subarray(offset, offset + length);
    offset += length;
  }
}

/** Holds what one connection was sent against the rules that a broker must keep whatever its client does. */
class Watch {
  readonly #login: Login;
  readonly #version: ProtocolVersion;
  readonly #maximumPacketSize: number;
  readonly #receiveMaximum: number;
  readonly #aliases = new Map<number, string>();
  /** Messages to the client whose flow it has not completed; undefined when it makes acknowledgements up. */
  readonly #underWay: Set<number> | undefined;
  readonly #seen = new Set<string>();
  #ended = false;

  constructor(
    login: Login,
    version: ProtocolVersion,
    isPolite: boolean,
    { maximumPacketSize, receiveMaximum }: Properties,
  ) {
    this.#login = login;
    this.#underWay = isPolite ? new Set() : undefined;
    this.#version = version;
    this.#maximumPacketSize = maximumPacketSize ?? Number.POSITIVE_INFINITY;
    this.#receiveMaximum = receiveMaximum ?? 65_535;
  }

  hasSeen(type: ControlPacket['type']): boolean {
    return this.#seen.has(type);
  }

  /** The client has sent this. */
  answered({ type, packetId }: PublishAcknowledgement): void {
    if (type === 'puback' || type === 'pubcomp') this.#underWay?.delete(packetId);
  }

  see(packet: ControlPacket): void {
    this.#must(!this.#ended, `${packet.type} behind its last packet`);
    const isFirst = this.#seen.size === 0;
    this.#must(
      (packet.type === 'connack') === isFirst,
      `${packet.type} ${isFirst ? 'before' : 'behind'} CONNACK`,
    );
    this.#seen.add(packet.type);
    switch (packet.type) {
      case 'connack':
        this.#ended = packet.reasonCode !== 0;
        break;
      case 'publish':
        this.#seePublish(packet);
        break;
      case 'disconnect':
        this.#must(this.#version === 5, 'DISCONNECT in 3.x');
        this.#ended = true;
        break;
      case 'connect':
      case 'subscribe':
      case 'unsubscribe':
      case 'pingreq':
        this.#must(false, `${packet.type} from a server`);
        break;
      default:
        break;
    }
    const { length } = encodePacket(packet, this.#version);
    this.#must(length <= this.#maximumPacketSize, `[MQTT-3.1.2-24] ${packet.type} of ${length} bytes`);
  }

  #seePublish(packet: Publish): void {
    const { topicAlias } = packet.properties;
    const topic = packet.topic === '' ? this.#aliases.get(topicAlias ?? 0) : packet.topic;
    if (topic === undefined) throw new Error('PUBLISH without a topic');
    if (topicAlias !== undefined) this.#aliases.set(topicAlias, topic);
    this.#must(mayBeSent(this.#login, topic), `${this.#login} was sent ${topic}`);
    if (packet.qos === 0 || this.#underWay === undefined) return;
    const again = this.#underWay.has(packet.packetId);
    this.#must(packet.dup || !again, `[MQTT-2.2.1-4] Packet Identifier ${packet.packetId} is in use`);
    this.#underWay.add(packet.packetId);
    this.#must(
      this.#underWay.size <= this.#receiveMaximum,
      '[MQTT-3.3.4-9] more messages than Receive Maximum',
    );
  }

  #must(holds: boolean, fault: string): void {
    if (!holds) throw new Error(fault);
  }
}
