import type {
  MessageRecord,
  QueuedRecord,
  SessionRecord,
  StoreWrite,
  SubscriptionRecord,
  WillRecord,
} from '../../src/stores/session-store.ts';

export function messageRecord(overrides: Partial<MessageRecord> = {}): MessageRecord {
  return {
    topic: 'plant/line-1/temperature',
    payload: Buffer.from('21.5'),
    qos: 1,
    retain: false,
    properties: Buffer.from([0x01, 0x01]),
    expiresAt: Infinity,
    publisher: 'sensor-001',
    publisherIdentity: 'client:sensor-001',
    ...overrides,
  };
}

export function queuedRecord(position: number, overrides: Partial<QueuedRecord> = {}): QueuedRecord {
  return {
    position,
    message: messageRecord({ payload: Buffer.from(`message ${position}`) }),
    qos: 1,
    retain: false,
    identifiers: [],
    queuedAt: 1_700_000_000_000,
    ...overrides,
  };
}

export function subscriptionRecord(
  filter: string,
  overrides: Partial<SubscriptionRecord> = {},
): SubscriptionRecord {
  return { filter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, ...overrides };
}

export function willRecord(overrides: Partial<WillRecord> = {}): WillRecord {
  return { message: messageRecord({ topic: 'status' }), delay: 5000, firesAt: Infinity, ...overrides };
}

export function sessionFields(
  overrides: Partial<SessionRecord> = {},
): Omit<SessionRecord, 'clientId' | 'epoch'> {
  return {
    identityKey: 'client:sensor-001',
    clientType: 'DEVICE',
    expiryInterval: 60_000,
    expiresAt: Infinity,
    ...overrides,
  };
}

/** A write that makes the session, for tests about what belongs to it. */
export function putSession(clientId: string, epoch: number): StoreWrite {
  return { kind: 'put-session', clientId, epoch, session: sessionFields() };
}

export function enqueue(clientId: string, epoch: number, queued: QueuedRecord): StoreWrite {
  return { kind: 'enqueue', clientId, epoch, queued };
}
