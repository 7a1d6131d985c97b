import type { FileReport } from './run-files.ts';
import type { Counts, TestResult } from './tally.ts';
import { countResults } from './tally.ts';

/** What one suite brought. */
export interface SuiteReport {
  readonly name: string;
  readonly files: readonly FileReport[];
  readonly milliseconds: number;
}

const outputLinesShown = 60;

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}

function place(file: string, { line }: TestResult): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** A failed test for a reader who looks for the cause. */
export function formatFailure(suite: string, file: string, result: TestResult): string {
  const head = `FAILED ${suite}: ${result.path.join(' › ')}\n    ${place(file, result)}`;
  return result.reason === '' ? head : `${head}\n${indent(result.reason)}`;
}

/** The end of what a failed file printed. */
export function formatOutput(report: FileReport): string {
  const lines = report.output.trimEnd().split('\n');
  const shown = lines.slice(-outputLinesShown);
  const left = lines.length - shown.length;
  const head = `output of ${report.file}${left > 0 ? ` (${left} earlier lines left out)` : ''}:`;
  return `${head}\n${indent(shown.join('\n'))}`;
}

/** Counts one suite. */
export function countSuite(suite: SuiteReport): Counts {
  return countResults(suite.files.flatMap(({ results }) => results));
}

function listOf(suites: readonly SuiteReport[], outcome: 'failed' | 'skipped'): readonly string[] {
  return suites.flatMap((suite) =>
    suite.files.flatMap(({ file, results }) =>
      results
        .filter((result) => result.outcome === outcome)
        .map((result) => {
          const line = `  ${suite.name}: ${result.path.join(' › ')} (${place(file, result)})`;
          return outcome === 'skipped' ? `${line}: ${result.reason}` : line;
        }),
    ),
  );
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(9)).join('');
}

/** The end of a run: what was skipped and why, what failed, the table, and the line of totals as the last one. */
export function formatSummary(suites: readonly SuiteReport[]): string {
  const skipped = listOf(suites, 'skipped');
  const failed = listOf(suites, 'failed');
  const total = countResults(suites.flatMap(({ files }) => files.flatMap(({ results }) => results)));
  return [
    '',
    ...(skipped.length === 0 ? [] : ['Skipped:', ...skipped, '']),
    ...(failed.length === 0 ? [] : ['Failed:', ...failed, '']),
    row('suite', ['passed', 'failed', 'skipped', 'seconds']),
    ...suites.map((suite) => {
      const { passed, failed: failures, skipped: skips } = countSuite(suite);
      return row(suite.name, [
        ...[passed, failures, skips].map(String),
        (suite.milliseconds / 1_000).toFixed(1),
      ]);
    }),
    '',
    `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
    '',
  ].join('\n');
}
