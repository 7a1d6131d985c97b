import type { AuthenticatorOptions } from './authentication/authenticator.ts';
import { Authenticator } from './authentication/authenticator.ts';
import type { PasswordHasher } from './authentication/password-hashing.ts';
import { createPasswordHasher } from './authentication/password-hashing.ts';
import { Admission } from './broker/admission.ts';
import { Broker } from './broker/broker.ts';
import { ClientConnection } from './broker/client-connection.ts';
import { drain } from './broker/drain.ts';
import { applyRights } from './broker/revoke-access.ts';
import { SystemTopics } from './broker/system-topics.ts';
import type { Configuration, ListenerSettings, SecurityDocument } from './config/configuration.ts';
import { Connection } from './connection/connection.ts';
import { FlushScheduler } from './connection/flush-scheduler.ts';
import { WriteSlab } from './connection/write-slab.ts';
import type { Log } from './observability/log.ts';
import type { Clock } from './runtime/clock.ts';
import type { RandomSource } from './runtime/random.ts';
import { MemorySessionStore } from './stores/memory/memory-session-store.ts';
import type { SessionStore } from './stores/session-store.ts';
import type { OpenListener } from './transport/listener.ts';
import { openListener } from './transport/listener.ts';
import { ListenerError } from './transport/listener-error.ts';

/** What the process gives: time, chance, a place for the log. Tests give their own. */
export interface Effects {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Shown in `$SYS/broker/version`. */
  readonly version: string;
  /** Where sessions and messages are kept; in memory unless given. */
  readonly store?: SessionStore;
}

/** A configuration as loaded: both files. */
export interface LoadedConfiguration {
  readonly configuration: Configuration;
  readonly security: SecurityDocument;
}

/** A broker that serves clients. */
export interface RunningBroker {
  readonly listeners: readonly OpenListener[];
  /**
   * Puts another configuration in force: who may come in and what they may do at once, for connected clients too; MQTT
   * settings for new connections; certificates for new handshakes. Rejects without having changed anything when it
   * cannot be done.
   */
  reload(loaded: LoadedConfiguration): Promise<void>;
  /** Tells every client and closes. Resolves when what was acknowledged is durable and every connection is gone. */
  stop(): Promise<void>;
}

/** Constructs and wires a broker; the only place that does. Rejects when a listener cannot be opened. */
export async function composeBroker(loaded: LoadedConfiguration, effects: Effects): Promise<RunningBroker> {
  const { clock, random, log } = effects;
  const { limits } = loaded.configuration;
  const hasher = createPasswordHasher({
    concurrent: limits.concurrentPasswordHashes,
    pending: limits.pendingAuthentications,
    random,
  });
  const store = effects.store ?? new MemorySessionStore();
  const broker = new Broker({
    clock,
    random,
    log,
    limits,
    store,
    scheduler: new FlushScheduler(),
    slab: new WriteSlab(),
    settings: brokerSettings(loaded.configuration),
    authenticator: await Authenticator.create(authenticatorOptions(loaded, hasher)),
  });
  const admission = new Admission(broker);
  const listeners = await openListeners(broker, admission, loaded.configuration);
  const systemTopics = new SystemTopics(broker, effects.version);
  systemTopics.start();
  log('broker_started', { server_name: loaded.configuration.serverName, version: effects.version });

  let current = loaded.configuration;
  const reload = async (next: LoadedConfiguration): Promise<void> => {
    const authenticator = await Authenticator.create(
      authenticatorOptions(next, hasher),
      broker.authenticator,
    );
    await reloadCertificates(listeners, next.configuration);
    broker.authenticator = authenticator;
    broker.settings = brokerSettings(next.configuration);
    applyRights(broker);
    announceRestartNeeds(current, next.configuration, log);
    current = next.configuration;
  };
  // One after the other: the last one asked for is the one in force.
  let reloads: Promise<void> = Promise.resolve();
  return {
    listeners,
    reload(next) {
      const done = reloads.then(() => reload(next));
      reloads = done.catch(() => undefined);
      return done;
    },
    async stop() {
      systemTopics.stop();
      hasher.close();
      await Promise.all(listeners.map((listener) => listener.stopAccepting()));
      await drain(broker);
      await atMost(admission.allGone(), limits.drainTime, clock);
      await Promise.all(listeners.map((listener) => listener.close()));
      await store.close();
      log('broker_stopped');
    },
  };
}

