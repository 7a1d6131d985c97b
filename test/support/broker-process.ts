import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before } from 'node:test';
import { stringify } from 'yaml';
import { recordConnection } from './connection-record.ts';
import { LineLog } from './line-log.ts';
import { repositoryPath, repositoryRoot } from './repository.ts';
import { cleanEnvironment } from './run-program.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const readyWithinMs = 15_000;
const drainedWithinMs = 10_000;
const mainFile = join(repositoryRoot, 'dist', 'main.js');
// What bin/portcullis.js gives the broker, without its extra start of Node.
const brokerFlags = ['--max-semi-space-size=64'];
const programs = {
  main: [process.execPath, ...brokerFlags, mainFile, 'start'],
  command: ['node', join(repositoryRoot, 'bin', 'portcullis.js'), 'start'],
  npm: ['npm', 'start', '--'],
} as const;

/** The part of node:test's context that a broker needs: whom to clean up after, and the name for records. */
export interface BrokerOwner {
  readonly name: string;
  readonly fullName?: string;
  readonly filePath?: string | undefined;
  readonly passed?: boolean;
  after(cleanUp: () => Promise<void>): void;
}

export interface BrokerOptions {
  /** portcullis.yaml: text as it is, or keys laid over `baseConfiguration`. */
  readonly config?: string | Readonly<Record<string, unknown>>;
  /** security.yaml: text, or the records; named in the configuration when that is an object. */
  readonly security?: string | Readonly<Record<string, unknown>>;
  /** Further files to write beside them, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further arguments after `start --config FILE`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of an earlier broker, to start again on its files. */
  readonly directory?: string;
  /** What is run: dist/main.js unless told, bin/portcullis.js under the Node on PATH, or `npm start`. */
  readonly program?: keyof typeof programs;
}

export interface Listener {
  readonly name: string;
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
}

/** One line of the broker's log. */
export interface LogEntry {
  readonly level: number | string;
  readonly time: number | string;
  readonly event?: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** A broker that did not come up: with what it said and how it ended. */
export class BrokerStartError extends Error {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(reason: string, exitCode: number | null, stdout: string, stderr: string) {
    super(`the broker ${reason}\nstdout:\n${stdout}\nstderr:\n${stderr}`);
    this.name = 'BrokerStartError';
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** What every test broker has unless its configuration says otherwise: ports chosen by the system, own data. */
export const baseConfiguration: Readonly<Record<string, unknown>> = {
  server_name: 'test',
  data_dir: './data',
  listeners: [{ name: 'tcp', protocol: 'tcp', port: 0 }],
  admin: { port: 0 },
  observability: { port: 0 },
};

type BrokerChild = ChildProcessByStdio<null, Readable, Readable>;

const running = new Set<BrokerChild>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.on('exit', killAll);
// The runner ends a test file that hangs with SIGTERM; its brokers must not outlive it.
process.once('SIGTERM', () => process.exit(143));

/** Reads `listener NAME: PROTOCOL HOST:PORT[/path]`; an IPv6 host stands in brackets, which are taken off. */
export function parseListenerLine(line: string): Listener | undefined {
  const match = /^listener (.+?): ([a-z]+) (\[[^\]]+\]|[^:\s]+):(\d+)(\/\S*)?$/.exec(line.trimEnd());
  if (match === null) return undefined;
  const [, name = '', protocol = '', host = '', port = '', path] = match;
  return {
    name,
    protocol,
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    ...(path === undefined ? {} : { path }),
  };
}

function parseLogLine(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? (entry as LogEntry) : undefined;
  } catch {
    return undefined;
  }
}

/** The built broker as a process of its own. Made by `startBroker` or `sharedBroker`. */
export class BrokerProcess {
  readonly directory: string;
  readonly configFile: string;
  readonly listeners: ReadonlyMap<string, Listener>;
  private readonly child: BrokerChild;
  private readonly log: LineLog<LogEntry>;
  private readonly output: BrokerOutput;
  private endingAsked = false;

  constructor(directory: string, child: BrokerChild, log: LineLog<LogEntry>, output: BrokerOutput) {
    this.directory = directory;
    this.configFile = join(directory, 'portcullis.yaml');
    this.listeners = output.listeners;
    this.child = child;
    this.log = log;
    this.output = output;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** A listener by its configured name; an error that names the others if there is none. */
  listener(name = 'tcp'): Listener {
    const found = this.listeners.get(name);
    if (found !== undefined) return found;
    throw new Error(`no listener ${name}; the broker announced: ${[...this.listeners.keys()].join(', ')}`);
  }

  /** All log lines so far, oldest first. */
  logs(): readonly LogEntry[] {
    return this.log.entries;
  }

  /** Everything printed so far, as text: for tests that look for secrets. */
  outputText(): string {
    return this.output.stdout + this.output.stderr;
  }

  /** Waits for a log line, past or future, with this event code. */
  async waitForLog(
    event: string,
    predicate: (entry: LogEntry) => boolean = () => true,
    timeoutMs = 5_000,
  ): Promise<LogEntry> {
    const fits = (entry: LogEntry): boolean => entry.event === event && predicate(entry);
    const entry = await this.log.waitFor(fits, timeoutMs);
    if (entry !== undefined) return entry;
    throw new Error(
      `no log line with event ${event} within ${timeoutMs} ms; the last ones:\n${this.lastLines()}`,
    );
  }

  /** Sends a signal. SIGKILL and SIGTERM count as asked for; other signals must leave the broker running. */
  kill(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.endingAsked = true;
    this.child.kill(signal);
  }

  /** Resolves when the process is gone. */
  async ended(): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }> {
    await this.output.closed;
    return { exitCode: this.child.exitCode, signal: this.child.signalCode };
  }

