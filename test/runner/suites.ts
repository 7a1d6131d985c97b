import { availableParallelism } from 'node:os';

/** How one folder below test/ is run. */
export interface Suite {
  readonly name: string;
  /** How many test files run at the same time. */
  readonly concurrency: number;
  /** For one test. */
  readonly testTimeoutMs: number;
  /** For a test file with all it starts; a file that is not done by then is killed and counted as failed. */
  readonly fileTimeoutMs: number;
}

const processors = availableParallelism();
const seconds = 1_000;

const quick = { concurrency: processors, testTimeoutMs: 30 * seconds, fileTimeoutMs: 120 * seconds };
const withBroker = { concurrency: processors, testTimeoutMs: 60 * seconds, fileTimeoutMs: 300 * seconds };
// Each of these files may have a broker, a browser and several clients: more of them at a time only
// measure the machine.
const heavy = {
  concurrency: Math.max(1, Math.min(2, processors)),
  testTimeoutMs: 90 * seconds,
  fileTimeoutMs: 600 * seconds,
};

/** The suites in the order they run: what fails fast comes first. `lint` has no folder. */
export const suites: readonly Suite[] = [
  { name: 'unit', ...quick },
  { name: 'architecture', ...quick },
  { name: 'policy', ...quick },
  { name: 'conformance', ...withBroker },
  { name: 'stores', ...withBroker },
  { name: 'security', ...withBroker },
  { name: 'e2e', ...heavy },
  { name: 'fault', ...heavy },
  { name: 'fuzz', ...heavy },
];

export const lintSuiteName = 'lint';
