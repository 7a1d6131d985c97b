import type { CancelTimer } from '../runtime/clock.ts';
import type { Message } from '../session/message.ts';
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
  /** Wall-clock milliseconds. */
  readonly firesAt: number;
  readonly cancel: CancelTimer;
}

/** A will that no longer waits, and when it would have fired. */
export type WithdrawnWill = Omit<Waiting, 'cancel'>;

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
    this.#wait(session, will, this.#broker.clock.now() + delay);
  }

  /** The client came back in time: the will is not published [MQTT-3.1.3-9]. The store is told by `keep`. */
  withdraw(session: Session): WithdrawnWill | undefined {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) return undefined;
    waiting.cancel();
    this.#waiting.delete(session);
    return { will: waiting.will, firesAt: waiting.firesAt };
  }

  /** It did not come back after all: the will waits again, until the time it would have fired. */
  reinstate(session: Session, { will, firesAt }: WithdrawnWill): void {
    this.#wait(session, will, firesAt);
  }

  /** The session ends, or the delay is over. */
  fireNow(session: Session): void {
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) return;
    waiting.cancel();
    this.#waiting.delete(session);
    this.#fire(session, waiting.will);
  }

  /** What the store has as the will of a connected client: this one, or none. */
  keep(session: Session, will: Will | undefined): void {
    if (will === undefined) this.#store(session, { kind: 'delete-will' });
    else this.#store(session, { kind: 'put-will', will, firesAt: Number.POSITIVE_INFINITY });
  }

  /** DISCONNECT has discarded the will: what the store has of it goes too. */
  forget(session: Session): void {
    this.#store(session, { kind: 'delete-will' });
  }

  #wait(session: Session, will: Will, firesAt: number): void {
    const cancel = this.#broker.clock.after(firesAt - this.#broker.clock.now(), () => this.fireNow(session));
    this.#waiting.set(session, { will, firesAt, cancel });
    this.#store(session, { kind: 'put-will', will, firesAt });
  }

  #fire(session: Session, will: Will): void {
    const broker = this.#broker;
    const { message, messageExpiry, policy } = will;
    this.#store(session, { kind: 'delete-will' });
    // Row A9: the right is looked at again when the will fires.
    if (policy.compiled.permits('write', message.topic)) {
      publishMessage(broker, message.expiringAt(broker.clock.now() + messageExpiry));
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
