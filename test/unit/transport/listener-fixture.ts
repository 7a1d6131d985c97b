import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { after } from 'node:test';
import type { ListenerSettings, TlsSettings } from '../../../src/config/configuration.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import type { Limits } from '../../../src/runtime/limits.ts';
import { limitsWith } from '../../../src/runtime/limits.ts';
import type { ByteChannel, ChannelReader } from '../../../src/transport/byte-channel.ts';
import type { OpenListener } from '../../../src/transport/listener.ts';
import { openListener } from '../../../src/transport/listener.ts';
import type { TransportEvent } from '../../../src/transport/listener-context.ts';
import type { Certificate } from '../../support/certificates.ts';
import { testCertificates } from '../../support/certificates.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** What a failed test left open would keep the process alive. */
const stillOpen = new Set<OpenListener>();
after(() => Promise.all([...stillOpen].map((listener) => listener.close())));

/** Waits for conditions over state that announces its changes. */
class Changes {
  readonly #waiting = new Set<() => void>();

  announce(): void {
    for (const look of [...this.#waiting]) look();
  }

  until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (!condition()) return;
      this.#waiting.delete(look);
      resolve();
    };
    this.#waiting.add(look);
    look();
    return promise;
  }
}

/** A started channel and what its reader has heard. */
export class ReadChannel implements ChannelReader {
  readonly channel: ByteChannel;
  readonly #chunks: Buffer[] = [];
  readonly #changes = new Changes();
  drainedTimes = 0;
  closedTimes = 0;
  error: Error | undefined;

  constructor(channel: ByteChannel) {
    this.channel = channel;
    channel.start(this);
  }

  data(chunk: Buffer): void {
    assert.equal(this.closedTimes, 0, 'nothing may follow closed');
    this.#chunks.push(chunk);
    this.#changes.announce();
  }

  drained(): void {
    assert.equal(this.closedTimes, 0, 'nothing may follow closed');
    this.drainedTimes += 1;
    this.#changes.announce();
  }

  closed(error?: Error): void {
    this.closedTimes += 1;
    this.error = error;
    this.#changes.announce();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  async text(byteLength: number): Promise<string> {
    await this.#changes.until(() => this.bytes.length >= byteLength);
    return this.bytes.toString('latin1');
  }

  untilDrained(times: number): Promise<void> {
    return this.#changes.until(() => this.drainedTimes >= times);
  }

  async untilClosed(): Promise<Error | undefined> {
    await this.#changes.until(() => this.closedTimes > 0);
    return this.error;
  }
}

export interface LogLine {
  readonly event: TransportEvent;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface FixtureOptions {
  readonly settings?: Partial<ListenerSettings>;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly maxPacketSize?: number;
  readonly connectTimeout?: number;
  /** Connections that are admitted; Infinity unless given. */
  readonly admitted?: number;
  /** Leaves channels unstarted. */
  readonly onChannel?: (channel: ByteChannel) => void;
}

/** An open listener on a port of the system's choice, and everything it told its context. */
export class ListenerFixture {
  readonly fakeClock = new FakeClock();
  readonly log: LogLine[] = [];
  readonly channels: ReadChannel[] = [];
  accepted = 0;
  released = 0;
  #listener: OpenListener | undefined;
  readonly #changes = new Changes();

  static async open(options: FixtureOptions = {}): Promise<ListenerFixture> {
    const fixture = new ListenerFixture();
    fixture.#listener = await openListener(listenerSettings(options.settings), {
      onChannel: options.onChannel ?? ((channel) => fixture.#started(channel)),
      admit: () => fixture.#admit(options.admitted ?? Number.POSITIVE_INFINITY),
      clock: options.clock ?? fixture.fakeClock,
      log: (event, fields) => {
        fixture.log.push({ event, fields: { ...fields } });
        fixture.#changes.announce();
      },
      limits: limitsWith(options.limits),
      connectTimeout: options.connectTimeout ?? 5000,
      maxPacketSize: options.maxPacketSize ?? 1024 * 1024,
    });
    stillOpen.add(fixture.listener);
    return fixture;
  }

  get listener(): OpenListener {
    assert.ok(this.#listener !== undefined);
    return this.#listener;
  }

  get port(): number {
    return this.listener.port;
  }

  connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: this.port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', () => {});
        resolve(socket);
      });
    });
  }

  /** The channel with this number, from 0, as soon as it is there. */
  async channel(index = 0): Promise<ReadChannel> {
    await this.#changes.until(() => this.channels.length > index);
    const channel = this.channels[index];
    assert.ok(channel !== undefined);
    return channel;
  }

  async logged(event: TransportEvent): Promise<LogLine> {
    const find = (): LogLine | undefined => this.log.find((line) => line.event === event);
    await this.#changes.until(() => find() !== undefined);
    return find() as LogLine;
  }

  untilAccepted(count: number): Promise<void> {
    return this.#changes.until(() => this.accepted >= count);
  }

  untilReleased(count: number): Promise<void> {
    return this.#changes.until(() => this.released >= count);
  }

  /** Closes, and checks that nothing is left behind. */
  async close(): Promise<void> {
    stillOpen.delete(this.listener);
    await this.listener.close();
    assert.equal(this.released, this.accepted, 'every ticket is released');
    assert.equal(this.fakeClock.pendingTimers, 0, 'no timer is left');
    for (const channel of this.channels) {
      await channel.untilClosed();
      assert.equal(channel.closedTimes, 1, 'closed is told once');
    }
  }

  #started(channel: ByteChannel): void {
    this.channels.push(new ReadChannel(channel));
    this.#changes.announce();
  }

  #admit(most: number): { release(): void } | undefined {
    if (this.accepted - this.released >= most) return undefined;
    this.accepted += 1;
    this.#changes.announce();
    let released = false;
    return {
      release: () => {
        assert.equal(released, false, 'a ticket is released once');
        released = true;
        this.released += 1;
        this.#changes.announce();
      },
    };
  }
}

export function listenerSettings(settings: Partial<ListenerSettings> = {}): ListenerSettings {
  return {
    name: 'test',
    protocol: 'tcp',
    enabled: true,
    host: '127.0.0.1',
    port: 0,
    path: '/mqtt',
    allowedOrigins: [],
    sharedClientIds: false,
    maxConnections: 10_000,
    ...settings,
  };
}

export function tlsSettings(
  { certFile, keyFile }: Certificate,
  settings: Partial<TlsSettings> = {},
): TlsSettings {
  return { certFile, keyFile, verify: false, handshakeTimeout: 2000, minVersion: 'TLSv1.2', ...settings };
}

/** Settings of a listener that verifies client certificates against the test CA. */
export async function verifyingTls(settings: Partial<TlsSettings> = {}): Promise<TlsSettings> {
  const { authority, server } = await testCertificates();
  return tlsSettings(server, { verify: true, caFile: authority.caFile, ...settings });
}

/** Resolves when the socket is closed, with all that it received. */
export function collectUntilClosed(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

/** Writes, and gives the event loop the turns that a loopback connection needs to deliver it. */
export async function writeSegment(socket: Socket, bytes: Buffer | string): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.write(bytes, () => resolve());
  });
  await turns(3);
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
