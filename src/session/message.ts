import type { QoS } from '../codec/control-packet.ts';
import type { PublishContent } from '../codec/publish-frame.ts';
import type { MessageRecord } from '../stores/session-store.ts';

/** A published message that outlives its packet, shared by everyone who is to receive it. */
export class Message implements MessageRecord {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Buffer;
  readonly expiresAt: number;
  readonly publisher: string;
  readonly publisherIdentity: string;
  #content: PublishContent | undefined;

  /** `topicBytes`: the topic in UTF-8, where the caller has it already. */
  constructor(record: MessageRecord, topicBytes?: Buffer) {
    this.topic = record.topic;
    this.payload = record.payload;
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

  /** A message read from a store, or the message itself. */
  static from(record: MessageRecord): Message {
    return record instanceof Message ? record : new Message(record);
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
