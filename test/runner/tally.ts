import { inspect } from 'node:util';

/** The fields of node:test's events that are read here. */
export interface TestEventData {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly entryFile?: string | undefined;
  readonly line?: number | undefined;
  readonly testId?: number | undefined;
  readonly parentId?: number | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details?: { readonly type?: string | undefined; readonly error?: unknown } | undefined;
}

export type Outcome = 'passed' | 'failed' | 'skipped';

/** One counted test. */
export interface TestResult {
  readonly outcome: Outcome;
  /** The names from the outermost suite inwards. */
  readonly path: readonly string[];
  readonly line: number | undefined;
  /** Why it was skipped, or how it failed. */
  readonly reason: string;
}

function reasonOf(flag: string | boolean): string {
  return typeof flag === 'string' && flag !== '' ? flag : 'no reason given';
}

function failureType(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('failureType' in error)) return '';
  return String(error.failureType);
}

function errorText(error: unknown): string {
  if (typeof error === 'string') return error;
  // inspect() would repeat both sides of an assertion, which its message shows already.
  if (!(error instanceof Error)) return inspect(error, { colors: false });
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text}\ncaused by ${errorText(error.cause)}`;
}

/** An error of node:test as text, without the lines of Node's own machinery. */
export function describeError(error: unknown): string {
  const wrapped = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return errorText(wrapped ?? error)
    .split('\n')
    .filter((line) => !/^\s+at .*node:internal/.test(line))
    .filter((line) => !/^\s+at (new Promise|Array\.\w+|async Promise\.\w+) \(/.test(line))
    .join('\n');
}

/**
 * Turns the events of one test file into counted tests. A test with subtests is not counted for
 * itself, unless it fails by itself; a skipped suite counts as one skipped test, so that it does not vanish.
 */
export class FileTally {
  readonly results: TestResult[] = [];
  private readonly parents = new Set<number>();
  private readonly names: string[] = [];
  private readonly mayBeEmpty: boolean;

  /** A file may bring no result when only tests of a certain name are asked for. */
  constructor(mayBeEmpty: boolean) {
    this.mayBeEmpty = mayBeEmpty;
  }

  /** Takes the names of the tests that are under way: events come in the order of the file. */
  started(data: TestEventData): void {
    this.names.length = data.nesting;
    this.names[data.nesting] = data.name;
    if (data.parentId !== undefined && data.nesting > 0) this.parents.add(data.parentId);
  }

  /** Counts a test that ended. */
  ended(data: TestEventData, passed: boolean): TestResult | undefined {
    const result = this.judge(data, passed);
    if (result === undefined) return undefined;
    const name = isWholeFile(data) ? 'the file as a whole' : data.name;
    const path = [...this.names.slice(0, data.nesting), name];
    const complete = { ...result, path, line: data.line };
    this.results.push(complete);
    return complete;
  }

  private judge(data: TestEventData, passed: boolean): Pick<TestResult, 'outcome' | 'reason'> | undefined {
    const { skip, todo, details } = data;
    if (skip !== undefined && skip !== false) return { outcome: 'skipped', reason: reasonOf(skip) };
    if (todo !== undefined && todo !== false)
      return { outcome: 'skipped', reason: `todo: ${reasonOf(todo)}` };
    if (isWholeFile(data)) return this.judgeFile(details?.error, passed);
    const container = details?.type === 'suite' || this.parents.has(data.testId ?? -1);
    if (passed) return container ? undefined : { outcome: 'passed', reason: '' };
    if (container && failureType(details?.error) === 'subtestsFailed') return undefined;
    return { outcome: 'failed', reason: describeError(details?.error) };
  }

  private judgeFile(error: unknown, passed: boolean): Pick<TestResult, 'outcome' | 'reason'> | undefined {
    if (passed) return this.mayBeEmpty ? undefined : { outcome: 'failed', reason: 'the file has no tests' };
    if (failureType(error) === 'testAborted') {
      return {
        outcome: 'failed',
        reason: 'the file did not end in time: a test hangs, or something keeps the process alive',
      };
    }
    // The failed tests of a file speak for it; the file itself counts when it broke outside of them.
    if (this.results.some(({ outcome }) => outcome === 'failed')) return undefined;
    return { outcome: 'failed', reason: `the file failed outside of its tests\n${describeError(error)}` };
  }
}

/** Events about a test file as a whole come from the runner, not from the file's process. */
function isWholeFile(data: TestEventData): boolean {
  return data.nesting === 0 && data.entryFile === undefined && data.name === data.file;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts results by outcome. */
export function countResults(results: readonly { readonly outcome: Outcome }[]): Counts {
  const count = (wanted: Outcome): number => results.filter(({ outcome }) => outcome === wanted).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}
