import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { connect as connectSocket } from 'node:net';
import type {
  Connack,
  Connect,
  ControlPacket,
  Properties,
  ProtocolVersion,
  Publish,
  PublishAcknowledgement,
  QoS,
  Suback,
  Subscribe,
  SubscriptionRequest,
  Unsuback,
} from '../../src/codec/control-packet.ts';
import { decodePacket } from '../../src/codec/decode-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { FrameReader } from '../../src/codec/frame-reader.ts';

/** Real milliseconds after which a packet that has to come counts as missing. */
const PATIENCE = 5_000;
const LARGEST_PACKET = 2 ** 28 + 4;

type PacketOf<Type extends ControlPacket['type']> = Type extends PublishAcknowledgement['type']
  ? PublishAcknowledgement
  : Extract<ControlPacket, { type: Type }>;

export type ConnectFields = Partial<Omit<Connect, 'type' | 'password'>> & { readonly password?: string };
export type PublishFields = Partial<Omit<Publish, 'type' | 'topic' | 'payload'>>;
export type SubscribeFields = Partial<Omit<SubscriptionRequest, 'filter'>> & {
  readonly identifier?: number;
};

/** A CONNECT of 5.0 with a clean start, unless the fields say otherwise. */
export function connectPacket({ password, ...fields }: ConnectFields = {}): Connect {
  return {
    type: 'connect',
    protocolVersion: 5,
    bridge: false,
    cleanStart: true,
    keepAlive: 0,
    clientId: '',
    properties: {},
    ...fields,
    ...(password !== undefined && { password: Buffer.from(password) }),
  };
}

/**
 * A client that does nothing by itself: it sends what it is told, packets or raw bytes, and gives out what arrives packet
 * by packet, in order. Whatever the broker sends must decode.
 */
export class ScriptedClient {
  readonly version: ProtocolVersion;
  readonly clientId: string;
  /** Set by `connect`. */
  connack: Connack | undefined;
  readonly #socket: Socket;
  readonly #reader = new FrameReader(LARGEST_PACKET);
  readonly #arrived: ControlPacket[] = [];
  #failure: Error | undefined;
  #ended = false;
  #wake: () => void = () => undefined;
  #lastPacketId = 0;

  private constructor(socket: Socket, version: ProtocolVersion, clientId: string) {
    this.#socket = socket;
    this.version = version;
    this.clientId = clientId;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => undefined);
    for (const event of ['end', 'close']) socket.on(event, () => this.#end());
  }

