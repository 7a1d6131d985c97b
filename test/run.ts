// `npm test`: runs the suites and counts. `npm test -- --help` says how to use it.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runLintSuite } from './runner/lint-suite.ts';
import { findLostTests, readMinimumCounts, writeMinimumCounts } from './runner/minimum-counts.ts';
import type { Options } from './runner/options.ts';
import { help, parseOptions, UsageError } from './runner/options.ts';
import type { SuiteReport } from './runner/report.ts';
import { countSuite, formatFailure, formatOutput, formatSummary } from './runner/report.ts';
import { runFiles } from './runner/run-files.ts';
import { findUnprovenRows, parseSpecCoverage, specCoverageFile } from './runner/spec-coverage.ts';
import type { Suite } from './runner/suites.ts';
import { lintSuiteName, suites } from './runner/suites.ts';
import { readConnectionRecords, recordDirectoryVariable } from './support/connection-record.ts';
import { filesUnder, repositoryPath, repositoryRoot } from './support/repository.ts';

const testFileEnding = '.test.ts';

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A suite with the files of it that were asked for. */
interface Plan {
  readonly suite: Suite;
  readonly files: readonly string[];
  /** Whether these are all its files. */
  readonly whole: boolean;
}

/** Finds the files to run; throws with a message for the user when a selection names nothing. */
function planSuites(selection: readonly string[]): readonly Plan[] {
  const known = [lintSuiteName, ...suites.map(({ name }) => name)];
  const paths = selection
    .filter((wanted) => !known.includes(wanted))
    .map((wanted) => repositoryPath(resolve(process.cwd(), wanted)));
  const selects = (path: string, file: string): boolean => file === path || file.startsWith(`${path}/`);
  const plans = suites.map((suite): Plan => {
    const files = filesUnder(`test/${suite.name}`, testFileEnding);
    const whole = selection.length === 0 || selection.includes(suite.name);
    return {
      suite,
      whole,
      files: whole ? files : files.filter((file) => paths.some((path) => selects(path, file))),
    };
  });
  for (const path of paths) {
    if (plans.some(({ files }) => files.some((file) => selects(path, file)))) continue;
    throw new UsageError(`${path} is neither a suite nor a path with tests`);
  }
  return plans;
}

async function runSuite({ suite, files }: Plan, options: Options, signal: AbortSignal): Promise<SuiteReport> {
  const started = performance.now();
  const reports = await runFiles(
    suite,
    files.map((file) => join(repositoryRoot, file)),
    {
      root: repositoryRoot,
      names: options.names,
      signal,
      onResult: (file, result) => {
        const path = repositoryPath(file);
        if (result.outcome === 'failed') print(formatFailure(suite.name, path, result));
        else if (options.verbose) print(`${result.outcome} ${suite.name}: ${result.path.join(' › ')}`);
      },
      onFile: (report) => {
        const failed = report.results.some(({ outcome }) => outcome === 'failed');
        if ((failed || options.verbose) && report.output.trim() !== '') print(formatOutput(report));
      },
    },
  );
  return { name: suite.name, files: reports, milliseconds: performance.now() - started };
}

function printSuite(suite: SuiteReport): void {
  const { passed, failed, skipped } = countSuite(suite);
  const seconds = (suite.milliseconds / 1_000).toFixed(1);
  print(`${suite.name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)`);
}

function totalsOf(reports: readonly SuiteReport[], whole: ReadonlySet<string>): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const report of reports) {
    const { passed, failed, skipped } = countSuite(report);
    if (whole.has(report.name)) totals[report.name] = passed + failed + skipped;
  }
  return totals;
}

/** Checks about the tests themselves; each gives sentences about what is wrong. */
function completenessChecks(
  totals: Record<string, number>,
  recordDirectory: string,
  options: Options,
): ReadonlyMap<string, readonly string[]> {
  const checks = new Map<string, readonly string[]>();
  const names = suites.map(({ name }) => name);
  const strangers = filesUnder('test', testFileEnding).filter((file) => {
    return !names.some((name) => file.startsWith(`test/${name}/`));
  });
  checks.set(
    'every test file belongs to a suite',
    strangers.map((file) => `${file} is in no suite of test/runner/suites.ts and never runs`),
  );
  if (options.ci) checks.set('no tests got lost', findLostTests(readMinimumCounts(repositoryRoot), totals));
  if (options.selection.length === 0 && options.names.length === 0) {
    const rows = parseSpecCoverage(readFileSync(join(repositoryRoot, specCoverageFile), 'utf8'));
    checks.set(
      'what the specification table claims was tried on a running broker',
      findUnprovenRows(rows, readConnectionRecords(recordDirectory)),
    );
  }
  return checks;
}

