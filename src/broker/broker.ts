import type { Authenticator } from '../authentication/authenticator.ts';
import type { FlushScheduler } from '../connection/flush-scheduler.ts';
import type { WriteSlab } from '../connection/write-slab.ts';
import { Counters } from '../observability/counters.ts';
import type { Log } from '../observability/log.ts';
import { RetainedMessages } from '../routing/retained-messages.ts';
import { Router } from '../routing/router.ts';
import type { CancelTimer, Clock } from '../runtime/clock.ts';
import type { Limits } from '../runtime/limits.ts';
import type { RandomSource } from '../runtime/random.ts';
import type { Message } from '../session/message.ts';
import type { Session, SessionContext } from '../session/session.ts';
import { SessionRegistry } from '../session/session-registry.ts';
import { StoreWriter } from '../session/store-writer.ts';
import type { SessionStore } from '../stores/session-store.ts';
import type { ClientConnection } from './client-connection.ts';
import { errorText } from './error-text.ts';
import { Publication } from './publication.ts';
import type { BrokerSettings } from './settings.ts';
import { WillSchedule } from './will-schedule.ts';

export interface BrokerParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly limits: Limits;
  readonly store: SessionStore;
  readonly scheduler: FlushScheduler;
  readonly slab: WriteSlab;
  readonly settings: BrokerSettings;
  readonly authenticator: Authenticator;
}

/** What the handlers share: the state of one broker process. Behaviour is in `handle-*.ts` and their neighbours. */
export class Broker {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly limits: Limits;
  readonly store: SessionStore;
  readonly scheduler: FlushScheduler;
  readonly slab: WriteSlab;
  readonly router: Router<Session>;
  readonly retained = new RetainedMessages<Message>();
  readonly sessions = new SessionRegistry();
  readonly writer: StoreWriter;
  readonly counters = new Counters();
  readonly wills: WillSchedule;
  readonly sessionContext: SessionContext;
  /** Every network connection whose CONNECT may still come, is being decided, or was accepted. */
  readonly connections = new Set<ClientConnection>();
  /** The message being handled; one object for all. */
  readonly publication: Publication;
  readonly startedAt: number;
  settings: BrokerSettings;
  authenticator: Authenticator;
  pendingAuthentications = 0;
  /** Set at shutdown: nobody new comes in. */
  draining = false;
  readonly #expiries = new Map<Session, CancelTimer>();

  constructor(parts: BrokerParts) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.log = parts.log;
    this.limits = parts.limits;
    this.store = parts.store;
    this.scheduler = parts.scheduler;
    this.slab = parts.slab;
    this.settings = parts.settings;
    this.authenticator = parts.authenticator;
    this.startedAt = parts.clock.monotonic();
    this.router = new Router<Session>(parts.limits);
    this.writer = new StoreWriter(
      parts.store,
      (clientId, epoch) => this.#sessionLost(clientId, epoch),
      (error) => this.log('internal_error', { error: errorText(error) }),
    );
    this.publication = new Publication(() => parts.clock.now());
    this.wills = new WillSchedule(this);
    this.sessionContext = {
      writer: this.writer,
      bounds: { messages: parts.settings.mqtt.maxQueuedMessages, bytes: parts.limits.queuedBytes },
      readQueue: (session, after, limit) => this.#readQueue(session, after, limit),
      dropped: (session) => {
        this.counters.publishDropped++;
        this.log('limit_reached', {
          limit: 'session queue',
          client_id: session.clientId,
          dropped: session.droppedMessages,
        });
      },
    };
  }

  /** Runs `action` when the session has been without a client for so long, unless `cancelExpiry` comes first. */
  expireAfter(session: Session, milliseconds: number, action: () => void): void {
    this.cancelExpiry(session);
    const cancel = this.clock.after(milliseconds, () => {
      this.#expiries.delete(session);
      action();
    });
    this.#expiries.set(session, cancel);
  }

  cancelExpiry(session: Session): void {
    this.#expiries.get(session)?.();
    this.#expiries.delete(session);
  }

  /** The connected client of a session. */
  clientOf(session: Session | undefined): ClientConnection | undefined {
    return session?.target as ClientConnection | undefined;
  }

  /** Writes under an epoch that is void. Only the session that still goes by that epoch has lost anything. */
  #sessionLost(clientId: string, epoch: number): void {
    const session = this.sessions.get(clientId);
    if (session?.epoch !== epoch) return;
    session.lost = true;
    this.log('session_lost', { client_id: clientId });
    this.clientOf(session)?.displace();
  }

  async #readQueue(session: Session, after: number, limit: number): ReturnType<SessionContext['readQueue']> {
    try {
      const { clientId, epoch } = session;
      const records = await this.store.readQueue(clientId, epoch, after, limit);
      if (records === 'stale') this.#sessionLost(clientId, epoch);
      return records;
    } catch (error) {
      this.log('store_failed', {
        operation: 'read queue',
        client_id: session.clientId,
        error: String(error),
      });
      this.clientOf(session)?.failed(error);
      return 'stale';
    }
  }
}
