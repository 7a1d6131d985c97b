import type { QueuedRecord } from '../stores/session-store.ts';
import { InflightTable } from './inflight-table.ts';

/** Messages kept in memory before the rest stays in the store. */
const WINDOW = 1024;

/** Where the outbox sends: the client's connection as this session sees it. */
export interface DeliveryTarget {
  /** False while the reader is too slow: then nothing more is sent. */
  readonly writable: boolean;
  /**
   * Sends a PUBLISH. `withheld`: it may not be sent to this client (expired, no longer readable, larger than its
   * Maximum Packet Size) and counts as done.
   */
  sendPublish(record: QueuedRecord, packetId: number, dup: boolean): 'sent' | 'withheld';
  sendPubrel(packetId: number): void;
}

/** What the outbox changes in the store and in the session's queue. */
export interface OutboxJournal {
  /** Stored sessions only: the message is in flight under this identifier. Calls back when that is durable. */
  inflight(record: QueuedRecord, packetId: number, phase: 'publish' | 'pubrel', durable: () => void): void;
  /** The message is done: its identifier is free. */
  done(record: QueuedRecord): void;
  /** Messages behind `after`, in order. */
  read(after: number, limit: number): Promise<readonly QueuedRecord[] | 'stale'>;
  /** The message left the queue for good or went in flight: it no longer counts against the queue's bounds. */
  leftQueue(record: QueuedRecord): void;
}

interface Inflight {
  readonly record: QueuedRecord;
  phase: 'publish' | 'pubrel';
  /** The identifier of a QoS 2 message is on disk before the message is sent. */
  sent: boolean;
  /** PUBREL has left: that the PUBREC was seen is durable. */
  released: boolean;
}

/**
 * QoS 1 and 2 messages on their way to a connected client: in order, never more unacknowledged than the client allows,
 * each under its own Packet Identifier until its flow is complete.
 */
export class Outbox {
  readonly #target: DeliveryTarget;
  readonly #journal: OutboxJournal;
  readonly #quota: number;
  /** Whether the store keeps the queue, so that what does not fit in memory may stay there. */
  readonly #stored: boolean;
  readonly #inflight = new InflightTable<Inflight>();
  #window: QueuedRecord[] = [];
  #first = 0;
  /** Left unacknowledged by an earlier connection and not yet sent again, because the quota is smaller now. */
  #resends: number[] = [];
  /** Messages in flight that the client has really been sent. */
  #sent = 0;
  /** Position of the last message seen here; the store has what is behind it. */
  #lastSeen: number;
  #moreInStore: boolean;
  #reading = false;
  #closed = false;
  #pumping = false;

  /**
   * @param quota most unacknowledged messages: the smaller of the client's Receive Maximum and `max_ack_pending`
   * @param stored the store keeps the queue: it is read from its beginning, and what does not fit in memory stays there
   */
  constructor(target: DeliveryTarget, journal: OutboxJournal, quota: number, stored: boolean) {
    this.#target = target;
    this.#journal = journal;
    this.#quota = quota;
    this.#stored = stored;
    this.#lastSeen = 0;
    this.#moreInStore = stored;
  }

  get inflightCount(): number {
    return this.#inflight.size;
  }

  /**
   * Sends again what an earlier connection left unacknowledged, under the same identifiers and in the same order
   * [MQTT-4.4.0-1] [MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT-4.3.3-5], then what has been queued since.
   */
  resume(records: readonly QueuedRecord[]): void {
    for (const record of records) {
      if (record.inflight === undefined) continue;
      const { packetId, phase } = record.inflight;
      this.#inflight.restore(packetId, { record, phase, sent: false, released: false });
      this.#resends.push(packetId);
    }
    this.pump();
  }

  /**
   * A message for this session; `record.position` rises from call to call. It is in the store already, or needs none.
   * True when it went in flight at once, so that it never counted as waiting.
   */
  offer(record: QueuedRecord): boolean {
    if (this.#closed || record.position <= this.#lastSeen) return false;
    if (this.#mayPass()) {
      this.#lastSeen = record.position;
      this.#sendFirst(record);
      return true;
    }
    if (this.#stored && (this.#reading || this.#moreInStore || this.#window.length - this.#first >= WINDOW)) {
      this.#moreInStore = true;
      return false;
    }
    this.#window.push(record);
    this.#lastSeen = record.position;
    return false;
  }

  /** Nothing is before a new message, and the client takes it now. */
  #mayPass(): boolean {
    return (
      this.#first === this.#window.length &&
      !this.#moreInStore &&
      !this.#reading &&
      !this.#pumping &&
      this.#resends.length === 0 &&
      this.#inflight.size < this.#quota &&
      this.#target.writable
    );
  }

  /** The oldest message that waits in memory and is not in flight. */
  get oldest(): QueuedRecord | undefined {
    return this.#window[this.#first];
  }

  /** Takes the oldest waiting message out: the queue is over its bounds. */
  dropOldest(): QueuedRecord | undefined {
    const record = this.#window[this.#first];
    if (record !== undefined) this.#shift();
    return record;
  }