function checkCompleteness(...given: Parameters<typeof completenessChecks>): SuiteReport {
  const started = performance.now();
  const results = [...completenessChecks(...given)].map(([name, problems]) => ({
    outcome: problems.length === 0 ? ('passed' as const) : ('failed' as const),
    path: [name],
    line: undefined,
    reason: problems.join('\n'),
  }));
  const report = { file: 'test/run.ts', results, output: '', milliseconds: 0 };
  return { name: 'completeness', files: [report], milliseconds: performance.now() - started };
}

function printFailures(suite: SuiteReport): void {
  for (const { file, results } of suite.files) {
    for (const result of results) {
      if (result.outcome === 'failed') print(formatFailure(suite.name, file, result));
    }
  }
}

async function runSelected(options: Options, signal: AbortSignal): Promise<readonly SuiteReport[]> {
  const plans = planSuites(options.selection);
  const reports: SuiteReport[] = [];
  if (
    options.names.length === 0 &&
    (options.selection.length === 0 || options.selection.includes(lintSuiteName))
  ) {
    const report = await runLintSuite(repositoryRoot);
    printFailures(report);
    printSuite(report);
    reports.push(report);
  }
  for (const plan of plans) {
    if (signal.aborted) break;
    if (plan.files.length === 0 && !options.selection.includes(plan.suite.name)) continue;
    const report = await runSuite(plan, options, signal);
    printSuite(report);
    reports.push(report);
  }
  return reports;
}

function wholeSuites(options: Options): ReadonlySet<string> {
  if (options.names.length > 0) return new Set();
  const all = [lintSuiteName, ...suites.map(({ name }) => name)];
  return new Set(
    options.selection.length === 0 ? all : all.filter((name) => options.selection.includes(name)),
  );
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options.help) {
    print(help);
    return 0;
  }
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  process.once('SIGTERM', () => interruption.abort());

  mkdirSync(join(repositoryRoot, '.test-results'), { recursive: true });
  const recordDirectory = mkdtempSync(join(repositoryRoot, '.test-results', 'connections-'));
  process.env[recordDirectoryVariable] = recordDirectory;
  try {
    const reports = [...(await runSelected(options, interruption.signal))];
    // A suite without a folder is run as a whole all the same: it has lost every test.
    const none =
      options.selection.length === 0 ? [...wholeSuites(options)].map((name) => [name, 0] as const) : [];
    const totals = { ...Object.fromEntries(none), ...totalsOf(reports, wholeSuites(options)) };
    const completeness = checkCompleteness(totals, recordDirectory, options);
    printFailures(completeness);
    reports.push(completeness);
    return finish(reports, totals, options, interruption.signal.aborted);
  } finally {
    rmSync(recordDirectory, { recursive: true, force: true });
  }
}

function finish(
  reports: readonly SuiteReport[],
  totals: Record<string, number>,
  options: Options,
  interrupted: boolean,
): number {
  const counts = reports.map(countSuite);
  const failed = interrupted || counts.some((count) => count.failed > 0);
  const skipped = counts.some((count) => count.skipped > 0);
  if (options.updateCounts && failed) print('test/minimum-counts.json stays as it is: there are failures');
  if (options.updateCounts && !failed) writeMinimumCounts(repositoryRoot, totals);
  if (options.ci && skipped) print('With CI=true a skipped test is a failure.');
  process.stdout.write(formatSummary(reports));
  return failed || (options.ci && skipped) ? 1 : 0;
}

if (!existsSync(join(repositoryRoot, 'dist', 'main.js'))) {
  process.stderr.write('dist/ is missing: start the tests by `npm test`, which builds\n');
}
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm test -- --help explains the arguments.\n`);
  process.exitCode = 2;
}
