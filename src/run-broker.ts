import { destination } from 'pino';
import { versionText } from './cli/version.ts';
import type { LoadedConfiguration, RunningBroker } from './compose.ts';
import { composeBroker } from './compose.ts';
import { ConfigurationError, noticeText } from './config/configuration.ts';
import { loadConfiguration } from './config/load.ts';
import type { Log } from './observability/log.ts';
import { createLog } from './observability/log.ts';
import { systemClock } from './runtime/clock.ts';
import { systemRandom } from './runtime/random.ts';
import type { OpenListener } from './transport/listener.ts';

/** Seconds after which a drain that hangs is given up: the contract says ten. */
const STOP_WITHIN = 9_500;

/**
 * The process `portcullis start`: loads, composes, says on which ports it listens and that it is ready; reloads on
 * SIGHUP; drains on SIGTERM and SIGINT. Resolves with the exit code.
 * @throws ConfigurationError, and errors that say which listener cannot be opened
 */
export async function runBroker(options: { readonly configFile?: string }): Promise<number> {
  const log = createLog(destination({ fd: 2, sync: false }), systemClock);
  const load = (): Promise<LoadedConfiguration> =>
    loadConfiguration({
      ...(options.configFile !== undefined && { file: options.configFile }),
      env: process.env,
      cwd: process.cwd(),
    });
  const stopAsked = signalled(['SIGTERM', 'SIGINT']);
  const starting = start(load, log);
  // From the first moment: without a listener SIGHUP ends the process, and a reload asked for meanwhile follows the start.
  process.on('SIGHUP', reloadOneByOne(starting, load, log));
  const running = await starting;
  for (const listener of running.listeners) process.stdout.write(`${listenerLine(listener)}\n`);
  process.stdout.write('ready\n');

  await stopAsked;
  // Timers of the clock do not keep a process alive; this one must end a drain that hangs.
  const giveUp = setTimeout(() => process.exit(1), STOP_WITHIN);
  await running.stop();
  clearTimeout(giveUp);
  return 0;
}

async function start(load: () => Promise<LoadedConfiguration>, log: Log): Promise<RunningBroker> {
  const loaded = await load();
  announceNotices(loaded, log);
  return composeBroker(loaded, { clock: systemClock, random: systemRandom, log, version: versionText() });
}

/** `listener NAME: PROTOCOL HOST:PORT[/path]` with the real port: tools read it. */
function listenerLine({ name, protocol, host, port, path }: OpenListener): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return `listener ${name}: ${protocol} ${address}:${port}${path ?? ''}`;
}

function announceNotices({ configuration }: LoadedConfiguration, log: Log): void {
  for (const notice of configuration.warnings) {
    log('configuration_notice', { field: notice.field, notice: noticeText(notice) });
  }
}

/** Reloads never overlap; one asked for meanwhile follows. Whatever is wrong leaves the last good state (TH12). */
function reloadOneByOne(
  starting: Promise<RunningBroker>,
  load: () => Promise<LoadedConfiguration>,
  log: Log,
): () => void {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.then(async () => {
      try {
        const running = await starting;
        const loaded = await load();
        await running.reload(loaded);
        announceNotices(loaded, log);
        log('configuration_reloaded');
      } catch (error) {
        const problems =
          error instanceof ConfigurationError ? error.notices.map(noticeText) : [String(error)];
        log('configuration_rejected', { problems });
      }
    });
  };
}

/** Ctrl-C behind npm comes twice, from the terminal and from the parent: the second must not cut the drain short. */
function signalled(signals: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve());
  });
}
