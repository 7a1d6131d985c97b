import type { CancelTimer } from '../runtime/clock.ts';
import { Message } from '../session/message.ts';
import type { Session } from '../session/session.ts';
import type { Broker } from './broker.ts';
import { publishMessage } from './deliver.ts';
import type { PrincipalPolicy } from './policy.ts';

/** A will as CONNECT left it, with the rights under which it will be judged when it fires. */
export interface Will {
  /** Does not expire: its interval begins when it is published. */
  readonly message: Message;
  /** Milliseconds that it lives once published; Infinity means for ever [5.0 section 3.1.3.2.4]. */
  readonly messageExpiry: number;
  /** Milliseconds. */
  readonly delay: number;
  readonly policy: PrincipalPolicy;
}

interface Waiting {
  readonly will: Will;
  readonly cancel: CancelTimer;
}

/** Wills whose connection has ended and whose Will Delay Interval has not [MQTT-3.1.3-9]. */
export class WillSchedule {
  readonly #broker: Broker;
  readonly #waiting = new Map<Session, Waiting>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Policies of the wills that wait, for a reload. */
  *policies(): IterableIterator<PrincipalPolicy> {
    for (const { will } of this.#waiting.values()) yield will.policy;
  }

  /**
   * The connection ended without a DISCONNECT that discards the will [MQTT-3.1.2-8]: it is published after its delay or
   * with the end of the session, whichever comes first.
   */
  connectionEnded(session: Session, will: Will): void {
    const delay = Math.min(will.delay, session.expiryInterval);
    if (delay <= 0) {
      this.#fire(session, will);
      return;
    }
    const cancel = this.#broker.clock.after(delay, () => this.fireNow(session));
    this.#waiting.set(session, { will, cancel });
    this.#store(session, { kind: 'put-will', will, firesAt: this.#broker.clock.now() + delay });
  }

  /** The client came back in time: the will is not published [MQTT-3.1.3-9]. */
  discard(session: Session): void {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) return;
    waiting.cancel();
    this.#waiting.delete(session);
    this.#store(session, { kind: 'delete-will' });
  }

  /** The session ends, or the delay is over. */
  fireNow(session: Session): void {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) return;
    waiting.cancel();
    this.#waiting.delete(session);
    this.#fire(session, waiting.will);
  }

  /** Keeps the will of a stored session where it survives the process. */
  keep(session: Session, will: Will): void {
    this.#store(session, { kind: 'put-will', will, firesAt: Number.POSITIVE_INFINITY });
  }

  /** DISCONNECT discards the will [MQTT-3.14.4-3]. */
  forget(session: Session): void {
    this.#store(session, { kind: 'delete-will' });
  }

  #fire(session: Session, will: Will): void {
    const broker = this.#broker;
    const { message, messageExpiry, policy } = will;
    this.#store(session, { kind: 'delete-will' });
    // Row A9: the right is looked at again when the will fires.
    if (policy.compiled.permits('write', message.topic)) {
      publishMessage(broker, new Message({ ...message, expiresAt: broker.clock.now() + messageExpiry }));
    } else {
      broker.log('will_suppressed', { client_id: session.clientId, topic: message.topic });
    }
  }

  #store(
    session: Session,
    write: { kind: 'delete-will' } | { kind: 'put-will'; will: Will; firesAt: number },
  ): void {
    if (!session.stored) return;
    const { clientId, epoch } = session;
    if (write.kind === 'delete-will') {
      this.#broker.writer.add({ kind: 'delete-will', clientId, epoch });
    } else {
      const { message, messageExpiry, delay } = write.will;
      this.#broker.writer.add({
        kind: 'put-will',
        clientId,
        epoch,
        will: {
          message,
          ...(messageExpiry !== Number.POSITIVE_INFINITY && { messageExpiry }),
          delay,
          firesAt: write.firesAt,
        },
      });
    }
  }
}
