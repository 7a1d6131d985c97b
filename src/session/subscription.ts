import type { QoS } from '../codec/control-packet.ts';
import type { Subscription } from '../routing/router.ts';
import type { SubscriptionRecord } from '../stores/session-store.ts';
import type { Session } from './session.ts';

/** One subscription of a session, as the router and the delivery check see it. */
export class SessionSubscription implements Subscription<Session> {
  readonly owner: Session;
  /** As subscribed, `$share/…` included: the key within the session. */
  readonly requested: string;
  /** The inner filter. */
  readonly filter: string;
  readonly group?: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly identifier?: number;
  /**
   * The policy epoch under which it is proven that every topic of this filter may be read: then the delivery check is
   * skipped (row A4). -1: never proven.
   */
  provenEpoch = -1;
  /** Row A6: the right was lost. Kept, delivers nothing, works again when the right returns. */
  suspended = false;

  constructor(owner: Session, record: SubscriptionRecord, inner: { filter: string; group?: string }) {
    this.owner = owner;
    this.requested = record.filter;
    this.filter = inner.filter;
    if (inner.group !== undefined) this.group = inner.group;
    this.qos = record.qos;
    this.noLocal = record.noLocal;
    this.retainAsPublished = record.retainAsPublished;
    this.retainHandling = record.retainHandling;
    if (record.identifier !== undefined) this.identifier = record.identifier;
  }

  /** As the store keeps it. */
  get record(): SubscriptionRecord {
    const { requested: filter, qos, noLocal, retainAsPublished, retainHandling, identifier } = this;
    const options = { filter, qos, noLocal, retainAsPublished, retainHandling };
    return identifier === undefined ? options : { ...options, identifier };
  }
}
