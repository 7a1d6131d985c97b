/**
 * The built broker beside Debian's mosquitto, or beside another checkout of ours: the same load in interleaved rounds,
 * messages per CPU second of the broker, the ratio of the medians with the spread of the rounds.
 *
 *   node bench/end-to-end/compare.ts [--rounds 5] [--only REGEX] [--against CHECKOUT]
 *
 * Needs a C compiler and, without --against, mosquitto on PATH. Traffic stays on loopback.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { root } from './paths.ts';
import type { Peer } from './peers.ts';
import { buildLoadGenerator, startMosquitto, startPortcullis } from './peers.ts';
import type { Scenario } from './scenarios.ts';
import { scenarios } from './scenarios.ts';

const run = promisify(execFile);

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '.' },
    against: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const chosen = scenarios.filter(({ name }) => new RegExp(values.only).test(name));
const generator = buildLoadGenerator();
const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));

const ours = await startPortcullis('portcullis', root, join(folder, 'ours'));
const other =
  values.against === undefined
    ? await startMosquitto(join(folder, 'mosquitto'))
    : await startPortcullis(values.against, values.against, join(folder, 'other'));
try {
  console.log(`| scenario | portcullis | ${other.name} | ratio of medians | ratio, lowest–highest round |`);
  console.log('|---|---|---|---|---|');
  for (const scenario of chosen) await compare(scenario);
} finally {
  ours.stop();
  other.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function compare(scenario: Scenario): Promise<void> {
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    mine.push(await measure(scenario, ours));
    theirs.push(await measure(scenario, other));
  }
  const ratios = mine.map((value, index) => value / (theirs[index] as number)).sort((a, b) => a - b);
  const ratio = median(mine) / median(theirs);
  const cells = [
    scenario.name,
    figure(median(mine)),
    figure(median(theirs)),
    ratio.toFixed(2),
    `${(ratios[0] as number).toFixed(2)}–${(ratios.at(-1) as number).toFixed(2)}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

async function measure(scenario: Scenario, { port, pid }: Peer): Promise<number> {
  const common = [
    '-p',
    String(port),
    '--pid',
    String(pid),
    '-u',
    'u%i',
    '-P',
    'p%i',
    '--users',
    '50',
    '--quiet',
  ];
  const { stdout } = await run(generator, [scenario.mode, ...common, ...scenario.args]);
  const result = JSON.parse(stdout) as Record<string, number>;
  if (result.lost || result.dup || result.ooo)
    throw new Error(`${scenario.name}: not delivered as promised: ${stdout}`);
  return result[scenario.figure] as number;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function figure(value: number): string {
  return value >= 1000 ? `${Math.round(value / 1000)} k` : value.toFixed(1);
}
