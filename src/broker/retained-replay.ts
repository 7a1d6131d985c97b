import type { QoS } from '../codec/control-packet.ts';
import type { Message } from '../session/message.ts';
import type { Session } from '../session/session.ts';
import type { SessionSubscription } from '../session/subscription.ts';
import type { Broker } from './broker.ts';
import type { ClientConnection } from './client-connection.ts';
import { discardRetained } from './deliver.ts';
import { Publication } from './publication.ts';

/** Retained messages sent before others get the event loop. */
const PER_TURN = 256;
/** QoS 1 and 2 messages of a replay that may wait in the queue: the rest is looked up when these are through. */
const QUEUED_AT_MOST = 256;

/**
 * Sends the retained messages of a new subscription, as fast as the client takes them: a million of them is neither
 * copied nor queued. Each is checked like any other delivery (row A4).
 */
export class RetainedReplay {
  readonly subscription: SessionSubscription;
  readonly #broker: Broker;
  readonly #client: ClientConnection;
  readonly #messages: Iterator<Message>;
  #continues = false;

  constructor(broker: Broker, client: ClientConnection, subscription: SessionSubscription) {
    this.#broker = broker;
    this.#client = client;
    this.subscription = subscription;
    this.#messages = broker.retained.match(subscription.filter);
  }

  /** Sends what may be sent now. `waiting`: to be called again when the client has taken some, or the next turn comes. */
  proceed(): 'finished' | 'waiting' {
    const releases: (() => void)[] = [];
    let outcome: 'finished' | 'waiting' = 'waiting';
    for (let sent = 0; this.#mayGoOn(); sent++) {
      if (sent === PER_TURN) {
        this.#continueNextTurn();
        break;
      }
      const next = this.#messages.next();
      if (next.done === true) {
        outcome = 'finished';
        break;
      }
      const release = this.#send(next.value);
      if (release !== undefined) releases.push(release);
    }
    if (releases.length > 0) this.#releaseWhenDurable(releases);
    return outcome;
  }

  #mayGoOn(): boolean {
    const { session } = this.#client;
    return session !== undefined && this.#client.writable && session.queuedCount < QUEUED_AT_MOST;
  }

  #continueNextTurn(): void {
    if (this.#continues) return;
    this.#continues = true;
    setImmediate(() => {
      this.#continues = false;
      if (!this.#client.connection.isClosed) this.#client.proceed();
    });
  }

  #send(message: Message): (() => void) | undefined {
    const { session } = this.#client;
    const now = this.#broker.clock.now();
    if (message.expiresAt <= now) forgetExpired(this.#broker, message);
    else if (session !== undefined && this.#client.mayRead(message.topic))
      return this.#sendTo(session, message, now);
    return undefined;
  }

  #sendTo(session: Session, message: Message, now: number): (() => void) | undefined {
    const { qos: maximum, identifier } = this.subscription;
    const identifiers = identifier === undefined ? [] : [identifier];
    const qos: QoS = message.qos < maximum ? message.qos : maximum;
    // RETAIN is set, as the message is sent because of a new subscription.
    if (qos > 0) return session.enqueue(message, qos as 1 | 2, true, identifiers, now);
    this.#client.sendQos0(
      Publication.of(message, () => now),
      true, // [3.1.1:MQTT-3.3.1-8]
      identifiers,
    );
    return undefined;
  }

  #releaseWhenDurable(releases: readonly (() => void)[]): void {
    this.#broker.writer.whenDurable((error) => {
      if (error === undefined) for (const release of releases) release();
      if (!this.#client.connection.isClosed) this.#client.proceed();
    });
  }
}

/** Expired retained messages leave when somebody comes across them. */
function forgetExpired(broker: Broker, message: Message): void {
  const { topic } = message;
  if (broker.retained.get(topic) !== message) return;
  discardRetained(broker, topic);
}
