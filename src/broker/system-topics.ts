import type { CancelTimer } from '../runtime/clock.ts';
import { Message } from '../session/message.ts';
import type { Broker } from './broker.ts';
import { publishMessage } from './deliver.ts';

/** Milliseconds between updates, as mosquitto's sys_interval. */
const INTERVAL = 10_000;

const NO_PROPERTIES = Buffer.alloc(0);

/**
 * `$SYS/broker/…` under mosquitto's names, retained, and published again when a value has changed. Reading them needs a
 * permission that begins with `$SYS` (row A10).
 */
export class SystemTopics {
  readonly #broker: Broker;
  readonly #version: string;
  readonly #published = new Map<string, string>();
  #cancel: CancelTimer | undefined;

  /** `version` is the product's, for `$SYS/broker/version`. */
  constructor(broker: Broker, version: string) {
    this.#broker = broker;
    this.#version = version;
  }

  start(): void {
    this.#publish();
    this.#cancel = this.#broker.clock.after(INTERVAL, () => this.start());
  }

  stop(): void {
    this.#cancel?.();
  }

  #publish(): void {
    for (const [name, value] of Object.entries(this.#values())) {
      const text = String(value);
      if (this.#published.get(name) === text) continue;
      this.#published.set(name, text);
      publishMessage(this.#broker, systemMessage(`$SYS/broker/${name}`, text));
    }
  }

  #values(): Record<string, string | number> {
    const { counters, sessions, retained, router, clock, startedAt } = this.#broker;
    const memory = process.memoryUsage();
    let stored = 0;
    for (const session of sessions.values()) stored += session.queuedCount;
    return {
      version: `portcullis version ${this.#version}`,
      uptime: `${Math.floor((clock.monotonic() - startedAt) / 1000)} seconds`,
      'clients/total': sessions.size,
      'clients/connected': counters.clientsConnected,
      'clients/disconnected': sessions.size - counters.clientsConnected,
      'clients/maximum': counters.clientsMaximum,
      'subscriptions/count': router.subscriptionCount,
      'retained messages/count': retained.count,
      'store/messages/count': stored + retained.count,
      'store/messages/bytes': retained.bytes,
      'messages/received': counters.messagesReceived + counters.publishReceived,
      'publish/messages/received': counters.publishReceived,
      'publish/messages/sent': counters.publishSent,
      'publish/messages/dropped': counters.publishDropped,
      'heap/current': memory.heapUsed,
    };
  }
}

function systemMessage(topic: string, text: string): Message {
  return new Message({
    topic,
    payload: Buffer.from(text),
    qos: 0,
    retain: true,
    properties: NO_PROPERTIES,
    expiresAt: Number.POSITIVE_INFINITY,
    publisher: '',
    publisherIdentity: '',
  });
}
