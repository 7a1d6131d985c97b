import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Clock } from '../runtime/clock.ts';
import type { ByteChannel, ChannelReader } from './byte-channel.ts';
import type { Peer } from './peer.ts';

const normalClosure = 1000;
const unsupportedData = 1003;

export interface WebSocketChannelSettings {
  readonly clock: Clock;
  /** Bytes of an unfinished message that are kept before we have ever answered. */
  readonly unansweredBytesMax: number;
  /** Milliseconds that a peer gets to close after it broke the protocol. */
  readonly violationLinger: number;
}

/** A byte channel over the binary messages of a WebSocket; where messages begin and end means nothing [MQTT-6.0.0-2]. */
export class WebSocketChannel implements ByteChannel {
  readonly peer: Peer;
  readonly #webSocket: WebSocket;
  /** What the WebSocket runs over: a TCP or TLS socket. */
  readonly #socket: Socket;
  readonly #settings: WebSocketChannelSettings;
  #reader: ChannelReader | undefined;
  #error: Error | undefined;
  #ending = false;
  #closedTold = false;
  #answered = false;
  #unfinishedBytes = 0;

  constructor(webSocket: WebSocket, socket: Socket, peer: Peer, settings: WebSocketChannelSettings) {
    this.peer = peer;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#settings = settings;
    webSocket.pause();
    webSocket.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary));
    webSocket.on('error', (error) => this.#broken(error));
    webSocket.on('close', () => this.#tellClosed());
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('data', this.#countUnfinished);
    socket.on('drain', () => {
      if (!this.#ending) this.#reader?.drained();
    });
  }

  get pendingBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  start(reader: ChannelReader): void {
    this.#reader = reader;
    if (this.#webSocket.readyState === this.#webSocket.CLOSED) setImmediate(() => this.#tellClosed());
    this.#webSocket.resume();
  }

  write(bytes: Buffer): boolean {
    if (this.#ending || this.#webSocket.readyState !== this.#webSocket.OPEN) return false;
    if (!this.#answered) {
      this.#answered = true;
      this.#socket.off('data', this.#countUnfinished);
    }
    this.#webSocket.send(bytes);
    return !this.#socket.writableNeedDrain;
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  end(lingerMilliseconds: number): void {
    this.#close(normalClosure, lingerMilliseconds);
  }

  destroy(): void {
    this.#ending = true;
    this.#webSocket.terminate();
  }

  #message(data: Buffer, isBinary: boolean): void {
    this.#unfinishedBytes = 0;
    if (this.#ending) return;
    if (isBinary) {
      this.#reader?.data(data);
    } else {
      // [MQTT-6.0.0-1]: a data frame that is not binary closes the connection.
      this.#error = new Error('a WebSocket text frame arrived; MQTT needs binary frames');
      this.#close(unsupportedData, this.#settings.violationLinger);
    }
  }

  /**
   * ws keeps a message until its last byte. An authenticated client may send a large one; a stranger, to whom we have
   * not written a byte yet, may not make us keep more than a CONNECT needs (TH19).
   */
  readonly #countUnfinished = (chunk: Buffer): void => {
    this.#unfinishedBytes += chunk.length;
    if (this.#unfinishedBytes <= this.#settings.unansweredBytesMax) return;
    this.#error = new Error(
      `a WebSocket message larger than ${this.#settings.unansweredBytesMax} bytes before CONNACK`,
    );
    this.destroy();
  };

  /** ws has sent the close frame that the violation asks for (1002, 1007, 1009); the peer may not answer it. */
  #broken(error: Error): void {
    this.#error ??= error;
    this.#ending = true;
    this.#destroyAfter(this.#settings.violationLinger);
  }

  #close(code: number, lingerMilliseconds: number): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#webSocket.close(code);
    // What still arrives is read and dropped, so that the close frame is not overtaken by a reset.
    this.#webSocket.resume();
    this.#destroyAfter(lingerMilliseconds);
  }

  #destroyAfter(milliseconds: number): void {
    if (this.#socket.destroyed) return;
    const cancel = this.#settings.clock.after(milliseconds, () => this.#webSocket.terminate());
    this.#socket.once('close', cancel);
  }

  #tellClosed(): void {
    if (this.#closedTold || this.#reader === undefined) return;
    this.#closedTold = true;
    this.#ending = true;
    this.#reader.closed(this.#error);
  }
}
