import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { connect as connectSocket } from 'node:net';
import type { Connect, ControlPacket, ProtocolVersion } from '../../src/codec/control-packet.ts';
import { decodePacket } from '../../src/codec/decode-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { FrameReader } from '../../src/codec/frame-reader.ts';
import type { Listener } from './broker-process.ts';

const patienceMs = 10_000;
const largestPacket = 2 ** 28 + 4;

/** A CONNECT of 5.0 with a clean start; what is given replaces the rest. */
export function connectPacket(parts: Partial<Omit<Connect, 'type'>> = {}): Connect {
  return {
    type: 'connect',
    protocolVersion: 5,
    bridge: false,
    cleanStart: true,
    keepAlive: 0,
    clientId: '',
    properties: {},
    ...parts,
  };
}

/** A client that sends packets or bytes as it is told and gives out what comes, packet by packet. */
export class PacketClient {
  readonly #socket: Socket;
  readonly #version: ProtocolVersion;
  readonly #reader = new FrameReader(largestPacket);
  readonly #arrived: ControlPacket[] = [];
  #closed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket, version: ProtocolVersion) {
    this.#socket = socket;
    this.#version = version;
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      while (this.#reader.next()) {
        const { type, flags, buffer, bodyStart, end } = this.#reader;
        this.#arrived.push(decodePacket(type, flags, buffer, bodyStart, end, version));
      }
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Opens the network connection and sends nothing. */
  static async open(
    { host, port }: Listener,
    { version = 5 }: { readonly version?: ProtocolVersion } = {},
  ): Promise<PacketClient> {
    const socket = connectSocket({ host, port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new PacketClient(socket, version);
  }

  /** Connects; fails when CONNACK refuses. */
  static async connected(
    listener: Listener,
    parts: Parameters<typeof connectPacket>[0] = {},
  ): Promise<PacketClient> {
    const client = await PacketClient.open(listener, { version: parts.protocolVersion ?? 5 });
    client.send(connectPacket(parts));
    const { reasonCode } = await client.nextOf('connack');
    assert.equal(reasonCode, 0, 'CONNACK refuses');
    return client;
  }

  send(packet: ControlPacket): void {
    this.sendBytes(encodePacket(packet, this.#version));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next packet, or 'closed' when the broker has closed. */
  async next(): Promise<ControlPacket | 'closed'> {
    const signal = AbortSignal.timeout(patienceMs);
    for (;;) {
      const packet = this.#arrived.shift();
      if (packet !== undefined) return packet;
      if (this.#closed) return 'closed';
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal.onabort = () => reject(new Error('no packet came'));
      });
    }
  }

  /** The next packet of this type; those before it are left out. */
  async nextOf<Type extends ControlPacket['type']>(
    type: Type,
  ): Promise<Extract<ControlPacket, { type: Type | string }> & { readonly type: Type }> {
    for (;;) {
      const packet = await this.next();
      if (packet === 'closed') throw new Error(`closed before ${type} came`);
      if (packet.type === type) return packet as never;
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
