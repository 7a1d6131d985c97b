/** Topics that a client has given numbers to [5.0 section 3.3.2.3.4]: alias → the topic's bytes. */
export class InboundTopicAliases {
  readonly maximum: number;
  #topics: (Buffer | undefined)[] = [];

  constructor(maximum: number) {
    this.maximum = maximum;
  }

  /** Remembers a copy of buffer[start, end) [MQTT-3.3.2-12]. `alias` is 1..maximum, checked by the caller. */
  set(alias: number, buffer: Buffer, start: number, end: number): void {
    const known = this.#topics[alias];
    if (known?.length === end - start && known.compare(buffer, start, end) === 0) return;
    this.#topics[alias] = Buffer.from(buffer.subarray(start, end));
  }

  get(alias: number): Buffer | undefined {
    return this.#topics[alias];
  }
}

/** Numbers given to topics on the way to a client that takes them: the first topics sent get them and keep them. */
export class OutboundTopicAliases {
  readonly #maximum: number;
  readonly #aliases = new Map<string, number>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** The alias of a topic that has one already. */
  known(topic: string): number | undefined {
    return this.#aliases.get(topic);
  }

  /** The alias this topic would get, or 0 when all are taken. Call `assign` once the packet is really sent. */
  next(): number {
    // [MQTT-3.3.2-11] [MQTT-3.1.2-26]
    return this.#aliases.size < this.#maximum ? this.#aliases.size + 1 : 0;
  }

  assign(topic: string): void {
    this.#aliases.set(topic, this.#aliases.size + 1);
  }
}
