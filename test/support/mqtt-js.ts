import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { IClientOptions, IClientPublishOptions, ISubscriptionMap } from 'mqtt';
import { connect, MqttClient } from 'mqtt';
import type { IConnackPacket, IDisconnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import type { Listener } from './broker-process.ts';

export const mqttVersions = ['3.1', '3.1.1', '5.0'] as const;
export type MqttVersion = (typeof mqttVersions)[number];

const protocols = {
  '3.1': { protocolVersion: 3, protocolId: 'MQIsdp' },
  '3.1.1': { protocolVersion: 4, protocolId: 'MQTT' },
  '5.0': { protocolVersion: 5, protocolId: 'MQTT' },
} as const;

const schemes = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' } as const;

const patienceMs = 5_000;

export interface MqttJsOptions {
  /** 5.0 unless told. */
  readonly version?: MqttVersion;
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly caFile: string; readonly certFile?: string; readonly keyFile?: string };
  /** Anything else MQTT.js understands. */
  readonly more?: IClientOptions;
  /** A byte stream that is there already, in place of a connection to the listener. */
  readonly stream?: Duplex;
}

export type Filters = string | readonly string[] | ISubscriptionMap;

/** One connection of MQTT.js with all that came over it. It never reconnects by itself. */
export class MqttJsClient {
  readonly client: MqttClient;
  /** Every packet as it came: topics that an alias stands for are empty here. */
  readonly packets: Packet[] = [];
  /** Messages as an application gets them: QoS 2 ones after PUBREL, topics behind aliases filled in. */
  readonly messages: IPublishPacket[] = [];
  /** What MQTT.js found fault with, below MQTT too. */
  readonly errors: Error[] = [];
  closed = false;
  readonly #watchers = new Set<() => void>();

