import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { LineLog } from './line-log.ts';
import type { ProgramResult } from './run-program.ts';
import { cleanEnvironment, runProgram } from './run-program.ts';

/** For the `skip` option of tests that use this file: `needs(...mosquittoPrograms)`. */
export const mosquittoPrograms = ['mosquitto_pub', 'mosquitto_sub', 'stdbuf'] as const;

const versionNames = { '3.1': 'mqttv31', '3.1.1': 'mqttv311', '5.0': 'mqttv5' } as const;

export interface MosquittoTls {
  readonly caFile: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Accept a server name that is not in the certificate. */
  readonly insecure?: boolean;
  readonly version?: 'tlsv1.2' | 'tlsv1.3';
}

export interface MosquittoConnection {
  readonly host: string;
  readonly port: number;
  readonly version?: keyof typeof versionNames;
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: MosquittoTls;
  readonly keepAlive?: number;
  /** Keep the session (mosquitto's -c); a client identifier is needed then. */
  readonly persistent?: boolean;
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly qos?: number;
    readonly retain?: boolean;
  };
  /** MQTT 5 properties: `['publish', 'user-property', 'key', 'value']`. */
  readonly properties?: readonly (readonly string[])[];
  /** Anything else the program understands. */
  readonly args?: readonly string[];
}

export interface MosquittoPublication {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
}

/** What mosquitto_pub saw of the broker's answers. */
export interface PublishResult extends ProgramResult {
  /** Return or reason code of CONNACK; undefined when none came. */
  readonly connack: number | undefined;
  /** Reason codes of PUBACK and PUBCOMP, in order; 0 in 3.x. A refused QoS 2 message shows in `warnings` only. */
  readonly acknowledged: readonly number[];
  /** Reason code of a DISCONNECT the broker sent. */
  readonly disconnect: number | undefined;
  /** For example `Publish 1 failed: Not authorized.` */
  readonly warnings: readonly string[];
}

export interface MosquittoMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
}

function connectionArguments(connection: MosquittoConnection): string[] {
  const { host, port, version = '3.1.1', clientId, username, password, tls, keepAlive, will } = connection;
  const args = ['-d', '-h', host, '-p', String(port), '-V', versionNames[version]];
  if (clientId !== undefined) args.push('-i', clientId);
  if (username !== undefined) args.push('-u', username);
  if (password !== undefined) args.push('-P', password);
  if (keepAlive !== undefined) args.push('-k', String(keepAlive));
  if (connection.persistent === true) args.push('-c');
  if (tls !== undefined) args.push(...tlsArguments(tls));
  if (will !== undefined) {
    args.push(
      '--will-topic',
      will.topic,
      '--will-payload',
      will.payload,
      '--will-qos',
      String(will.qos ?? 0),
    );
    if (will.retain === true) args.push('--will-retain');
  }
  for (const property of connection.properties ?? []) args.push('-D', ...property);
  return [...args, ...(connection.args ?? [])];
}

function tlsArguments(tls: MosquittoTls): string[] {
  const args = ['--cafile', tls.caFile];
  if (tls.certFile !== undefined) args.push('--cert', tls.certFile);
  if (tls.keyFile !== undefined) args.push('--key', tls.keyFile);
  if (tls.insecure === true) args.push('--insecure');
  if (tls.version !== undefined) args.push('--tls-version', tls.version);
  return args;
}

function numbers(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => Number(match[1]));
}

/** Reads the answers of the broker out of what mosquitto's clients print with -d. */
export function parseDebugOutput(text: string): Omit<PublishResult, keyof ProgramResult> {
  return {
    connack: numbers(text, /received CONNACK \((\d+)\)/g)[0],
    acknowledged: numbers(text, /received PUB(?:ACK|COMP) \(Mid: \d+, RC:(\d+)\)/g),
    disconnect: numbers(text, /received DISCONNECT \((\d+)\)/gi)[0],
    warnings: [...text.matchAll(/^Warning: (.*)$/gm)].map((match) => match[1] ?? ''),
  };
}

/** Publishes one message with mosquitto_pub and waits for its end. */
export async function mosquittoPublish(
  connection: MosquittoConnection,
  publication: MosquittoPublication,
): Promise<PublishResult> {
  const args = [
    ...connectionArguments(connection),
    '-t',
    publication.topic,
    '-q',
    String(publication.qos ?? 0),
  ];
  if (publication.retain === true) args.push('-r');
  // -s takes the whole of standard input as payload, so that any bytes will do; but not none, for which -n is.
  args.push(publication.payload.length === 0 ? '-n' : '-s');
  const result = await runProgram('mosquitto_pub', args, { input: publication.payload });
  return { ...result, ...parseDebugOutput(result.stdout + result.stderr) };
}

