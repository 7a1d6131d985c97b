import { join } from 'node:path';
import { runProgram } from '../support/run-program.ts';
import type { SuiteReport } from './report.ts';
import type { FileReport } from './run-files.ts';
import { lintSuiteName } from './suites.ts';

const checks = [
  { name: 'biome check', file: 'biome.json', program: 'biome', args: ['check', '--error-on-warnings'] },
  {
    name: 'tsc over src, test and bench',
    file: 'tsconfig.check.json',
    program: 'tsc',
    args: ['-b', 'tsconfig.check.json'],
  },
] as const;

/** Lint, format and types of everything, each as one test. */
export async function runLintSuite(root: string): Promise<SuiteReport> {
  const started = performance.now();
  const run = async ({ name, file, program, args }: (typeof checks)[number]): Promise<FileReport> => {
    const began = performance.now();
    const path = join(root, 'node_modules', '.bin', program);
    const { exitCode, stdout, stderr } = await runProgram(path, args, { cwd: root, timeoutMs: 180_000 });
    const passed = exitCode === 0;
    const reason = passed ? '' : `${stdout}${stderr}`.trim();
    return {
      file,
      results: [{ outcome: passed ? 'passed' : 'failed', path: [name], line: undefined, reason }],
      output: '',
      milliseconds: performance.now() - began,
    };
  };
  const files = await Promise.all(checks.map(run));
  return { name: lintSuiteName, files, milliseconds: performance.now() - started };
}