function brokerSettings({ serverName, mqtt, policy }: Configuration): Broker['settings'] {
  return { serverName, mqtt, policy };
}

function authenticatorOptions(loaded: LoadedConfiguration, hasher: PasswordHasher): AuthenticatorOptions {
  const { anonymous, listeners } = loaded.configuration;
  const listenerProviders = new Map(
    listeners.flatMap(({ name, providers }) => (providers === undefined ? [] : [[name, providers] as const])),
  );
  return { security: loaded.security, anonymous, hasher, listenerProviders };
}

/** All of them or none: a broker that serves half of what was configured would look alive. */
async function openListeners(
  broker: Broker,
  admission: Admission,
  configuration: Configuration,
): Promise<readonly OpenListener[]> {
  const open: OpenListener[] = [];
  try {
    for (const settings of configuration.listeners.filter(({ enabled }) => enabled)) {
      open.push(await openListener(settings, listenerContext(broker, admission, settings, configuration)));
    }
    return open;
  } catch (error) {
    await Promise.all(open.map((listener) => listener.close()));
    throw error;
  }
}

function listenerContext(
  broker: Broker,
  admission: Admission,
  settings: ListenerSettings,
  { mqtt, limits }: Configuration,
): Parameters<typeof openListener>[1] {
  const connectionContext = {
    clock: broker.clock,
    limits,
    scheduler: broker.scheduler,
    slab: broker.slab,
    connectTimeout: mqtt.connectTimeout,
    maximumPacketSize: mqtt.maxPacketSize,
  };
  return {
    clock: broker.clock,
    limits,
    connectTimeout: mqtt.connectTimeout,
    maxPacketSize: mqtt.maxPacketSize,
    log: broker.log,
    admit: () => admission.admit(settings.name),
    onChannel(channel) {
      const connection = new Connection(
        channel,
        connectionContext,
        (created) => new ClientConnection(broker, created, settings.sharedClientIds),
      );
      connection.start();
    },
  };
}

/** A pair that cannot be used leaves its listener, which logs it, with the last good one; the rest is reloaded. */
async function reloadCertificates(
  listeners: readonly OpenListener[],
  configuration: Configuration,
): Promise<void> {
  for (const listener of listeners) {
    const tls = configuration.listeners.find(({ name }) => name === listener.name)?.tls;
    if (tls !== undefined) await listener.updateTls(tls).catch(ignoreLogged);
  }
}

function ignoreLogged(error: unknown): void {
  if (!(error instanceof ListenerError)) throw error;
}

/** What only a restart changes is said, so that nobody waits for it. */
function announceRestartNeeds(before: Configuration, after: Configuration, log: Log): void {
  // Certificates are reloaded where they stand.
  const shape = ({ listeners }: Configuration): string =>
    JSON.stringify(listeners.map((settings) => ({ ...settings, tls: settings.tls !== undefined })));
  const changed = [
    ['listeners', shape(before), shape(after)],
    ['server_name', before.serverName, after.serverName],
    ['data_dir', before.dataDir, after.dataDir],
    ['limits', JSON.stringify(before.limits), JSON.stringify(after.limits)],
  ].filter(([, old, now]) => old !== now);
  for (const [field] of changed) log('restart_needed', { field });
}

/** Waits for `done`, but no longer than that. */
function atMost(done: Promise<void>, milliseconds: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(milliseconds, resolve);
    void done.then(() => {
      cancel();
      resolve();
    });
  });
}