  /** Opens the network connection and sends nothing. */
  static async open(
    port: number,
    version: ProtocolVersion = 5,
    clientId = '',
    host = '127.0.0.1',
  ): Promise<ScriptedClient> {
    const socket = connectSocket({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new ScriptedClient(socket, version, clientId);
  }

  // --- bytes and packets -------------------------------------------------------------------------------------------

  sendRaw(bytes: Buffer | readonly number[]): void {
    this.#socket.write(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes));
  }

  /** Sends packets in one write. */
  send(...packets: readonly ControlPacket[]): void {
    this.sendRaw(Buffer.concat(packets.map((packet) => encodePacket(packet, this.version))));
  }

  /** The next packet, whatever it is; 'closed' when the broker has ended the connection. */
  next(): Promise<ControlPacket | 'closed'> {
    return this.#take(() => true);
  }

  /** Takes the first packet out that is wanted. */
  async #take(wanted: (packet: ControlPacket) => boolean): Promise<ControlPacket | 'closed'> {
    const giveUp = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const index = this.#arrived.findIndex(wanted);
      const [packet] = index === -1 ? [] : this.#arrived.splice(index, 1);
      if (packet !== undefined) return packet;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return 'closed';
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        giveUp.onabort = () =>
          reject(new Error(`${this.clientId}: what is awaited did not come within ${PATIENCE} ms`));
      });
    }
  }

  /** The next packet, which must be of this type. */
  async expect<Type extends ControlPacket['type']>(type: Type): Promise<PacketOf<Type>> {
    const packet = await this.next();
    if (packet === 'closed' || packet.type !== type) assert.fail(`expected ${type}, came ${shown(packet)}`);
    return packet as PacketOf<Type>;
  }

  /** An acknowledgement that must come next. Its identifier and reason code. */
  async expectAcknowledgement(
    type: PublishAcknowledgement['type'],
    packetId: number,
    reasonCode = 0,
  ): Promise<void> {
    const packet = await this.expect(type);
    assert.deepEqual([packet.packetId, packet.reasonCode], [packetId, reasonCode]);
  }

  /** The broker ends the connection, without another packet. */
  async expectClosed(): Promise<void> {
    const packet = await this.next();
    if (packet !== 'closed') assert.fail(`expected the end of the connection, came ${shown(packet)}`);
  }

  /** The broker ends the connection: 5.0 is told why, 3.x is not. */
  async expectDisconnect(reasonCode: number): Promise<void> {
    if (this.version === 5) assert.equal((await this.expect('disconnect')).reasonCode, reasonCode);
    await this.expectClosed();
  }

  /** PINGREQ and PINGRESP: everything sent so far has been handled, and nothing else has come. */
  async ping(): Promise<void> {
    this.send({ type: 'pingreq' });
    await this.expect('pingresp');
  }

  // --- whole exchanges ---------------------------------------------------------------------------------------------

  /** CONNECT with the client's version and client id; returns CONNACK whatever it says. */
  async connect(fields: ConnectFields = {}): Promise<Connack> {
    this.send(connectPacket({ protocolVersion: this.version, clientId: this.clientId, ...fields }));
    this.connack = await this.expect('connack');
    return this.connack;
  }

  /** SUBSCRIBE to filters with the same options; returns SUBACK. */
  async subscribe(filters: string | readonly string[], fields: SubscribeFields = {}): Promise<Suback> {
    const packetId = this.nextPacketId();
    this.send(subscribePacket(packetId, filters, fields));
    const suback = await this.expect('suback');
    assert.equal(suback.packetId, packetId); // [MQTT-3.8.4-2]
    return suback;
  }

  async unsubscribe(...filters: string[]): Promise<Unsuback> {
    const packetId = this.nextPacketId();
    this.send({ type: 'unsubscribe', packetId, filters, properties: {} });
    const unsuback = await this.expect('unsuback');
    assert.equal(unsuback.packetId, packetId); // [MQTT-3.10.4-5]
    return unsuback;
  }

  /** Sends a PUBLISH and waits for nothing; returns its identifier, 0 for QoS 0. */
  sendPublish(topic: string, payload: string | Buffer = '', fields: PublishFields = {}): number {
    const packet = publishPacket(topic, payload, fields);
    if (packet.qos > 0 && packet.packetId === 0) packet.packetId = this.nextPacketId();
    this.send(packet);
    return packet.packetId;
  }

  /** Publishes and goes through the whole flow, QoS 0 included: when it returns the broker has handled the message. */
  async publish(topic: string, payload: string | Buffer = '', fields: PublishFields = {}): Promise<void> {
    const packetId = this.sendPublish(topic, payload, fields);
    if (fields.qos === 1) {
      await this.expectAcknowledgement('puback', packetId);
    } else if (fields.qos === 2) {
      await this.expectAcknowledgement('pubrec', packetId);
      this.acknowledge('pubrel', packetId);
      await this.expectAcknowledgement('pubcomp', packetId);
    } else {
      await this.ping();
    }
  }

  acknowledge(
    type: PublishAcknowledgement['type'],
    packetId: number,
    reasonCode = 0,
    properties: Properties = {},
  ): void {
    this.send({ type, packetId, reasonCode, properties });
  }

  /** The PUBLISH that must come next, not acknowledged. */
  async expectMessage(expected: { readonly [Key in keyof Publish]?: unknown } = {}): Promise<Publish> {
    const packet = await this.expect('publish');
    const seen = { ...packet, payload: packet.payload.toString() };
    for (const [field, value] of Object.entries(expected)) {
      assert.deepEqual(seen[field as keyof Publish], value, `${field} of ${shown(packet)}`);
    }
    return packet;
  }

  /** The PUBLISH that must come next, with its flow brought to the end; other packets may come before PUBREL. */
  async receive(expected: { readonly [Key in keyof Publish]?: unknown } = {}): Promise<Publish> {
    const packet = await this.expectMessage(expected);
    if (packet.qos === 1) this.acknowledge('puback', packet.packetId);
    if (packet.qos === 2) {
      const { packetId } = packet;
      this.acknowledge('pubrec', packetId);
      const pubrel = await this.#take((other) => other.type === 'pubrel' && other.packetId === packetId);
      if (pubrel === 'closed') assert.fail(`expected pubrel ${packetId}, came the end of the connection`);
      this.acknowledge('pubcomp', packetId);
    }
    return packet;
  }

  /** Sends DISCONNECT and waits until the broker has closed. */
  async disconnect(reasonCode = 0, properties: Properties = {}): Promise<void> {
    this.send({ type: 'disconnect', reasonCode, properties });
    await this.expectClosed();
  }

  /** Drops the network connection without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Stops reading, so that what the broker sends piles up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  nextPacketId(): number {
    this.#lastPacketId += 1;
    return this.#lastPacketId;
  }

  #receive(chunk: Buffer): void {
    this.#reader.push(chunk);
    try {
      while (this.#reader.next()) {
        const { type, flags, buffer, bodyStart, end } = this.#reader;
        this.#arrived.push(decodePacket(type, flags, buffer, bodyStart, end, this.version));
      }
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#wake();
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }
}

const plainOptions = { qos: 0 as QoS, noLocal: false, retainAsPublished: false, retainHandling: 0 as const };

export function publishPacket(topic: string, payload: string | Buffer, fields: PublishFields = {}): Publish {
  return {
    type: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: {},
    ...fields,
  };
}

/** SUBSCRIBE to filters with the same options. */
export function subscribePacket(
  packetId: number,
  filters: string | readonly string[],
  { identifier, ...options }: SubscribeFields = {},
): Subscribe {
  return {
    type: 'subscribe',
    packetId,
    subscriptions: [filters].flat().map((filter) => ({ ...plainOptions, ...options, filter })),
    properties: identifier === undefined ? {} : { subscriptionIdentifiers: [identifier] },
  };
}

function shown(packet: ControlPacket | 'closed'): string {
  if (packet === 'closed') return 'the end of the connection';
  const payload = packet.type === 'publish' ? { payload: packet.payload.toString() } : {};
  return JSON.stringify({ ...packet, ...payload });
}