function parseMessage(line: string): MosquittoMessage | undefined {
  const match = /^MESSAGE (\d) (\d) ([0-9a-f]*) (.*)$/s.exec(line);
  if (match === null) return undefined;
  const [, qos, retain, payload = '', topic = ''] = match;
  return { topic, payload: Buffer.from(payload, 'hex'), qos: Number(qos), retain: retain === '1' };
}

interface SubscriberLine {
  readonly text: string;
  readonly message: MosquittoMessage | undefined;
}

/** A running mosquitto_sub. */
export class MosquittoSubscriber {
  /** Granted QoS or reason code per filter, in order; empty when no SUBACK came. */
  readonly granted: readonly number[];
  private readonly lines: LineLog<SubscriberLine>;
  private readonly child: ChildProcess;
  private readonly end: () => Promise<void>;

  constructor(
    child: ChildProcess,
    lines: LineLog<SubscriberLine>,
    granted: readonly number[],
    end: () => Promise<void>,
  ) {
    this.child = child;
    this.lines = lines;
    this.granted = granted;
    this.end = end;
  }

  get messages(): readonly MosquittoMessage[] {
    return this.lines.entries.flatMap(({ message }) => (message === undefined ? [] : [message]));
  }

  /** Everything it printed: its debug lines and errors. */
  get output(): string {
    return this.lines.entries.map(({ text }) => text).join('\n');
  }

  get connack(): number | undefined {
    return parseDebugOutput(this.output).connack;
  }

  get disconnect(): number | undefined {
    return parseDebugOutput(this.output).disconnect;
  }

  /** Waits until this many messages are there. */
  async waitForMessages(count: number, timeoutMs = 5_000): Promise<readonly MosquittoMessage[]> {
    await this.lines.waitFor(() => this.messages.length >= count, timeoutMs);
    const { messages } = this;
    if (messages.length >= count) return messages;
    throw new Error(`${messages.length} of ${count} messages within ${timeoutMs} ms\n${this.output}`);
  }

  /** Waits for a line of its output, for example /received DISCONNECT/. */
  async waitForOutput(pattern: RegExp, timeoutMs = 5_000): Promise<void> {
    const line = await this.lines.waitFor(({ text }) => pattern.test(text), timeoutMs);
    if (line === undefined) throw new Error(`no line ${pattern} within ${timeoutMs} ms\n${this.output}`);
  }

  /** Ends it without a DISCONNECT (SIGKILL). */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Lets it disconnect (SIGINT) and waits until it is gone. */
  async stop(): Promise<void> {
    await this.end();
  }
}

/** Starts mosquitto_sub; resolves when SUBACK has come, or the program has ended without one. */
export async function mosquittoSubscribe(
  owner: { after(cleanUp: () => Promise<void>): void },
  connection: MosquittoConnection,
  filters: readonly string[],
  qos: 0 | 1 | 2 = 0,
): Promise<MosquittoSubscriber> {
  const args = [...connectionArguments(connection), '-q', String(qos), '-F', 'MESSAGE %q %r %x %t'];
  for (const filter of filters) args.push('-t', filter);
  // Into a pipe mosquitto_sub would hold its debug lines back. Both streams into one keep their order.
  const script = 'exec stdbuf -oL mosquitto_sub "$@" 2>&1';
  const child = spawn('sh', ['-c', script, 'sh', ...args], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const end = async (): Promise<void> => {
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await closed;
    clearTimeout(timer);
  };
  owner.after(end);
  const lines = new LineLog<SubscriberLine>((text) => ({ text, message: parseMessage(text) }));
  lines.read(child.stdout);
  const subscribed = await lines.waitFor(({ text }) => text.startsWith('Subscribed (mid:'), 10_000);
  if (subscribed === undefined && !lines.ended) {
    await end();
    throw new Error(`mosquitto_sub got no SUBACK\n${lines.entries.map(({ text }) => text).join('\n')}`);
  }
  const codes = /\): (.*)$/.exec(subscribed?.text ?? '')?.[1];
  const granted = codes?.split(', ').map(Number) ?? [];
  return new MosquittoSubscriber(child, lines, granted, end);
}
