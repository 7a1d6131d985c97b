import type { Socket } from 'node:net';
import type { Clock } from '../runtime/clock.ts';
import type { ByteChannel, ChannelReader } from './byte-channel.ts';
import type { Peer } from './peer.ts';

/** A byte channel over a TCP or TLS socket. */
export class SocketChannel implements ByteChannel {
  readonly peer: Peer;
  readonly #socket: Socket;
  readonly #clock: Clock;
  /** Milliseconds that our own half may stay open after the peer has ended its half. */
  readonly #halfOpenTime: number;
  #reader: ChannelReader | undefined;
  #error: Error | undefined;
  #ending = false;
  #closedTold = false;

  constructor(socket: Socket, peer: Peer, clock: Clock, halfOpenTime: number) {
    this.peer = peer;
    this.#socket = socket;
    this.#clock = clock;
    this.#halfOpenTime = halfOpenTime;
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#tellClosed());
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  start(reader: ChannelReader): void {
    this.#reader = reader;
    // It may have broken before anybody listened; the reader hears of it from the event loop all the same.
    if (this.#socket.closed) setImmediate(() => this.#tellClosed());
    this.#socket.on('data', (chunk: Buffer) => {
      if (!this.#ending) reader.data(chunk);
    });
    this.#socket.on('drain', () => {
      if (!this.#ending) reader.drained();
    });
    this.#socket.on('end', () => {
      this.#tellClosed();
      this.end(this.#halfOpenTime);
    });
    this.#socket.resume();
  }

  write(bytes: Buffer): boolean {
    return !this.#ending && this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(lingerMilliseconds: number): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#ending = true;
    this.#socket.end();
    // Bytes left unread at close make the kernel send a reset, which can overtake our last packet.
    this.#socket.resume();
    const cancel = this.#clock.after(lingerMilliseconds, () => this.#socket.destroy());
    this.#socket.once('close', cancel);
  }

  destroy(): void {
    this.#ending = true;
    this.#socket.destroy();
  }

  #tellClosed(): void {
    if (this.#closedTold || this.#reader === undefined) return;
    this.#closedTold = true;
    this.#reader.closed(this.#error);
  }
}
