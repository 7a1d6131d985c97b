import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Message } from '../../../src/session/message.ts';
import type { DeliveryTarget, OutboxJournal } from '../../../src/session/outbox.ts';
import { Outbox } from '../../../src/session/outbox.ts';
import type { InflightState, QueuedRecord } from '../../../src/stores/session-store.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function record(position: number, qos: 1 | 2 = 1, inflight?: InflightState): QueuedRecord {
  const message = new Message({
    topic: 'a',
    payload: Buffer.from(`${position}`),
    qos,
    retain: false,
    properties: Buffer.alloc(0),
    expiresAt: Number.POSITIVE_INFINITY,
    publisher: 'p',
    publisherIdentity: 'p',
  });
  const queued = { position, message, qos, retain: false, identifiers: [], queuedAt: 0 };
  return inflight === undefined ? queued : { ...queued, inflight };
}

/** A client and a store that note what reaches them, in one list. */
class Surroundings implements DeliveryTarget, OutboxJournal {
  readonly noted: string[] = [];
  writable = true;
  /** Positions that this client may not be sent. */
  readonly withheld = new Set<number>();
  /** What the store keeps behind the window, and the answers that a test withholds. */
  stored: QueuedRecord[] = [];
  readonly unconfirmed: (() => void)[] = [];
  confirms = true;

  /** What was noted since the last call. */
  get news(): string[] {
    return this.noted.splice(0);
  }

  sendPublish({ position }: QueuedRecord, packetId: number, dup: boolean): 'sent' | 'withheld' {
    if (this.withheld.has(position)) {
      this.noted.push(`withheld ${position}`);
      return 'withheld';
    }
    this.noted.push(`publish ${position} as ${packetId}${dup ? ' again' : ''}`);
    return 'sent';
  }

  sendPubrel(packetId: number): void {
    this.noted.push(`pubrel ${packetId}`);
  }

  inflight({ position }: QueuedRecord, packetId: number, phase: string, durable: () => void): void {
    this.noted.push(`store ${position} as ${packetId}, ${phase}`);
    if (this.confirms) durable();
    else this.unconfirmed.push(durable);
  }

  done({ position }: QueuedRecord): void {
    this.noted.push(`done ${position}`);
  }

  async read(after: number, limit: number): Promise<readonly QueuedRecord[]> {
    this.noted.push(`read behind ${after}`);
    return this.stored.filter(({ position }) => position > after).slice(0, limit);
  }

  leftQueue(): void {}

  confirm(): void {
    for (const durable of this.unconfirmed.splice(0)) durable();
  }
}

function transient(quota = 10): { client: Surroundings; outbox: Outbox } {
  const client = new Surroundings();
  return { client, outbox: new Outbox(client, client, quota, false) };
}

/** The outbox of a stored session that has looked into the store. */
async function stored(quota = 10): Promise<{ client: Surroundings; outbox: Outbox }> {
  const client = new Surroundings();
  const outbox = new Outbox(client, client, quota, true);
  outbox.resume([]);
  await turn();
  assert.deepEqual(client.news, ['read behind 0']);
  return { client, outbox };
}

describe('outbox: quota and order', () => {
  test('[MQTT-3.3.4-9] never more than the quota is unacknowledged', () => {
    const { client, outbox } = transient(2);
    for (let position = 1; position <= 4; position++) outbox.offer(record(position));
    assert.deepEqual(client.news, ['publish 1 as 1', 'publish 2 as 2']);
    assert.equal(outbox.puback(2), true);
    assert.deepEqual(client.news, ['done 2', 'publish 3 as 3']);
    assert.equal(outbox.puback(1), true);
    assert.deepEqual(client.news, ['done 1', 'publish 4 as 4']);
    assert.equal(outbox.inflightCount, 2);
  });

  test('a reader that is too slow gets nothing until it is writable', () => {
    const { client, outbox } = transient();
    client.writable = false;
    outbox.offer(record(1));
    outbox.offer(record(2));
    outbox.pump();
    assert.deepEqual(client.news, []);
    client.writable = true;
    outbox.pump();
    assert.deepEqual(client.news, ['publish 1 as 1', 'publish 2 as 2']);
  });

  test('a message that may not be sent is done, and the next takes its place', () => {
    const { client, outbox } = transient(1);
    client.withheld.add(1).add(2);
    for (let position = 1; position <= 3; position++) outbox.offer(record(position));
    assert.deepEqual(
      client.news.filter((line) => !line.startsWith('withheld')),
      ['done 1', 'done 2', 'publish 3 as 3'],
    );
  });

  test('the oldest that waits can be dropped; what is in flight cannot', () => {
    const { client, outbox } = transient(1);
    for (let position = 1; position <= 3; position++) outbox.offer(record(position));
    assert.equal(outbox.oldest?.position, 2);
    assert.equal(outbox.dropOldest()?.position, 2);
    outbox.puback(1);
    assert.deepEqual(client.news, ['publish 1 as 1', 'done 1', 'publish 3 as 2']);
    assert.equal(outbox.dropOldest(), undefined);
  });

  test('once closed it sends nothing', () => {
    const { client, outbox } = transient();
    outbox.close();
    outbox.offer(record(1));
    outbox.pump();
    assert.deepEqual(client.news, []);
  });
});

