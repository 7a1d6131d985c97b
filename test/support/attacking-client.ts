import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import type {
  Connect,
  ControlPacket,
  ProtocolVersion,
  PublishAcknowledgement,
} from '../../src/codec/control-packet.ts';
import { decodePacket } from '../../src/codec/decode-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { FrameReader } from '../../src/codec/frame-reader.ts';
import type { Listener } from './broker-process.ts';
import type { Certificate } from './certificates.ts';

const LARGEST_PACKET = 268_435_460;
const PATIENCE = 10_000;

export interface AttackingClientOptions {
  readonly version?: ProtocolVersion;
  /** What a tls or wss listener is trusted by; without it anything is. */
  readonly caFile?: string;
  readonly certificate?: Certificate;
}

/** How a connection ended, seen from the client. */
export interface Ending {
  /** Packets that had come and were not taken yet. */
  readonly packets: readonly ControlPacket[];
  /** Of the WebSocket's close frame. */
  readonly closeCode?: number;
  readonly error?: string;
  /** The broker sent something that does not decode in the client's version. */
  readonly undecodable?: string;
}

/** What carries the bytes. */
interface Carrier {
  /** The TCP or TLS socket beneath. */
  readonly socket: Socket;
  readonly webSocket?: WebSocket;
  write(bytes: Buffer): void;
  finish(): void;
  destroy(): void;
}

type PacketOf<Type extends ControlPacket['type']> = Type extends PublishAcknowledgement['type']
  ? PublishAcknowledgement
  : Extract<ControlPacket, { type: Type }>;

export type ConnectParts = Partial<Omit<Connect, 'type'>>;

/** A CONNECT of 5.0 with a clean start; what is given replaces the defaults. */
export function connectWith(parts: ConnectParts = {}): Connect {
  return {
    type: 'connect',
    protocolVersion: 5,
    bridge: false,
    cleanStart: true,
    keepAlive: 0,
    clientId: 'c',
    properties: {},
    ...parts,
  };
}

/**
 * A client for tests that attack: over any of the four transports it sends the bytes or packets that it is told to, hands
 * out the answers one by one, and tells how the connection ended. Whatever the broker sends must decode.
 */
export class AttackingClient {
  readonly version: ProtocolVersion;
  readonly #reader = new FrameReader(LARGEST_PACKET);
  readonly #arrived: ControlPacket[] = [];
  readonly #waiters = new Set<() => void>();
  #carrier: Carrier | undefined;
  #ending: Omit<Ending, 'packets'> | undefined;

  private constructor(version: ProtocolVersion) {
    this.version = version;
  }

  /** Opens the transport and sends nothing yet. Rejects when the transport is refused. */
  static async open(listener: Listener, options: AttackingClientOptions = {}): Promise<AttackingClient> {
    const client = new AttackingClient(options.version ?? 5);
    const { protocol } = listener;
    if (protocol === 'ws' || protocol === 'wss') await client.#openWebSocket(listener, options);
    else await client.#openSocket(listener, options);
    return client;
  }

  /** Opens the transport, sends CONNECT and takes CONNACK, which must say 0. */
  static async connected(
    listener: Listener,
    parts: ConnectParts = {},
    options: AttackingClientOptions = {},
  ): Promise<AttackingClient> {
    const version = parts.protocolVersion ?? 5;
    const client = await AttackingClient.open(listener, { ...options, version });
    client.send(connectWith(parts));
    const { reasonCode } = await client.nextOf('connack');
    if (reasonCode === 0) return client;
    throw new Error(`CONNACK says 0x${reasonCode.toString(16)}`);
  }

