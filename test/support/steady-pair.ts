import assert from 'node:assert/strict';
import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import type { Listener } from './broker-process.ts';

/** Numbered messages on their way at once. */
const AT_ONCE = 4;

export interface SteadyPairLogin {
  readonly username: string;
  readonly password: string;
  /** Both may publish and read it. */
  readonly topic: string;
}

/**
 * A publisher and a subscriber of MQTT.js that behave well while a test attacks the broker: numbered QoS 1 messages, the
 * next as soon as one has arrived. Each must arrive once and in order, on the connections that were there at the start.
 */
export class SteadyPair {
  readonly #publisher: MqttClient;
  readonly #subscriber: MqttClient;
  readonly #topic: string;
  readonly #arrived: number[] = [];
  readonly #failures: string[] = [];
  readonly #waiters = new Set<() => void>();
  #published = 0;
  #acknowledged = 0;
  #stopping = false;

  private constructor(publisher: MqttClient, subscriber: MqttClient, topic: string) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#topic = topic;
  }

  /** Connects both and begins. */
  static async start(
    owner: { after(cleanUp: () => Promise<void>): void },
    { host, port }: Listener,
    { username, password, topic }: SteadyPairLogin,
  ): Promise<SteadyPair> {
    const connect = (clientId: string): Promise<MqttClient> =>
      connectAsync(`mqtt://${host}:${port}`, {
        clientId,
        username,
        password,
        protocolVersion: 4,
        reconnectPeriod: 0,
        keepalive: 10,
      });
    const [publisher, subscriber] = [await connect('steady-publisher'), await connect('steady-subscriber')];
    owner.after(async () => {
      await Promise.all([publisher.endAsync(true), subscriber.endAsync(true)]);
    });
    const pair = new SteadyPair(publisher, subscriber, topic);
    await pair.#begin();
    return pair;
  }

  /** Waits until so many more messages have made their way: everybody still gets their turn. */
  async exchange(count: number, timeoutMs = 20_000): Promise<void> {
    const goal = this.#arrived.length + count;
    await this.#until(() => this.#arrived.length >= goal, timeoutMs);
  }

  /** Sends no more, waits for what is under way, and checks everything. */
  async finish(): Promise<void> {
    this.#stopping = true;
    await this.#until(
      () => this.#arrived.length >= this.#published && this.#acknowledged >= this.#published,
      20_000,
    );
    assert.deepEqual(this.#failures, []);
    assert.deepEqual(
      this.#arrived,
      Array.from({ length: this.#published }, (_, index) => index),
    );
  }

  async #begin(): Promise<void> {
    for (const [name, client] of [
      ['publisher', this.#publisher],
      ['subscriber', this.#subscriber],
    ] as const) {
      client.on('close', () => this.#note(`the ${name} lost its connection`));
      client.on('error', (error) => this.#note(`the ${name} failed: ${error.message}`));
    }
    this.#subscriber.on('message', (_topic, payload) => {
      this.#arrived.push(Number(payload.toString()));
      this.#send();
      this.#wake();
    });
    await this.#subscriber.subscribeAsync(this.#topic, { qos: 1 });
    for (let index = 0; index < AT_ONCE; index++) this.#send();
  }

  #send(): void {
    if (this.#stopping) return;
    const number = this.#published++;
    this.#publisher.publish(this.#topic, String(number), { qos: 1 }, (error) => {
      if (error) this.#note(`message ${number}: ${error.message}`);
      this.#acknowledged++;
      this.#wake();
    });
  }

  #note(failure: string): void {
    if (!this.#stopping || this.#acknowledged < this.#published) this.#failures.push(failure);
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiters]) look();
  }

  async #until(fits: () => boolean, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const { length } = this.#arrived;
      reject(new Error(`${length} of ${this.#published} messages arrived within ${timeoutMs} ms`));
    }, timeoutMs);
    const look = (): void => {
      if (this.#failures.length > 0) reject(new Error(this.#failures.join('; ')));
      else if (fits()) resolve();
    };
    this.#waiters.add(look);
    look();
    await promise.finally(() => {
      this.#waiters.delete(look);
      clearTimeout(timer);
    });
  }
}