  /** Sends while the client and its quota allow. */
  pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    while (this.#resends.length > 0 && this.#sent < this.#quota && this.#target.writable) {
      this.#resend(this.#resends.shift() as number);
    }
    // [MQTT-4.9.0-2]
    while (this.#inflight.size < this.#quota && this.#target.writable && this.#first < this.#window.length) {
      const record = this.#window[this.#first] as QueuedRecord;
      this.#shift();
      this.#sendFirst(record);
    }
    this.#pumping = false;
    if (this.#first === this.#window.length && this.#moreInStore && !this.#reading) void this.#read();
  }

  /** PUBACK. False: no such message is in flight. */
  puback(packetId: number): boolean {
    const inflight = this.#inflight.get(packetId);
    if (inflight === undefined || inflight.record.qos !== 1) return false;
    this.#complete(packetId, inflight);
    this.pump();
    return true;
  }

  /** PUBREC. A reason code of 0x80 or more ends the flow [5.0 section 4.3.3]; else PUBREL is sent once that is durable. */
  pubrec(packetId: number, reasonCode: number): boolean {
    const inflight = this.#inflight.get(packetId);
    if (inflight === undefined || inflight.record.qos !== 2) return false;
    // [MQTT-4.4.0-2]
    if (reasonCode >= 0x80) {
      this.#complete(packetId, inflight);
      this.pump();
    } else if (inflight.phase === 'pubrel') {
      if (inflight.released) this.#target.sendPubrel(packetId);
    } else {
      inflight.phase = 'pubrel';
      if (this.#stored) this.#pubrelWhenDurable(inflight, packetId);
      else this.#release(inflight, packetId);
    }
    return true;
  }

  /** PUBCOMP ends a QoS 2 flow. */
  pubcomp(packetId: number): boolean {
    const inflight = this.#inflight.get(packetId);
    if (inflight === undefined || inflight.phase !== 'pubrel') return false;
    this.#complete(packetId, inflight);
    this.pump();
    return true;
  }

  /** The connection is gone: nothing more is sent, and what the store says later goes nowhere. */
  close(): void {
    this.#closed = true;
    this.#window = [];
    this.#first = 0;
  }

  #resend(packetId: number): void {
    const inflight = this.#inflight.get(packetId);
    if (inflight === undefined) return;
    this.#markSent(inflight);
    // After a PUBREC only PUBREL follows, never the PUBLISH again.
    if (inflight.phase === 'pubrel') this.#release(inflight, packetId);
    // DUP says that this is a second attempt [MQTT-3.3.1-1]. Row A4: what may no longer be read is not sent again; QoS 1
    // frees its identifier, QoS 2 keeps it until the client's PUBREC or the end of the session.
    else if (
      this.#target.sendPublish(inflight.record, packetId, true) === 'withheld' &&
      inflight.record.qos === 1
    ) {
      this.#complete(packetId, inflight);
    }
  }

  #markSent(inflight: Inflight): void {
    inflight.sent = true;
    this.#sent++;
  }

  /** The quota is at most 65,535, so there is an identifier for it. */
  #sendFirst(record: QueuedRecord): void {
    this.#journal.leftQueue(record);
    const inflight: Inflight = { record, phase: 'publish', sent: false, released: false };
    const packetId = this.#inflight.add(inflight);
    // A QoS 2 message leaves when its identifier is durable; a QoS 1 message need not wait for it.
    if (this.#stored && record.qos === 2) {
      this.#sendWhenDurable(inflight, packetId);
      return;
    }
    if (this.#stored) this.#journal.inflight(record, packetId, 'publish', nothing);
    this.#sendNow(inflight, packetId);
  }

  #sendWhenDurable(inflight: Inflight, packetId: number): void {
    this.#journal.inflight(inflight.record, packetId, 'publish', () => {
      if (!this.#closed && this.#inflight.get(packetId) === inflight) this.#sendNow(inflight, packetId);
    });
  }

  #pubrelWhenDurable(inflight: Inflight, packetId: number): void {
    this.#journal.inflight(inflight.record, packetId, 'pubrel', () => {
      if (!this.#closed) this.#release(inflight, packetId);
    });
  }

  #release(inflight: Inflight, packetId: number): void {
    inflight.released = true;
    this.#target.sendPubrel(packetId);
  }

  #sendNow(inflight: Inflight, packetId: number): void {
    this.#markSent(inflight);
    if (this.#target.sendPublish(inflight.record, packetId, false) === 'sent') return;
    this.#complete(packetId, inflight);
    this.pump();
  }

  #complete(packetId: number, inflight: Inflight): void {
    this.#inflight.delete(packetId);
    if (inflight.sent) this.#sent--;
    this.#journal.done(inflight.record);
  }

  #shift(): void {
    this.#first++;
    if (this.#first === this.#window.length) {
      this.#window = [];
      this.#first = 0;
    } else if (this.#first > WINDOW) {
      this.#window = this.#window.slice(this.#first);
      this.#first = 0;
    }
  }

  async #read(): Promise<void> {
    this.#reading = true;
    this.#moreInStore = false;
    const records = await this.#journal.read(this.#lastSeen, WINDOW);
    this.#reading = false;
    if (this.#closed || records === 'stale') return;
    for (const record of records) {
      this.#lastSeen = record.position;
      if (record.inflight === undefined) this.#window.push(record);
    }
    if (records.length === WINDOW) this.#moreInStore = true;
    this.pump();
  }
}

function nothing(): void {
  // Nobody waits for this write.
}
