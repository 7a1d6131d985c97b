import { CodecError } from '../codec/codec-error.ts';
import type { Connect, ControlPacket, ProtocolVersion } from '../codec/control-packet.ts';
import { packetTypes } from '../codec/control-packet.ts';
import { connectVersion } from '../codec/decode-connect.ts';
import { decodePacket } from '../codec/decode-packet.ts';
import { encodePacket } from '../codec/encode-packet.ts';
import { FrameReader } from '../codec/frame-reader.ts';
import { SHORT_ACKNOWLEDGEMENT_LENGTH, writeShortAcknowledgement } from '../codec/publish-frame.ts';
import { PublishView, readPublish } from '../codec/publish-view.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import type { CancelTimer, Clock } from '../runtime/clock.ts';
import type { Limits } from '../runtime/limits.ts';
import type { ByteChannel, ChannelReader } from '../transport/byte-channel.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';
import type { FlushScheduler } from './flush-scheduler.ts';
import { KeepAlive } from './keep-alive.ts';
import { WriteQueue } from './write-queue.ts';
import type { WriteSlab } from './write-slab.ts';

/** Unread output, in write queues, above which a stalled client is not even answered a PINGREQ. */
const UNREAD_ANSWERS_FACTOR = 2;

/** Deliveries after which a connection lets others have the event loop. */
const DELIVERIES_PER_TURN = 8192;

/** What keeping a packet costs beside its body: many empty ones are bounded too. */
const DEFERRED_OVERHEAD = 64;

/** Why a connection ended, for the log and for the will. */
export type EndCause =
  /** The peer closed, or the network did. */
  | 'network-closed'
  /** The broker closed it. */
  | 'closed-by-broker';

/** What the broker does with the packets of one connection. Calls come in arrival order, none after `ended`. */
export interface PacketHandler {
  connect(packet: Connect): void;
  /**
   * A PUBLISH in place: `view` is valid during the call only. `start` is where the packet begins in `buffer`, -1 when
   * its fixed header is not there. Returns the number of deliveries made.
   */
  publish(view: PublishView, buffer: Buffer, start: number): number;
  packet(packet: Exclude<ControlPacket, Connect>): void;
  /** The peer broke the protocol. The handler answers as its version allows and closes. */
  violation(error: CodecError): void;
  /** No complete CONNECT came in time, or the Keep Alive ran out. */
  timedOut(what: 'connect' | 'keep-alive'): void;
  /** There is room again, after `writable` was false. */
  drained(): void;
  /** Exactly once. */
  ended(cause: EndCause, error?: Error): void;
  /** Something of ours failed while handling a packet; the handler closes the connection. */
  failed(error: unknown): void;
}

export interface ConnectionContext {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly scheduler: FlushScheduler;
  readonly slab: WriteSlab;
  /** Milliseconds from here to a complete CONNECT. */
  readonly connectTimeout: number;
  /** Bytes of the largest packet that a client may send after CONNECT. */
  readonly maximumPacketSize: number;
}

interface DeferredFrame {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** Reasons to leave bytes in the socket; it is read while none holds. */
const pauseReasons = { deciding: 1, stalled: 2, yielding: 4 } as const;
type PauseReason = keyof typeof pauseReasons;

/** Shared by all connections: a PUBLISH is read and handled before the next one begins. */
const publishView = new PublishView();

/**
 * One client's network connection: cuts the byte stream into packets, keeps their order, watches silence, and holds
 * what is still to be sent. Knows the protocol's framing and none of its meaning.
 *
 * States: `awaiting-connect` → `deciding` (packets behind CONNECT wait) → `open` → `closed`.
 */
export class Connection implements ChannelReader {
  readonly channel: ByteChannel;
  readonly acknowledgements = new AcknowledgementQueue();
  /** Known from CONNECT on. */
  version: ProtocolVersion = 4;
  /** The client's Maximum Packet Size: larger packets are never sent to it [MQTT-3.1.2-24]. */
  maximumOutgoingPacket = Number.POSITIVE_INFINITY;
  /** QoS 0 messages dropped because this reader was too slow. */
  droppedQos0 = 0;

  readonly #context: ConnectionContext;
  readonly #handler: PacketHandler;
  readonly #reader: FrameReader;
  readonly #output: WriteQueue;
  #state: 'awaiting-connect' | 'deciding' | 'open' | 'closed' = 'awaiting-connect';
  #paused = 0;
  #stalled = false;
  /** Even acknowledgements and PINGREQ wait now. */
  #deaf = false;
  #processing = false;
  #deferred: DeferredFrame[] = [];
  #deferredBytes = 0;
  #keepAlive: KeepAlive | undefined;
  #cancelConnectTimeout: CancelTimer | undefined;

