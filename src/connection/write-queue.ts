import type { ByteChannel } from '../transport/byte-channel.ts';
import type { Flushable, FlushScheduler } from './flush-scheduler.ts';

/**
 * What one connection still has to send. Frames are kept as slices of shared buffers; slices that touch become one.
 * At the end of the turn they leave in one write. When the peer reads too slowly, what is left is copied into a buffer
 * of its own, so that a few waiting bytes never hold a whole received chunk in memory.
 */
export class WriteQueue implements Flushable {
  readonly #channel: ByteChannel;
  readonly #scheduler: FlushScheduler;
  #buffers: Buffer[] = [];
  #starts: number[] = [];
  #ends: number[] = [];
  #sliceBytes = 0;
  #backlog: Buffer[] = [];
  #backlogBytes = 0;
  #scheduled = false;
  #congested = false;
  #closed = false;
  /** Somebody was told that the queue is full and waits to hear that it is not. */
  #awaited = false;
  readonly #maximum: number;
  readonly #onWritable: () => void;

  /**
   * @param maximum bytes above which `writable` is false
   * @param onWritable called after `writable` has been false and the peer, or the end of the turn, has made room
   */
  constructor(channel: ByteChannel, scheduler: FlushScheduler, maximum: number, onWritable: () => void) {
    this.#channel = channel;
    this.#scheduler = scheduler;
    this.#maximum = maximum;
    this.#onWritable = onWritable;
  }

  /** Whether another frame may be queued. Once it was false, `onWritable` follows. */
  get writable(): boolean {
    if (this.bytes < this.#maximum) return true;
    this.#awaited = true;
    return false;
  }

  /** True from a refused write until the peer has taken what was written. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Bytes that the operating system has not taken. */
  get bytes(): number {
    return this.#sliceBytes + this.#backlogBytes + (this.#congested ? this.#channel.pendingBytes : 0);
  }

  /** Queues buffer[start, end). The bytes must not change until they are sent. */
  push(buffer: Buffer, start: number, end: number): void {
    const last = this.#buffers.length - 1;
    if (last >= 0 && this.#buffers[last] === buffer && this.#ends[last] === start) {
      this.#ends[last] = end;
    } else {
      this.#buffers.push(buffer);
      this.#starts.push(start);
      this.#ends.push(end);
    }
    this.#sliceBytes += end - start;
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#scheduler.add(this);
    }
  }

  /** Hands everything to the channel in one write, or to the backlog while the peer is slow. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed || this.#buffers.length === 0) return;
    const bytes = this.#takeSlices(this.#congested);
    if (this.#congested) {
      this.#backlog.push(bytes);
      this.#backlogBytes += bytes.length;
    } else if (this.#channel.write(bytes)) {
      this.#announceRoom();
    } else {
      this.#congested = true;
    }
  }

  /** The channel takes bytes again. */
  drained(): void {
    this.#congested = false;
    if (this.#backlog.length > 0) {
      const bytes = this.#backlog.length === 1 ? (this.#backlog[0] as Buffer) : Buffer.concat(this.#backlog);
      this.#backlog = [];
      this.#backlogBytes = 0;
      if (!this.#channel.write(bytes)) this.#congested = true;
    }
    if (!this.#congested) this.#announceRoom();
  }

  /** Sends what is left and takes nothing more. */
  finish(): void {
    this.flush();
    if (this.#backlog.length > 0) this.#channel.write(Buffer.concat(this.#backlog));
    this.discard();
  }

  /** Forgets everything: the connection is gone. */
  discard(): void {
    this.#closed = true;
    this.#clearSlices();
    this.#backlog = [];
    this.#backlogBytes = 0;
  }

  #announceRoom(): void {
    if (!this.#awaited) return;
    this.#awaited = false;
    this.#onWritable();
  }

  #takeSlices(own: boolean): Buffer {
    const count = this.#buffers.length;
    let taken: Buffer;
    if (count === 1 && !own) {
      taken = (this.#buffers[0] as Buffer).subarray(this.#starts[0], this.#ends[0]);
    } else {
      taken = Buffer.allocUnsafeSlow(this.#sliceBytes);
      let offset = 0;
      for (let index = 0; index < count; index++) {
        const start = this.#starts[index] as number;
        const end = this.#ends[index] as number;
        (this.#buffers[index] as Buffer).copy(taken, offset, start, end);
        offset += end - start;
      }
    }
    this.#clearSlices();
    return taken;
  }

  #clearSlices(): void {
    this.#buffers.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#sliceBytes = 0;
  }
}
