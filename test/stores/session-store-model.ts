import type {
  ClaimOutcome,
  InflightState,
  QueuedRecord,
  RetainedRecord,
  SessionContents,
  SessionRecord,
  StoreWrite,
  SubscriptionRecord,
  WillRecord,
  WriteOutcome,
} from '../../src/stores/session-store.ts';

interface ModelSession {
  fields: Omit<SessionRecord, 'clientId' | 'epoch'>;
  subscriptions: SubscriptionRecord[];
  messages: QueuedRecord[];
  firstSent: number[];
  inboundQos2: number[];
  will: WillRecord | undefined;
  lastPosition: number;
}

/** The session port said in plain lists, slow and easy to check by reading. Stores are compared with it. */
export class SessionStoreModel {
  readonly #epochs: Record<string, number> = {};
  #released = 0;
  readonly #sessions: Record<string, ModelSession> = {};
  #retained: RetainedRecord[] = [];

  find(clientId: string): SessionRecord | undefined {
    const session = this.#sessions[clientId];
    return session && { ...session.fields, clientId, epoch: this.#epochs[clientId]! };
  }

  claim(clientId: string, epoch: number): ClaimOutcome {
    const inForce = this.#epochs[clientId] ?? this.#released;
    if (inForce >= epoch) return { kind: 'stale', epoch: inForce };
    this.#epochs[clientId] = epoch;
    return { kind: 'claimed' };
  }

  load(clientId: string, epoch: number): SessionContents | 'stale' | undefined {
    return epoch === this.#epochs[clientId] ? this.#contents(clientId) : 'stale';
  }

  readQueue(clientId: string, epoch: number, after: number, limit: number): QueuedRecord[] | 'stale' {
    if (epoch !== this.#epochs[clientId]) return 'stale';
    const messages = this.#sessions[clientId]?.messages ?? [];
    return messages
      .filter(({ position, inflight }) => position > after && inflight === undefined)
      .slice(0, limit);
  }

  write(batch: readonly StoreWrite[]): WriteOutcome {
    const stale = new Set<string>();
    for (const write of batch) {
      if ('epoch' in write && write.epoch !== this.#epochs[write.clientId]) stale.add(write.clientId);
    }
    for (const write of batch) if (!('clientId' in write && stale.has(write.clientId))) this.#apply(write);
    return { stale: [...stale] };
  }

  sessions(): SessionContents[] {
    return Object.keys(this.#sessions).map((clientId) => this.#contents(clientId)!);
  }

  retained(): RetainedRecord[] {
    return this.#retained;
  }

  #contents(clientId: string): SessionContents | undefined {
    const session = this.#sessions[clientId];
    if (session === undefined) return undefined;
    const inflight = session.firstSent.map((sent) => {
      const record = session.messages.find(({ position }) => position === sent)!;
      return { ...record, inflight: record.inflight! };
    });
    return {
      session: this.find(clientId)!,
      subscriptions: session.subscriptions,
      inflight,
      inboundQos2: session.inboundQos2,
      ...(session.will === undefined ? {} : { will: session.will }),
      lastPosition: session.lastPosition,
      queued: session.messages.length - inflight.length,
    };
  }

  #apply(write: StoreWrite): void {
    if (write.kind === 'put-retained' || write.kind === 'delete-retained') {
      const topic = write.kind === 'put-retained' ? write.retained.message.topic : write.topic;
      this.#retained = this.#retained.filter(({ message }) => message.topic !== topic);
      if (write.kind === 'put-retained') this.#retained.push(write.retained);
      return;
    }
    if (write.kind === 'release') {
      delete this.#epochs[write.clientId];
      delete this.#sessions[write.clientId];
      this.#released = Math.max(this.#released, write.epoch);
      return;
    }
    const session = this.#sessions[write.clientId];
    if (write.kind === 'delete-session') delete this.#sessions[write.clientId];
    else if (session !== undefined) applyTo(session, write);
    else if (write.kind === 'put-session') this.#sessions[write.clientId] = emptySession(write.session);
  }
}

function emptySession(fields: ModelSession['fields']): ModelSession {
  return {
    fields,
    subscriptions: [],
    messages: [],
    firstSent: [],
    inboundQos2: [],
    will: undefined,
    lastPosition: 0,
  };
}

function applyTo(session: ModelSession, write: StoreWrite): void {
  switch (write.kind) {
    case 'put-session':
      session.fields = write.session;
      return;
    case 'put-subscription':
    case 'delete-subscription': {
      const filter = write.kind === 'put-subscription' ? write.subscription.filter : write.filter;
      session.subscriptions = session.subscriptions.filter((other) => other.filter !== filter);
      if (write.kind === 'put-subscription') session.subscriptions.push(write.subscription);
      return;
    }
    case 'enqueue':
      session.messages.push(write.queued);
      session.lastPosition = write.queued.position;
      if (write.queued.inflight !== undefined) session.firstSent.push(write.queued.position);
      return;
    case 'set-inflight':
      setInflight(session, write.position, write.inflight);
      return;
    case 'dequeue':
      session.messages = session.messages.filter(({ position }) => position !== write.position);
      session.firstSent = session.firstSent.filter((position) => position !== write.position);
      return;
    case 'put-inbound-qos2':
      session.inboundQos2 = [...new Set([...session.inboundQos2, write.packetId])];
      return;
    case 'delete-inbound-qos2':
      session.inboundQos2 = session.inboundQos2.filter((packetId) => packetId !== write.packetId);
      return;
    case 'put-will':
      session.will = write.will;
      return;
    case 'delete-will':
      session.will = undefined;
      return;
  }
}

function setInflight(session: ModelSession, position: number, inflight: InflightState): void {
  const index = session.messages.findIndex((message) => message.position === position);
  if (index === -1) return;
  session.messages[index] = { ...session.messages[index]!, inflight };
  if (!session.firstSent.includes(position)) session.firstSent.push(position);
}