describe('outbox: QoS 2', () => {
  test('the PUBLISH of a stored session waits until its identifier is durable, PUBREL for the PUBREC', async () => {
    const { client, outbox } = await stored();
    client.confirms = false;
    outbox.offer(record(1, 2));
    assert.deepEqual(client.news, ['store 1 as 1, publish']);
    client.confirm();
    assert.deepEqual(client.news, ['publish 1 as 1']);
    assert.equal(outbox.pubrec(1, 0), true);
    assert.deepEqual(client.news, ['store 1 as 1, pubrel']);
    client.confirm();
    assert.deepEqual(client.news, ['pubrel 1']);
    assert.equal(outbox.pubcomp(1), true);
    assert.deepEqual(client.news, ['done 1']);
  });

  test('a QoS 1 PUBLISH does not wait', async () => {
    const { client, outbox } = await stored();
    client.confirms = false;
    outbox.offer(record(1, 1));
    assert.deepEqual(client.news, ['store 1 as 1, publish', 'publish 1 as 1']);
  });

  test('what becomes durable after the connection has gone is not sent', async () => {
    const { client, outbox } = await stored();
    client.confirms = false;
    outbox.offer(record(1, 2));
    client.confirm();
    outbox.pubrec(1, 0);
    outbox.offer(record(2, 2));
    client.noted.splice(0);
    outbox.close();
    client.confirm();
    assert.deepEqual(client.news, []);
  });

  test('[MQTT-4.3.3-9] PUBREC with 0x80 or more ends the flow', () => {
    const { client, outbox } = transient(1);
    outbox.offer(record(1, 2));
    outbox.offer(record(2, 2));
    assert.equal(outbox.pubrec(1, 0x80), true);
    assert.deepEqual(client.news.slice(-2), ['done 1', 'publish 2 as 2']);
    assert.equal(outbox.pubrec(1, 0), false);
  });

  test('a PUBREC that comes again gets its PUBREL again', () => {
    const { client, outbox } = transient();
    outbox.offer(record(1, 2));
    outbox.pubrec(1, 0);
    outbox.pubrec(1, 0);
    assert.deepEqual(client.news.slice(-2), ['pubrel 1', 'pubrel 1']);
  });

  test('acknowledgements of the wrong kind or identifier change nothing (TH29)', () => {
    const { client, outbox } = transient();
    outbox.offer(record(1, 1));
    outbox.offer(record(2, 2));
    client.noted.splice(0);
    assert.deepEqual(
      [outbox.puback(2), outbox.pubrec(1, 0), outbox.pubcomp(1), outbox.pubcomp(2), outbox.puback(3)],
      [false, false, false, false, false],
    );
    assert.deepEqual(client.news, []);
    assert.equal(outbox.inflightCount, 2);
  });
});

