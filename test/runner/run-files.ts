import { relative } from 'node:path';
import { run } from 'node:test';
import type { Suite } from './suites.ts';
import type { TestEventData, TestResult } from './tally.ts';
import { FileTally } from './tally.ts';

/** What one test file brought. */
export interface FileReport {
  readonly file: string;
  readonly results: readonly TestResult[];
  /** What the file and its tests printed. */
  readonly output: string;
  readonly milliseconds: number;
}

export interface RunFilesOptions {
  readonly root: string;
  readonly names: readonly string[];
  readonly signal: AbortSignal;
  readonly onResult: (file: string, result: TestResult) => void;
  readonly onFile: (report: FileReport) => void;
}

/** Runs one test file in a process of its own. */
async function runFile(suite: Suite, file: string, options: RunFilesOptions): Promise<FileReport> {
  const started = performance.now();
  const tally = new FileTally(options.names.length > 0);
  const output: string[] = [];
  const count = (data: TestEventData, passed: boolean): void => {
    const result = tally.ended(data, passed);
    if (result !== undefined) options.onResult(file, result);
  };
  const stream = run({
    files: [file],
    cwd: options.root,
    isolation: 'process',
    concurrency: 1,
    timeout: suite.testTimeoutMs,
    // node:test's own timeout ends a test, not a process that does not want to end.
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(suite.fileTimeoutMs)]),
    ...(options.names.length === 0 ? {} : { testNamePatterns: [...options.names] }),
  });
  stream.on('test:start', (data) => tally.started(data));
  stream.on('test:pass', (data) => count(data, true));
  stream.on('test:fail', (data) => count(data, false));
  stream.on('test:stdout', ({ message }) => output.push(message));
  stream.on('test:stderr', ({ message }) => output.push(message));
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', () => resolve());
    stream.resume();
  });
  return {
    file: relative(options.root, file),
    results: tally.results,
    output: output.join(''),
    milliseconds: performance.now() - started,
  };
}

/** Runs test files, so many at a time as the suite allows. */
export async function runFiles(
  suite: Suite,
  files: readonly string[],
  options: RunFilesOptions,
): Promise<readonly FileReport[]> {
  const reports: FileReport[] = [];
  const waiting = [...files];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const report = await runFile(suite, file, options);
      reports.push(report);
      options.onFile(report);
    }
  };
  await Promise.all(Array.from({ length: suite.concurrency }, work));
  return reports;
}
