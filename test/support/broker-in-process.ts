import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { ProtocolVersion } from '../../src/codec/control-packet.ts';
import type { Effects, LoadedConfiguration, RunningBroker } from '../../src/compose.ts';
import { composeBroker } from '../../src/compose.ts';
import { parseConfiguration, parseSecurity } from '../../src/config/load.ts';
import type { EventCode } from '../../src/observability/events.ts';
import type { EventFields } from '../../src/observability/log.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import type { SessionStore } from '../../src/stores/session-store.ts';
import type { ConnectFields } from './scripted-client.ts';
import { ScriptedClient } from './scripted-client.ts';

const PATIENCE = 5_000;

type Keys = Readonly<Record<string, unknown>>;

/** Keys of portcullis.yaml and security.yaml, laid over those below. */
export interface BrokerKeys {
  readonly config?: Keys;
  readonly security?: Keys;
}

export interface InProcessOptions extends BrokerKeys {
  readonly clock?: Clock;
  readonly store?: SessionStore;
}

/** Anonymous clients may do everything that is not `forbidden/…`; what is below `readonly/…` they may not write. */
const baseConfiguration: Keys = {
  server_name: 'test',
  listeners: [{ name: 'tcp', protocol: 'tcp', port: 0 }],
  anonymous: { roles: ['guest'] },
  limits: { failure_reply_delay: '0s' },
};
const baseSecurity: Keys = {
  roles: [
    {
      name: 'guest',
      permissions: [
        { access: 'readWrite', topic: '#' },
        { access: 'read', topic: '$SYS/#' },
        { effect: 'deny', access: 'readWrite', topic: 'forbidden/#' },
        { effect: 'deny', access: 'write', topic: 'readonly/#' },
      ],
    },
  ],
};

/** The configuration that these keys make, laid over the base. */
export function loaded({ config = {}, security = {} }: BrokerKeys = {}): LoadedConfiguration {
  const surroundings = { env: {}, cwd: '/', hostname: () => 'test' };
  const limits = {
    ...(baseConfiguration['limits'] as Keys),
    ...((config['limits'] as Keys | undefined) ?? {}),
  };
  const configuration = parseConfiguration(
    stringify({ ...baseConfiguration, ...config, limits }),
    surroundings,
  );
  const parsed = parseSecurity(
    stringify({ ...baseSecurity, ...security }),
    surroundings,
    configuration.limits,
  );
  return { configuration, security: parsed.security };
}

interface Logged {
  readonly event: EventCode;
  readonly fields: EventFields;
}

/** A broker in this process with one tcp listener, and the clients that a test connects to it. */
export class BrokerInProcess {
  readonly #running: RunningBroker;
  readonly #log: EventLog;
  readonly #clients: ScriptedClient[] = [];
  #lastName = 0;

  private constructor(running: RunningBroker, log: EventLog) {
    this.#running = running;
    this.#log = log;
  }

  /** Starts a broker that ends with the test. */
  static async start(test: TestContext, options: InProcessOptions = {}): Promise<BrokerInProcess> {
    const log = new EventLog();
    const effects: Effects = {
      clock: options.clock ?? systemClock,
      random: systemRandom,
      version: '0.0.0-test',
      log: (event, fields = {}) =>
        log.add({ event, fields: typeof fields === 'function' ? fields() : fields }),
      ...(options.store !== undefined && { store: options.store }),
    };
    const broker = new BrokerInProcess(await composeBroker(loaded(options), effects), log);
    test.after(() => broker.#stopBehindTest());
    return broker;
  }

  get port(): number {
    return this.#running.listeners[0]!.port;
  }

  /** A network connection on which nothing has been sent. */
  async open(version: ProtocolVersion = 5, clientId = `client-${++this.#lastName}`): Promise<ScriptedClient> {
    const client = await ScriptedClient.open(this.port, version, clientId);
    this.#clients.push(client);
    return client;
  }

  /** A client that was let in; see `client.connack`. */
  async connect(fields: ConnectFields = {}): Promise<ScriptedClient> {
    const client = await this.open(fields.protocolVersion, fields.clientId);
    const { reasonCode } = await client.connect(fields);
    if (reasonCode !== 0) throw new Error(`${client.clientId} was refused with ${reasonCode}`);
    return client;
  }

  /** Drops the client's network connection; returns when the broker has noticed. */
  async drop(client: ScriptedClient): Promise<void> {
    const clientId = client.connack?.properties.assignedClientIdentifier ?? client.clientId;
    const before = this.logged('client_disconnected', { client_id: clientId }).length;
    client.destroy();
    await this.whenLogged('client_disconnected', { client_id: clientId }, before + 1);
  }

  reload(keys: BrokerKeys): Promise<void> {
    return this.#running.reload(loaded(keys));
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  /** The events of this code with these fields, so far. */
  logged(event: EventCode, fields: EventFields = {}): readonly EventFields[] {
    return this.#log.find(event, fields);
  }

  /** Waits until the log has so many of these events. */
  whenLogged(event: EventCode, fields: EventFields = {}, count = 1): Promise<void> {
    return this.#log.whenFound(event, fields, count);
  }

  async #stopBehindTest(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    // Everything of a test that has failed must end, too: its sockets are gone, so no timer of a fake clock is needed.
    await this.#running.stop().catch(() => undefined);
    const failures = this.#log.find('internal_error', {});
    if (failures.length > 0) throw new Error(`the broker failed: ${String(failures[0]?.['error'])}`);
  }
}

/** What the broker logged. */
class EventLog {
  readonly #events: Logged[] = [];
  readonly #waiting = new Set<() => void>();

  add(logged: Logged): void {
    this.#events.push(logged);
    for (const look of this.#waiting) look();
  }

  find(event: EventCode, fields: EventFields): readonly EventFields[] {
    const wanted = Object.entries(fields);
    return this.#events
      .filter(
        (logged) => logged.event === event && wanted.every(([name, value]) => logged.fields[name] === value),
      )
      .map((logged) => logged.fields);
  }

  whenFound(event: EventCode, fields: EventFields, count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`the broker did not log ${event} ${JSON.stringify(fields)} ${count} times`));
      }, PATIENCE);
      const look = (): void => {
        if (this.find(event, fields).length < count) return;
        clearTimeout(giveUp);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
