import type { QoS } from '../codec/control-packet.ts';
import type { PublishContent } from '../codec/publish-frame.ts';
import type { MessageRecord } from '../stores/session-store.ts';

/** A published message that outlives its packet, shared by everyone who is to receive it. */
export class Message implements MessageRecord {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Buffer;
  readonly expiresAt: number;
  readonly publisher: string;
  readonly publisherIdentity: string;
  #payload: Buffer;
  #content: PublishContent | undefined;

  /** `topicBytes`: the topic in UTF-8, where the caller has it already. */
  constructor(record: MessageRecord, topicBytes?: Buffer) {
    this.topic = record.topic;
    this.#payload = record.payload;
    this.qos = record.qos;
    this.retain = record.retain;
    this.properties = record.properties;
    this.expiresAt = record.expiresAt;
    this.publisher = record.publisher;
    this.publisherIdentity = record.publisherIdentity;
    if (topicBytes !== undefined) {
      this.#content = { topic: topicBytes, payload: record.payload, properties: record.properties };
    }
  }

  get payload(): Buffer {
    return this.#payload;
  }

  /**
   * Called when the message is to wait for longer than a moment: a payload that shares its memory with others gets its
   * own, so that one kept message does not keep its neighbours' bytes.
   */
  settle(): void {
    if (this.#payload.buffer.byteLength === this.#payload.length) return;
    const own = Buffer.allocUnsafeSlow(this.#payload.length);
    this.#payload.copy(own);
    this.#payload = own;
    if (this.#content !== undefined) this.#content = { ...this.#content, payload: own };
  }

  /** A message read from a store, or the message itself. */
  static from(record: MessageRecord): Message {
    return record instanceof Message ? record : new Message(record);
  }

  /** The same message with another end of its life, wall-clock milliseconds. */
  expiringAt(expiresAt: number): Message {
    return new Message({ ...this, payload: this.payload, expiresAt }, this.content.topic);
  }

  /** What all frames of this message have in common. */
  get content(): PublishContent {
    this.#content ??= { topic: Buffer.from(this.topic), payload: this.payload, properties: this.properties };
    return this.#content;
  }

  /** Bytes that keeping it costs, as limits count them. */
  get bytes(): number {
    return this.topic.length + this.payload.length + this.properties.length;
  }
}
