import type { Readable } from 'node:stream';

interface Waiter<Entry> {
  readonly fits: (entry: Entry) => boolean;
  readonly settle: (entry: Entry | undefined) => void;
}

/** Collects what one stream of a child process says, parsed line by line, and lets a test wait for an entry. */
export class LineLog<Entry> {
  readonly entries: Entry[] = [];
  private readonly waiters = new Set<Waiter<Entry>>();
  private readonly parse: (line: string) => Entry | undefined;
  private rest = '';
  private over = false;

  constructor(parse: (line: string) => Entry | undefined) {
    this.parse = parse;
  }

  /** Whether the stream has ended: nothing more will come. */
  get ended(): boolean {
    return this.over;
  }

  /** Reads a stream to its end. */
  read(stream: Readable): void {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const lines = (this.rest + text).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.add(line);
    });
    stream.on('close', () => {
      if (this.rest !== '') this.add(this.rest);
      this.rest = '';
      this.over = true;
      for (const waiter of [...this.waiters]) waiter.settle(undefined);
    });
  }

  /**
   * The first entry, past or future, that fits; undefined when none came in time, or none can come
   * any more. Without a time it waits for the end of the stream.
   */
  async waitFor(fits: (entry: Entry) => boolean, timeoutMs?: number): Promise<Entry | undefined> {
    const present = this.entries.find(fits);
    if (present !== undefined || this.over) return present;
    return new Promise((resolve) => {
      const waiter: Waiter<Entry> = {
        fits,
        settle: (entry) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          resolve(entry);
        },
      };
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(() => waiter.settle(undefined), timeoutMs);
      this.waiters.add(waiter);
    });
  }

  private add(line: string): void {
    const entry = this.parse(line);
    if (entry === undefined) return;
    this.entries.push(entry);
    for (const waiter of [...this.waiters]) {
      if (waiter.fits(entry)) waiter.settle(entry);
    }
  }
}
