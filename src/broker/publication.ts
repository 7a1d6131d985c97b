import type { ProtocolVersion, QoS } from '../codec/control-packet.ts';
import type { PublishContent, PublishHead } from '../codec/publish-frame.ts';
import { publishFrameLength, writePublishFrame } from '../codec/publish-frame.ts';
import type { PublishView } from '../codec/publish-view.ts';
import { forwardableProperties } from '../codec/publish-view.ts';
import { Message } from '../session/message.ts';
import type { SharedFrames } from '../session/session.ts';

const NO_PROPERTIES = Buffer.alloc(0);

/** Who publishes: for No Local, ownership of retained messages and the log. */
export interface Publisher {
  readonly clientId: string;
  readonly identityKey: string;
}

const NOBODY: Publisher = { clientId: '', identityKey: '' };

/**
 * One message on its way to its receivers. QoS 0 frames are encoded once for each class of receivers (3.x or 5.0, with
 * or without RETAIN) and shared; where the received packet is already what a class gets, it is passed on as it lies in
 * the received chunk. What must outlive the packet is made once, when the first receiver needs it. One object serves
 * packet after packet, so that a message costs none.
 */
export class Publication implements SharedFrames {
  topic = '';
  qos: QoS = 0;
  retain = false;
  publisher: Publisher = NOBODY;
  /** Of the frame found last by `frameFor`. */
  frameBuffer: Buffer = NO_PROPERTIES;
  frameStart = 0;
  frameEnd = 0;

  readonly #now: () => number;
  #topicBytes: Buffer = NO_PROPERTIES;
  #expiryInterval = -1;
  /** The received packet; undefined for a message that came otherwise. Its fixed header may be missing: start -1. */
  #view: PublishView | undefined;
  #buffer: Buffer = NO_PROPERTIES;
  #start = -1;
  #version: ProtocolVersion = 4;
  #content: PublishContent | undefined;
  #message: Message | undefined;
  #frames: (Buffer | undefined)[] | undefined;

  /** `now`: wall-clock milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes up a packet in place; valid until its handling ends. `topicBytes` are an owned copy, `start` is where the
   * packet begins in `buffer`, or -1 when its fixed header is not there.
   */
  receive(
    publisher: Publisher,
    topic: string,
    topicBytes: Buffer,
    view: PublishView,
    buffer: Buffer,
    start: number,
    version: ProtocolVersion,
  ): void {
    this.publisher = publisher;
    this.topic = topic;
    this.#topicBytes = topicBytes;
    this.qos = view.qos;
    this.retain = view.retain;
    this.#expiryInterval = view.messageExpiryInterval;
    this.#view = view;
    this.#buffer = buffer;
    this.#start = start;
    this.#version = version;
    this.#content = undefined;
    this.#message = undefined;
    this.#frames = undefined;
  }

  /** A will, or a message of the broker's own. */
  static of(message: Message, now: () => number): Publication {
    const publication = new Publication(now);
    publication.publisher = { clientId: message.publisher, identityKey: message.publisherIdentity };
    publication.topic = message.topic;
    publication.qos = message.qos;
    publication.retain = message.retain;
    publication.#expiryInterval = remainingSeconds(message.expiresAt, now());
    publication.#message = message;
    return publication;
  }

  /** Bytes of the payload. */
  get payloadLength(): number {
    const view = this.#view;
    return view === undefined ? this.content.payload.length : view.payloadEnd - view.payloadStart;
  }

  /** The message as something that may be kept: owns its bytes, so that it pins no received chunk. */
  get message(): Message {
    this.#message ??= this.#ownMessage(this.#view as PublishView);
    return this.#message;
  }

  #ownMessage(view: PublishView): Message {
    const { payloadStart, payloadEnd, propertiesStart, propertiesEnd } = view;
    const payload = Buffer.allocUnsafe(payloadEnd - payloadStart);
    this.#buffer.copy(payload, 0, payloadStart, payloadEnd);
    const expiresAt =
      this.#expiryInterval < 0 ? Number.POSITIVE_INFINITY : this.#now() + this.#expiryInterval * 1000;
    const { clientId: publisher, identityKey: publisherIdentity } = this.publisher;
    const { topic, qos, retain } = this;
    // Owned already: forwardableProperties copies.
    const properties = propertiesEnd > propertiesStart ? this.content.properties : NO_PROPERTIES;
    const record = { topic, payload, qos, retain, properties, expiresAt, publisher, publisherIdentity };
    return new Message(record, this.#topicBytes);
  }

  /** What all frames have in common; may lie in the received chunk. */
  get content(): PublishContent {
    this.#content ??= this.#view === undefined ? this.message.content : this.#receivedContent(this.#view);
    return this.#content;
  }

  #receivedContent(view: PublishView): PublishContent {
    const hasProperties = view.propertiesEnd > view.propertiesStart;
    return {
      topic: this.#topicBytes,
      payload: this.#buffer.subarray(view.payloadStart, view.payloadEnd),
      properties: hasProperties ? forwardableProperties(view, this.#buffer) : NO_PROPERTIES,
    };
  }

  /** Sets frameBuffer, frameStart and frameEnd to the QoS 0 frame for this class of receivers. */
  frameFor(version: ProtocolVersion, retain: boolean): void {
    if (this.#passesAsReceived(version, retain)) {
      this.frameBuffer = this.#buffer;
      this.frameStart = this.#start;
      this.frameEnd = (this.#view as PublishView).payloadEnd;
      return;
    }
    const index = (version === 5 ? 2 : 0) + (retain ? 1 : 0);
    this.#frames ??= [undefined, undefined, undefined, undefined];
    let frame = this.#frames[index];
    if (frame === undefined) {
      const head = this.qos0Head(version, retain);
      frame = Buffer.allocUnsafe(publishFrameLength(this.content, head));
      writePublishFrame(frame, 0, this.content, head);
      this.#frames[index] = frame;
    }
    this.frameBuffer = frame;
    this.frameStart = 0;
    this.frameEnd = frame.length;
  }

  /** Head of a QoS 0 frame without anything of one receiver's own. */
  qos0Head(version: ProtocolVersion, retain: boolean): PublishHead {
    return {
      version,
      qos: 0,
      retain,
      dup: false,
      packetId: 0,
      topicAlias: 0,
      omitTopic: false,
      messageExpiryInterval: version === 5 ? this.#expiryInterval : -1,
      subscriptionIdentifiers: [],
    };
  }

  #passesAsReceived(version: ProtocolVersion, retain: boolean): boolean {
    const view = this.#view;
    return (
      view !== undefined &&
      this.#start >= 0 &&
      this.qos === 0 &&
      (version === 5) === (this.#version === 5) &&
      view.retain === retain &&
      view.topicAlias === 0 &&
      (version !== 5 || view.propertiesForwardable)
    );
  }
}

/** Whole seconds until `expiresAt`, rounded up; -1 for never. What has expired gives 0 or less. */
export function remainingSeconds(expiresAt: number, now: number): number {
  return expiresAt === Number.POSITIVE_INFINITY ? -1 : Math.ceil((expiresAt - now) / 1000);
}
