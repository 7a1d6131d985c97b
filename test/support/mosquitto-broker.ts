import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { LineLog } from './line-log.ts';
import { cleanEnvironment } from './run-program.ts';
import { findProgram } from './skip-reason.ts';
import { temporaryDirectory } from './temporary-directory.ts';

function mosquittoProgram(): string | undefined {
  // Debian puts servers where the PATH of a user does not look.
  return findProgram('mosquitto') ?? findProgram('mosquitto', '/usr/sbin');
}

/** For the `skip` option of tests that start Debian's mosquitto. */
export function needsMosquittoBroker(): string | false {
  return mosquittoProgram() === undefined ? 'not on this machine: mosquitto' : false;
}

/** A running mosquitto. */
export interface MosquittoBroker {
  readonly host: string;
  readonly port: number;
  /** Waits for a line of its log. */
  waitForOutput(pattern: RegExp): Promise<void>;
}

/** Starts mosquitto on loopback, open to everybody, with further lines of mosquitto.conf. It ends with the test. */
export async function startMosquittoBroker(
  owner: { after(cleanUp: () => Promise<void>): void },
  lines: readonly string[],
): Promise<MosquittoBroker> {
  const program = mosquittoProgram();
  if (program === undefined) throw new Error('mosquitto is not on this machine');
  const host = '127.0.0.1';
  const port = await freePort();
  const file = join(temporaryDirectory('mosquitto'), 'mosquitto.conf');
  writeFileSync(file, `${[`listener ${port} ${host}`, 'allow_anonymous true', ...lines].join('\n')}\n`);
  const child = spawn(program, ['-v', '-c', file], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  owner.after(async () => {
    child.kill('SIGTERM');
    await closed;
  });
  const log = new LineLog<string>((line) => line);
  log.read(child.stderr);
  const waitForOutput = async (pattern: RegExp): Promise<void> => {
    const found = await log.waitFor((line) => pattern.test(line), 10_000);
    if (found === undefined) throw new Error(`mosquitto did not say ${pattern}\n${log.entries.join('\n')}`);
  };
  await waitForOutput(/mosquitto version .* running/);
  return { host, port, waitForOutput };
}