  /** Drains the broker. It must exit with 0 in time; otherwise it is killed and this fails. */
  async stop(): Promise<void> {
    if (this.isRunning()) this.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), drainedWithinMs);
    const { exitCode, signal } = await this.ended();
    clearTimeout(timer);
    if (signal === 'SIGKILL') {
      throw new Error(`the broker did not drain within ${drainedWithinMs} ms\n${this.lastLines()}`);
    }
    if (exitCode !== 0) throw new Error(`the broker ended with ${exitCode ?? signal}\n${this.lastLines()}`);
  }

  /** What `startBroker` leaves to the end of the test. */
  async cleanUp(owner: BrokerOwner): Promise<void> {
    if (owner.passed === false) process.stderr.write(`the broker's last lines:\n${this.lastLines()}\n`);
    if (this.isRunning()) return this.stop();
    const { exitCode, signal } = await this.ended();
    if (this.endingAsked || exitCode === 0) return;
    throw new Error(`the broker ended by itself with ${exitCode ?? signal}\n${this.lastLines()}`);
  }

  private isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  private lastLines(): string {
    return this.output.stderr.trimEnd().split('\n').slice(-30).join('\n');
  }
}

interface BrokerOutput {
  stdout: string;
  stderr: string;
  readonly listeners: Map<string, Listener>;
  readonly closed: Promise<void>;
}

function asYaml(content: string | Readonly<Record<string, unknown>>): string {
  return typeof content === 'string' ? content : stringify(content);
}

function writeFiles(directory: string, options: BrokerOptions): void {
  const { config = {}, security, files = {} } = options;
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  if (security !== undefined) writeFileSync(join(directory, 'security.yaml'), asYaml(security));
  if (options.directory !== undefined && options.config === undefined) return;
  const named = security === undefined ? {} : { security_file: 'security.yaml' };
  const complete = typeof config === 'string' ? config : { ...baseConfiguration, ...named, ...config };
  writeFileSync(join(directory, 'portcullis.yaml'), asYaml(complete));
}

function collect(child: BrokerChild, log: LineLog<LogEntry>): BrokerOutput {
  const output: BrokerOutput = {
    stdout: '',
    stderr: '',
    listeners: new Map(),
    closed: new Promise((resolve) => {
      child.on('close', () => {
        running.delete(child);
        resolve();
      });
    }),
  };
  child.stdout.on('data', (text) => {
    output.stdout += String(text);
  });
  child.stderr.on('data', (text) => {
    output.stderr += String(text);
  });
  log.read(child.stderr);
  return output;
}

/** Reads stdout up to the line `ready`; otherwise says why the broker is not ready. */
async function untilReady(child: BrokerChild, output: BrokerOutput): Promise<string | undefined> {
  const lines = new LineLog<string>((line) => {
    const listener = parseListenerLine(line);
    if (listener !== undefined) output.listeners.set(listener.name, listener);
    return line;
  });
  lines.read(child.stdout);
  const ready = await lines.waitFor((line) => line === 'ready', readyWithinMs);
  if (ready !== undefined) return undefined;
  const timedOut = !lines.ended;
  if (timedOut) child.kill('SIGKILL');
  await output.closed;
  return timedOut
    ? `was not ready within ${readyWithinMs} ms`
    : `ended with ${child.exitCode ?? child.signalCode} before it was ready`;
}

/**
 * Writes the configuration into a folder of its own, starts the built broker on it, waits until it
 * is ready and stops it after the test. Rejects with `BrokerStartError` when it does not come up.
 */
export async function startBroker(owner: BrokerOwner, options: BrokerOptions = {}): Promise<BrokerProcess> {
  const directory = options.directory ?? temporaryDirectory('broker');
  writeFiles(directory, options);
  const config = join(directory, 'portcullis.yaml');
  const [program, ...start] = programs[options.program ?? 'main'];
  const child = spawn(program, [...start, '--config', config, ...(options.args ?? [])], {
    cwd: options.program === 'npm' ? repositoryRoot : directory,
    env: cleanEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const log = new LineLog<LogEntry>(parseLogLine);
  const output = collect(child, log);
  const broker = new BrokerProcess(directory, child, log, output);
  const failure = await untilReady(child, output);
  if (failure !== undefined) {
    throw new BrokerStartError(failure, child.exitCode, output.stdout, output.stderr);
  }
  owner.after(() => broker.cleanUp(owner));
  recordFirstConnection(owner, log);
  return broker;
}

function recordFirstConnection(owner: BrokerOwner, log: LineLog<LogEntry>): void {
  const file = repositoryPath(owner.filePath ?? process.argv[1] ?? '');
  void log
    .waitFor((entry) => entry.event === 'client_connected')
    .then((entry) => {
      if (entry !== undefined) recordConnection({ file, test: owner.fullName ?? owner.name });
    });
}

/**
 * One broker for all tests of a `describe`: call it there, and call what it gives in the tests. Options that must be
 * made first (certificates) come from a function.
 * `const broker = sharedBroker({ … }); test('…', () => broker().listener())`
 */
export function sharedBroker(
  options: BrokerOptions | (() => BrokerOptions | Promise<BrokerOptions>) = {},
): () => BrokerProcess {
  let broker: BrokerProcess | undefined;
  const cleanUps: (() => Promise<void>)[] = [];
  before(async (context) => {
    const { name } = context as { readonly name: string };
    const wanted = typeof options === 'function' ? await options() : options;
    broker = await startBroker({ name, after: (cleanUp) => cleanUps.push(cleanUp) }, wanted);
  });
  after(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });
  return () => {
    if (broker === undefined) throw new Error('the shared broker is there only while tests run');
    return broker;
  };
}