describe('outbox: resume', () => {
  const left = [
    record(1, 1, { packetId: 7, phase: 'publish' }),
    record(2, 2, { packetId: 3, phase: 'pubrel' }),
    record(3, 2, { packetId: 9, phase: 'publish' }),
  ];

  test('[MQTT-4.4.0-1] sends again in order, under the same identifiers, then the queue', async () => {
    const client = new Surroundings();
    client.stored = [record(4)];
    const outbox = new Outbox(client, client, 10, true);
    outbox.resume(left);
    await turn();
    const sent = client.news.filter((line) => line.startsWith('pub'));
    assert.deepEqual(sent.slice(0, 3), ['publish 1 as 7 again', 'pubrel 3', 'publish 3 as 9 again']);
    assert.match(sent[3] ?? '', /^publish 4 as \d+$/);
    assert.equal(sent.length, 4);
  });

  test('a smaller quota holds for what is sent again, and nothing new overtakes it', async () => {
    const client = new Surroundings();
    client.stored = [record(4)];
    const outbox = new Outbox(client, client, 1, true);
    outbox.resume(left);
    await turn();
    const sent = (): string[] => client.news.filter((line) => line.startsWith('pub'));
    assert.deepEqual(sent(), ['publish 1 as 7 again']);
    outbox.puback(7);
    assert.deepEqual(sent(), ['pubrel 3']);
    outbox.pubcomp(3);
    assert.deepEqual(sent(), ['publish 3 as 9 again']);
    outbox.pubrec(9, 0);
    outbox.pubcomp(9);
    await turn();
    assert.equal(sent().length, 2, 'PUBREL, then the queue');
  });

  test('row A4: what may no longer be read is not sent again; QoS 2 keeps its identifier until PUBREC', () => {
    const client = new Surroundings();
    client.withheld.add(1).add(3);
    const outbox = new Outbox(client, client, 10, false);
    outbox.resume(left);
    assert.deepEqual(client.news, ['withheld 1', 'done 1', 'pubrel 3', 'withheld 3']);
    assert.equal(outbox.inflightCount, 2);
    assert.equal(outbox.pubrec(9, 0), true);
    assert.deepEqual(client.news.slice(-1), ['pubrel 9']);
  });
});

describe('outbox: the queue in the store', () => {
  test('thousands are read page by page and sent in order', async () => {
    const client = new Surroundings();
    client.stored = Array.from({ length: 2_500 }, (_, index) => record(index + 1));
    const outbox = new Outbox(client, client, 65_535, true);
    outbox.resume([]);
    for (let count = 0; count < 5; count++) await turn();
    const lines = client.news;
    assert.deepEqual(
      lines.filter((line) => line.startsWith('read')),
      ['read behind 0', 'read behind 1024', 'read behind 2048'],
    );
    const sent = lines.filter((line) => line.startsWith('publish')).map((line) => Number(line.split(' ')[1]));
    assert.deepEqual(
      sent,
      client.stored.map(({ position }) => position),
    );
  });

  test('what comes while the store is read is neither lost nor sent twice', async () => {
    const client = new Surroundings();
    client.stored = [record(1), record(2)];
    const outbox = new Outbox(client, client, 10, true);
    outbox.resume([]);
    // Durable before the answer, and in it or not.
    outbox.offer(record(2));
    client.stored.push(record(3));
    outbox.offer(record(3));
    await turn();
    await turn();
    const sent = client.news.filter((line) => line.startsWith('publish'));
    assert.deepEqual(sent, ['publish 1 as 1', 'publish 2 as 2', 'publish 3 as 3']);
    outbox.offer(record(2));
    outbox.offer(record(4));
    assert.deepEqual(
      client.news.filter((line) => line.startsWith('publish')),
      ['publish 4 as 4'],
    );
  });

  test('with a full window the rest stays in the store and comes in its turn', async () => {
    const { client, outbox } = await stored(1);
    for (let position = 1; position <= 1_100; position++) {
      client.stored.push(record(position));
      outbox.offer(record(position));
    }
    const sent: number[] = [];
    for (let packetId = 1; packetId <= 1_100; packetId++) {
      await turn();
      for (const line of client.news) {
        if (line.startsWith('publish')) sent.push(Number(line.split(' ')[1]));
      }
      assert.equal(outbox.puback(packetId), true);
    }
    assert.deepEqual(
      sent,
      client.stored.map(({ position }) => position),
    );
  });

  test('a stale answer ends the reading', async () => {
    const client = new Surroundings();
    const journal: OutboxJournal = Object.assign(Object.create(client) as Surroundings, {
      read: () => Promise.resolve('stale' as const),
    });
    const outbox = new Outbox(client, journal, 10, true);
    outbox.resume([]);
    await turn();
    assert.deepEqual(client.news, []);
  });
});