  constructor(client: MqttClient) {
    this.client = client;
    client.on('packetreceive', (packet) => this.#note(() => this.packets.push({ ...packet })));
    client.on('message', (topic, _, packet) => this.#note(() => this.messages.push({ ...packet, topic })));
    client.on('error', (error) => this.#note(() => this.errors.push(error)));
    client.on('close', () => {
      this.#note(() => {
        this.closed = true;
      });
    });
  }

  /** CONNACK, or undefined while none has come. */
  get connack(): IConnackPacket | undefined {
    return this.packets.find((packet) => packet.cmd === 'connack');
  }

  /** Return or reason code of CONNACK; undefined when none came. */
  get connackCode(): number | undefined {
    return this.connack?.reasonCode ?? this.connack?.returnCode;
  }

  /** The broker's DISCONNECT. */
  get disconnect(): IDisconnectPacket | undefined {
    return this.packets.find((packet) => packet.cmd === 'disconnect');
  }

  /** Payloads of the messages, as text. */
  get payloads(): readonly string[] {
    return this.messages.map(({ payload }) => payload.toString());
  }

  /** Waits until `find` gives something, looking again after each packet and at the end of the connection. */
  until<T>(what: string, find: () => T | undefined, timeoutMs = patienceMs): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        end();
      };
      const look = (): void => {
        const found = find();
        if (found !== undefined) finish(() => resolve(found));
      };
      const seen = (): string => JSON.stringify(this.packets.map(({ cmd }) => cmd));
      const timer = setTimeout(() => {
        finish(() => reject(new Error(`no ${what} within ${timeoutMs} ms; came: ${seen()}, ${this.errors}`)));
      }, timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Waits until this many messages are there, and gives them all. */
  waitForMessages(count: number, timeoutMs?: number): Promise<readonly IPublishPacket[]> {
    const enough = () => (this.messages.length >= count ? this.messages : undefined);
    return this.until(`message number ${count}`, enough, timeoutMs);
  }

  /** Waits for a message with this payload: one sent last shows that nothing came before it. */
  waitForPayload(payload: string): Promise<IPublishPacket> {
    const find = () => this.messages.find((message) => message.payload.toString() === payload);
    return this.until(`message ${payload}`, find);
  }

  /** Waits for the end of the connection; gives the reason code of the broker's DISCONNECT, if one came. */
  async waitForClose(timeoutMs?: number): Promise<number | undefined> {
    await this.until('end of the connection', () => this.closed || undefined, timeoutMs);
    return this.disconnect?.reasonCode;
  }

  /** Subscribes; gives the codes of SUBACK, refusals included. */
  async subscribe(filters: Filters, options: object = {}): Promise<readonly number[]> {
    const wanted = typeof filters === 'string' || !Array.isArray(filters) ? filters : [...filters];
    const earlier = this.#count('suback');
    // A refusal is an error to MQTT.js; here it is a code like any other.
    this.client.subscribe(wanted as string, { qos: 0, ...options }, () => {});
    return this.until('SUBACK', () => {
      const packet = this.packets.filter(({ cmd }) => cmd === 'suback')[earlier];
      return packet?.cmd === 'suback' ? (packet.granted as readonly number[]) : undefined;
    });
  }

  async unsubscribe(filter: string): Promise<void> {
    await this.client.unsubscribeAsync(filter);
  }

  /** Publishes; gives the reason code of the last acknowledgement (0 in 3.x and for QoS 0), or that none came. */
  async publish(
    topic: string,
    payload: string | Buffer,
    options: IClientPublishOptions = {},
  ): Promise<number | 'closed'> {
    let code: number | undefined;
    this.client.publish(topic, payload, options, (error, packet) => {
      if (error !== undefined && error !== null) code = 'code' in error ? Number(error.code) : -1;
      else code = packet !== undefined && 'reasonCode' in packet ? (packet.reasonCode ?? 0) : 0;
      this.#note(() => {});
    });
    return this.until(`acknowledgement of ${topic}`, () => code ?? (this.closed ? 'closed' : undefined));
  }

  /** DISCONNECT, and the end of the connection. */
  async end(options: Partial<IDisconnectPacket> = {}): Promise<void> {
    if (!this.closed) await this.client.endAsync(false, options);
  }

  /** Ends the network connection without a word. */
  async vanish(): Promise<void> {
    this.client.stream.destroy();
    await this.waitForClose();
  }

  #count(command: Packet['cmd']): number {
    return this.packets.filter(({ cmd }) => cmd === command).length;
  }

  #note(change: () => unknown): void {
    change();
    for (const watcher of [...this.#watchers]) watcher();
  }
}

function optionsFor(listener: Listener, options: MqttJsOptions): IClientOptions {
  const { version = '5.0', clientId, username, password, tls, more } = options;
  return {
    ...protocols[version],
    protocol: schemes[listener.protocol as keyof typeof schemes],
    host: listener.host,
    hostname: listener.host,
    port: listener.port,
    reconnectPeriod: 0,
    ...(listener.path !== undefined && { path: listener.path }),
    ...(clientId !== undefined && { clientId }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && {
      ca: readFileSync(tls.caFile),
      ...(tls.certFile !== undefined && { cert: readFileSync(tls.certFile) }),
      ...(tls.keyFile !== undefined && { key: readFileSync(tls.keyFile) }),
    }),
    ...more,
  };
}

/** Starts to connect; resolves at CONNACK, whatever it says, or at the end of the connection. Ends with the test. */
export async function connectMqttJs(
  owner: { after(cleanUp: () => Promise<void>): void },
  listener: Listener,
  options: MqttJsOptions = {},
): Promise<MqttJsClient> {
  const wanted = optionsFor(listener, options);
  const { stream } = options;
  const made = stream === undefined ? connect(wanted) : new MqttClient(() => stream, wanted);
  const client = new MqttJsClient(made);
  owner.after(async () => {
    made.end(true);
  });
  await client.until('CONNACK', () => client.connack ?? (client.closed || undefined));
  // MQTT.js acts on CONNACK after it has told of it.
  if (client.connackCode === 0) await client.until('connection', () => made.connected || undefined);
  else await client.waitForClose();
  return client;
}