  get socket(): Socket {
    return (this.#carrier as Carrier).socket;
  }

  /** Of a ws or wss connection. */
  get webSocket(): WebSocket {
    return this.#carrier?.webSocket as WebSocket;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Sends packets in one write. */
  send(...packets: readonly ControlPacket[]): void {
    this.sendBytes(Buffer.concat(packets.map((packet) => encodePacket(packet, this.version))));
  }

  /** Over WebSockets the bytes are one binary message. */
  sendBytes(bytes: Buffer): void {
    this.#carrier?.write(bytes);
  }

  /** The next packet; rejects when the connection ends or nothing comes in time. */
  async next(timeoutMs = PATIENCE): Promise<ControlPacket> {
    await this.#until(() => this.#arrived.length > 0 || this.ended, timeoutMs);
    const packet = this.#arrived.shift();
    if (packet !== undefined) return packet;
    throw new Error(`the connection ended: ${JSON.stringify(this.#ending)}`);
  }

  /** The next packet of this type; others before it are passed over. */
  async nextOf<Type extends ControlPacket['type']>(
    type: Type,
    timeoutMs = PATIENCE,
  ): Promise<PacketOf<Type>> {
    for (;;) {
      const packet = await this.next(timeoutMs);
      if (packet.type === type) return packet as PacketOf<Type>;
    }
  }

  /** What has come so far; does not wait. */
  taken(): readonly ControlPacket[] {
    return this.#arrived.splice(0);
  }

  /** PINGREQ, and what comes before its answer: all that the broker had to say about what was sent so far. */
  async settled(): Promise<readonly ControlPacket[]> {
    this.send({ type: 'pingreq' });
    const before: ControlPacket[] = [];
    for (;;) {
      const packet = await this.next();
      if (packet.type === 'pingresp') return before;
      before.push(packet);
    }
  }

  /** Waits until the broker has closed the connection. */
  async end(timeoutMs = PATIENCE): Promise<Ending> {
    await this.#until(() => this.ended, timeoutMs);
    return { packets: this.#arrived.splice(0), ...this.#ending };
  }

  /** Sends nothing more: ends its half of the connection, or begins the closing handshake of WebSockets. */
  finish(): void {
    this.#carrier?.finish();
  }

  /** Ends the connection without DISCONNECT. */
  destroy(): void {
    this.#carrier?.destroy();
  }

  async #until(fits: () => boolean, timeoutMs: number): Promise<void> {
    if (fits()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`nothing came within ${timeoutMs} ms`)), timeoutMs);
    const look = (): void => {
      if (fits()) resolve();
    };
    this.#waiters.add(look);
    await promise.finally(() => {
      this.#waiters.delete(look);
      clearTimeout(timer);
    });
  }

  #data(chunk: Buffer): void {
    if (this.ended) return;
    this.#reader.push(chunk);
    try {
      while (this.#reader.next()) {
        const { type, flags, buffer, bodyStart, end } = this.#reader;
        this.#arrived.push(decodePacket(type, flags, buffer, bodyStart, end, this.version));
      }
    } catch (error) {
      this.destroy();
      this.#closed({ undecodable: String(error) });
    }
    this.#wake();
  }

  #closed(ending: Omit<Ending, 'packets'>): void {
    this.#ending ??= ending;
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiters]) look();
  }

  #openSocket({ protocol, host, port }: Listener, options: AttackingClientOptions): Promise<void> {
    const secure = protocol === 'tls';
    const socket: Socket = secure
      ? connectTls({ host, port, ...tlsOptions(options) })
      : connectTcp({ host, port, noDelay: true });
    this.#carrier = {
      socket,
      write: (bytes) => socket.write(bytes),
      finish: () => socket.end(),
      destroy: () => socket.destroy(),
    };
    return new Promise((resolve, reject) => {
      let error: string | undefined;
      socket.on('error', (cause) => {
        error = cause.message;
      });
      socket.on('data', (chunk: Buffer) => this.#data(chunk));
      socket.on('close', () => {
        this.#closed(error === undefined ? {} : { error });
        reject(new Error(`the ${protocol} connection was closed: ${error ?? 'without an error'}`));
      });
      socket.once(secure ? 'secureConnect' : 'connect', () => resolve());
    });
  }

  #openWebSocket({ protocol, host, port, path }: Listener, options: AttackingClientOptions): Promise<void> {
    const url = `${protocol}://${host}:${port}${path ?? '/mqtt'}`;
    const webSocket = new WebSocket(url, ['mqtt'], tlsOptions(options));
    return new Promise((resolve, reject) => {
      let error: string | undefined;
      webSocket.on('error', (cause) => {
        error = cause.message;
      });
      webSocket.on('upgrade', ({ socket }) => {
        this.#carrier = {
          socket,
          webSocket,
          write: (bytes) => webSocket.send(bytes, { binary: true }, () => undefined),
          finish: () => webSocket.close(),
          destroy: () => webSocket.terminate(),
        };
      });
      webSocket.on('message', (data) => this.#data(data as Buffer));
      webSocket.on('close', (closeCode) => {
        this.#closed({ closeCode, ...(error === undefined ? {} : { error }) });
        reject(new Error(`the ${protocol} connection was closed: ${error ?? closeCode}`));
      });
      webSocket.once('open', () => resolve());
    });
  }
}

function tlsOptions({ caFile, certificate }: AttackingClientOptions): ConnectionOptions {
  return {
    servername: 'localhost',
    ...(caFile === undefined ? { rejectUnauthorized: false } : { ca: readFileSync(caFile) }),
    ...(certificate === undefined
      ? {}
      : { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) }),
  };
}
