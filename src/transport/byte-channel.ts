import type { Peer } from './peer.ts';

/** Who reads a channel. All calls come from the event loop, none before `start` and none after `closed`. */
export interface ChannelReader {
  /** Bytes as they arrived. The buffer may be kept; it is never written again. */
  data(chunk: Buffer): void;
  /** The writer may go on after `write` returned false. */
  drained(): void;
  /**
   * The peer has ended its half, or the channel is gone (broken, or after our own `end` or `destroy`); exactly once, and
   * nothing follows. `error` is for the log.
   */
  closed(error?: Error): void;
}

/** One accepted connection as a stream of bytes in both directions, the same over tcp, tls, ws and wss. */
export interface ByteChannel {
  readonly peer: Peer;
  /** Begins reading. Bytes that came earlier are delivered first. */
  start(reader: ChannelReader): void;
  /**
   * Queues bytes. False: the peer reads too slowly, wait for `drained`. The buffer must not change afterwards. Once the
   * channel is ending or gone, bytes are dropped and the answer is false.
   */
  write(bytes: Buffer): boolean;
  /** Bytes queued by `write` that the operating system has not taken. */
  readonly pendingBytes: number;
  /** Stops reading. What has been read already (WebSocket messages of one read, 64 KiB) may still be delivered. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, ends our half, discards what still arrives, and destroys the channel after `linger` ms. */
  end(lingerMilliseconds: number): void;
  /** Drops the connection now. */
  destroy(): void;
}
