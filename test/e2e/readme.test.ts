import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { LineLog } from '../support/line-log.ts';
import { mosquittoPrograms } from '../support/mosquitto.ts';
import { repositoryRoot } from '../support/repository.ts';
import { cleanEnvironment } from '../support/run-program.ts';
import { needs } from '../support/skip-reason.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const blockWithinMs = 20_000;
/** As they stand in the README; each is replaced by a port that is free here. */
const documentedPorts = ['1883', '8883'] as const;

/** Commands of the README, and what it says they print. */
interface Step {
  readonly commands: string;
  readonly output: readonly string[];
}

/** The fenced blocks of one section, in order: each `sh` with the `text` that follows it. */
function stepsOf(markdown: string, heading: string): readonly Step[] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(heading));
  assert.ok(section !== undefined, `README.md has no section "${heading}"`);
  const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, commands = ''], index) => {
    if (language !== 'sh') return [];
    const [, following, text = ''] = blocks[index + 1] ?? [];
    const output = following === 'text' ? text.split('\n').slice(0, -1) : [];
    return [{ commands, output }];
  });
}

/** A folder like a clone's, and mosquitto's clients told which port to use when a command names none. */
function makeClone(port: string): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
  const cwd = temporaryDirectory('readme');
  symlinkSync(join(repositoryRoot, 'bin'), join(cwd, 'bin'));
  const settings = join(cwd, '.config');
  mkdirSync(settings);
  for (const program of ['mosquitto_pub', 'mosquitto_sub'])
    writeFileSync(join(settings, program), `-p ${port}\n`);
  return { cwd, env: cleanEnvironment({ XDG_CONFIG_HOME: settings }) };
}

/** One shell for all steps, as a reader would have: variables and background jobs go on from step to step. */
class Shell {
  readonly #child;
  readonly #lines = new LineLog<string>((line) => line);
  #step = 0;
  #seen = 0;

  constructor(t: TestContext, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
    const child = spawn('bash', ['-s'], { ...options, detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    // Both streams in the order in which a terminal shows them.
    child.stdin.write('exec 2>&1\n');
    const closed = new Promise((resolve) => child.on('close', resolve));
    this.#child = child;
    this.#lines.read(child.stdout as Readable);
    t.after(async () => {
      // With all that it started: a step that fails leaves its broker running.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
      await closed;
    });
  }

  /** Runs commands, and gives what was printed until they ended and `promised` lines were there. */
  async run(commands: string, promised: number): Promise<readonly string[]> {
    const end = `end of step ${++this.#step}`;
    this.#child.stdin.write(`${commands}\necho "${end}"\n`);
    const printed = (): readonly string[] =>
      this.#lines.entries.slice(this.#seen).filter((line) => line !== end);
    await this.#lines.waitFor(() => this.#ended(end) && printed().length >= promised, blockWithinMs);
    const output = printed();
    this.#seen = this.#lines.entries.length;
    return output;
  }

  #ended(end: string): boolean {
    return this.#lines.entries.includes(end);
  }
}

test('the five minutes of the README go as it says', {
  skip: needs('bash', 'openssl', ...mosquittoPrograms),
}, async (t) => {
  const ports = await Promise.all(
    documentedPorts.map(async (documented) => [documented, await freePort()] as const),
  );
  const here = (text: string): string =>
    ports.reduce((changed, [documented, port]) => changed.replaceAll(documented, String(port)), text);
  const shell = new Shell(t, makeClone(here(documentedPorts[0])));
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  const steps = stepsOf(readme, 'Five minutes');
  assert.ok(steps.length >= 10, `only ${steps.length} steps were found`);
  for (const { commands, output } of steps) {
    const printed = await shell.run(here(commands), output.length);
    assert.deepEqual(printed, output.map(here), commands);
  }
});