  constructor(
    channel: ByteChannel,
    context: ConnectionContext,
    createHandler: (connection: Connection) => PacketHandler,
  ) {
    this.channel = channel;
    this.#context = context;
    this.#reader = new FrameReader(context.limits.connectPacketBytes);
    this.#output = new WriteQueue(channel, context.scheduler, context.limits.writeQueueBytes, () => {
      if (this.#state !== 'closed') this.#roomAgain();
    });
    this.#handler = createHandler(this);
  }

  /** Begins reading and the wait for CONNECT. */
  start(): void {
    this.#cancelConnectTimeout = this.#context.clock.after(this.#context.connectTimeout, () => {
      this.#handler.timedOut('connect');
    });
    this.channel.start(this);
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** No CONNECT has come, so there is nothing to answer. */
  get awaitsConnect(): boolean {
    return this.#state === 'awaiting-connect';
  }

  /** Whether another frame may be queued for this reader; above the limit QoS 0 is dropped and QoS 1 and 2 wait. */
  get writable(): boolean {
    return this.#output.writable;
  }

  // --- reading ---------------------------------------------------------------------------------------------------

  data(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    this.#keepAlive?.heard();
    this.#reader.push(chunk);
    this.#process();
  }

  drained(): void {
    if (this.#state === 'closed') return;
    this.#output.drained();
  }

  #roomAgain(): void {
    try {
      this.#handler.drained();
    } catch (error) {
      this.#handler.failed(error);
    }
  }

  /** The channel is gone. */
  closed(error?: Error): void {
    this.#end('network-closed', error);
  }

  /** CONNECT was accepted: packets that came behind it are handled now, and Keep Alive runs. Seconds; 0 = off. */
  open(keepAlive: number): void {
    if (this.#state !== 'deciding') return;
    this.#state = 'open';
    this.#reader.maximumPacketSize = this.#context.maximumPacketSize;
    if (keepAlive > 0) {
      this.#keepAlive = new KeepAlive(this.#context.clock, keepAlive, () =>
        this.#handler.timedOut('keep-alive'),
      );
    }
    this.#resume('deciding');
    this.#process();
  }

  /**
   * Stops taking on work (PUBLISH, PUBREL, SUBSCRIBE, …) while acknowledgements and PINGREQ are still heard: a client
   * that must wait for us can still free what we wait for.
   */
  stall(): void {
    this.#stalled = true;
  }

  /** Takes on work again, deferred packets first. */
  unstall(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    this.#process();
  }

  get stalled(): boolean {
    return this.#stalled;
  }

  #process(): void {
    if (this.#processing) return;
    this.#processing = true;
    try {
      this.#processDeferred();
      let deliveries = 0;
      while (this.#mayRead() && this.#reader.next()) {
        deliveries += this.#dispatchFrame();
        if (deliveries >= DELIVERIES_PER_TURN) {
          this.#yield();
          break;
        }
      }
      this.#pauseWhereFull();
    } catch (error) {
      if (error instanceof CodecError) this.#handler.violation(error);
      else this.#handler.failed(error);
    } finally {
      this.#processing = false;
    }
  }

  #mayRead(): boolean {
    if (this.#state === 'open') return this.#deferredBytes < this.#context.limits.stalledWorkBytes;
    return this.#state === 'awaiting-connect';
  }

  #processDeferred(): void {
    while (this.#deferred.length > 0 && !this.#stalled && this.#state === 'open') {
      const frame = this.#deferred.shift() as DeferredFrame;
      this.#deferredBytes -= frame.body.length + DEFERRED_OVERHEAD;
      this.#dispatch(frame.type, frame.flags, frame.body, -1, 0, frame.body.length);
    }
    if (this.#deferred.length === 0) this.#deaf = false;
    if (this.#deferredBytes < this.#context.limits.stalledWorkBytes) this.#resume('stalled');
  }

  #dispatchFrame(): number {
    const { type, flags, buffer, start, bodyStart, end } = this.#reader;
    if (this.#state === 'awaiting-connect') return this.#dispatchFirst(type, flags, buffer, bodyStart, end);
    if (this.#mustWait(type)) {
      const body = Buffer.from(buffer.subarray(bodyStart, end));
      this.#deferred.push({ type, flags, body });
      this.#deferredBytes += body.length + DEFERRED_OVERHEAD;
      return 0;
    }
    return this.#dispatch(type, flags, buffer, start, bodyStart, end);
  }

  /**
   * Whether a packet has to stand behind work that waits. When the answers to what is heard all the same pile up as well,
   * nothing is heard any more until that work is done: order is kept, and reading stops at `stalledWorkBytes`.
   */
  #mustWait(type: number): boolean {
    if (!this.#stalled && this.#deferred.length === 0) return false;
    if (this.#output.bytes >= UNREAD_ANSWERS_FACTOR * this.#context.limits.writeQueueBytes) this.#deaf = true;
    return this.#deaf || !heardWhileStalled.has(type);
  }

  #dispatchFirst(type: number, flags: number, buffer: Buffer, bodyStart: number, end: number): number {
    const isConnect = type === packetTypes.connect;
    // A refusal has the form of the client's version, also when what follows the version is at fault.
    if (isConnect) this.version = connectVersion(buffer, bodyStart, end) ?? this.version;
    const packet = isConnect ? decodePacket(type, flags, buffer, bodyStart, end, this.version) : undefined;
    // [MQTT-3.1.0-1]: the first packet must be CONNECT; anything else is not even looked at, and closed without a word.
    if (packet?.type !== 'connect')
      throw new CodecError(reasonCodes.protocolError, 'first packet is not CONNECT');
    this.#cancelConnectTimeout?.();
    this.#state = 'deciding';
    this.version = packet.protocolVersion;
    this.#handler.connect(packet);
    return 0;
  }

  #dispatch(
    type: number,
    flags: number,
    buffer: Buffer,
    start: number,
    bodyStart: number,
    end: number,
  ): number {
    if (type === packetTypes.publish) {
      readPublish(publishView, flags, buffer, bodyStart, end, this.version);
      return 1 + this.#handler.publish(publishView, buffer, start);
    }
    const packet = decodePacket(type, flags, buffer, bodyStart, end, this.version);
    // [MQTT-3.1.0-2] [MQTT-3.2.0-2]: a second CONNECT is a protocol violation.
    if (packet.type === 'connect') throw new CodecError(reasonCodes.protocolError, 'a second CONNECT');
    this.#handler.packet(packet);
    return 1;
  }

  #pauseWhereFull(): void {
    const { limits } = this.#context;
    if (this.#state === 'deciding' && this.#reader.bufferedBytes > limits.pipelinedBytes)
      this.#pause('deciding');
    if (this.#deferredBytes >= limits.stalledWorkBytes) this.#pause('stalled');
  }

  #yield(): void {
    this.#pause('yielding');
    setImmediate(() => {
      if (this.#state === 'closed') return;
      this.#resume('yielding');
      this.#process();
    });
  }

  #pause(reason: PauseReason): void {
    if (this.#paused === 0) {
      this.channel.pause();
      this.#keepAlive?.suspend();
    }
    this.#paused |= pauseReasons[reason];
  }

  #resume(reason: PauseReason): void {
    if ((this.#paused & pauseReasons[reason]) === 0) return;
    this.#paused &= ~pauseReasons[reason];
    if (this.#paused === 0) {
      this.channel.resume();
      this.#keepAlive?.resume();
    }
  }

  // --- writing ---------------------------------------------------------------------------------------------------

  /** Queues a control packet. */
  send(packet: ControlPacket): void {
    if (this.#state === 'closed') return;
    const bytes = encodePacket(packet, this.version);
    // [MQTT-3.1.2-24] [MQTT-3.1.2-25]: discarded, and then it is as if it had been sent.
    if (bytes.length <= this.maximumOutgoingPacket) this.#output.push(bytes, 0, bytes.length);
  }

  /** Whether `send` would send it. */
  fits(packet: ControlPacket): boolean {
    const maximum = this.maximumOutgoingPacket;
    return maximum === Number.POSITIVE_INFINITY || encodePacket(packet, this.version).length <= maximum;
  }

  /** Queues a frame that may be shared with other connections. The caller has held it against maximumOutgoingPacket. */
  sendFrame(buffer: Buffer, start: number, end: number): void {
    if (this.#state === 'closed') return;
    this.#output.push(buffer, start, end);
  }

  /** Queues an acknowledgement of success. */
  sendAcknowledgement(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number): void {
    if (this.#state === 'closed') return;
    const offset = this.#context.slab.reserve(SHORT_ACKNOWLEDGEMENT_LENGTH);
    const buffer = this.#context.slab.buffer;
    const end = writeShortAcknowledgement(buffer, offset, type, packetId);
    this.#output.push(buffer, offset, end);
  }

  /** Sends what is queued and `last`, then closes; what the peer still sends is read and dropped for a moment. */
  close(last?: ControlPacket): void {
    if (this.#state === 'closed') return;
    if (last !== undefined) this.send(last);
    this.#output.finish();
    this.channel.end(this.#context.limits.closeLinger);
    this.#end('closed-by-broker');
  }

  #end(cause: EndCause, error?: Error): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelConnectTimeout?.();
    this.#keepAlive?.stop();
    this.#output.discard();
    this.#deferred = [];
    this.#handler.ended(cause, error);
  }
}

/** Packets that are no work but free something: they are handled even while work has to wait. */
const heardWhileStalled: ReadonlySet<number> = new Set([
  packetTypes.puback,
  packetTypes.pubrec,
  packetTypes.pubcomp,
  packetTypes.pingreq,
]);
