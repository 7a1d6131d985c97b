import { spawn } from 'node:child_process';
import type { SourceFile } from '../../support/source-imports.ts';
import type { Citation } from '../report/citations.ts';

const testTimeoutMs = 20_000;
const runTimeoutMs = 120_000;

/** A test file, and whether only its tests of a certain name are run. */
interface Selection {
  readonly file: string;
  readonly named: boolean;
}

/** How a run of tests ended. `red`: a test failed, or the run did not come to an end. */
export interface RunOutcome {
  readonly red: boolean;
  readonly passed: number;
  readonly output: string;
}

/** Finds and runs the tests that carry an id, in the tree at `root`. */
export class IdTests {
  readonly #root: string;
  readonly #citations: readonly Citation[];
  readonly #inProcess: (file: string) => boolean;
  readonly #selections = new Map<string, Promise<readonly Selection[] | 'red'>>();

  constructor(root: string, citations: readonly Citation[], tests: readonly SourceFile[]) {
    this.#root = root;
    this.#citations = citations;
    const broker = reachesBroker(tests);
    this.#inProcess = (file) => !broker(file);
  }

  /** The test files that carry an id and run `src/` themselves: those that start the built broker do not see a change. */
  filesFor(id: string): readonly string[] {
    const files = this.#citations.filter((citation) => citation.id === id).map(({ file }) => file);
    return [...new Set(files)].filter(this.#inProcess).sort();
  }

  /** Runs the tests of an id before anything is changed; `red` when they fail as it is. */
  async prepare(id: string): Promise<readonly Selection[] | 'red'> {
    const known = this.#selections.get(id) ?? this.#select(id);
    this.#selections.set(id, known);
    return known;
  }

  /** Runs a selection until a test fails. */
  async run(id: string, selections: readonly Selection[]): Promise<RunOutcome> {
    let outcome: RunOutcome = { red: false, passed: 0, output: '' };
    for (const named of [true, false]) {
      const files = selections.filter((selection) => selection.named === named).map(({ file }) => file);
      if (files.length === 0 || outcome.red) continue;
      outcome = await runTests(this.#root, files, named ? id : undefined);
    }
    return outcome;
  }

  /** Where no test of a file has the id in its name, an assertion has it, and the whole file is run. */
  async #select(id: string): Promise<readonly Selection[] | 'red'> {
    const selections: Selection[] = [];
    for (const file of this.filesFor(id)) {
      const byName = await runTests(this.#root, [file], id);
      if (byName.red) return 'red';
      const named = byName.passed > 0;
      if (!named && (await runTests(this.#root, [file], undefined)).red) return 'red';
      selections.push({ file, named });
    }
    return selections;
  }
}

/** Whether a test file starts the broker as a process, directly or through others. */
function reachesBroker(tests: readonly SourceFile[]): (file: string) => boolean {
  const imports = new Map(
    tests.map(({ path, imports: found }) => [
      path,
      found.filter(({ typeOnly }) => !typeOnly).map(({ to }) => to),
    ]),
  );
  return (file) => {
    const seen = new Set([file]);
    for (const one of seen) for (const next of imports.get(one) ?? []) seen.add(next);
    return seen.has('test/support/broker-process.ts');
  };
}

function runTests(root: string, files: readonly string[], id: string | undefined): Promise<RunOutcome> {
  const pattern = id === undefined ? [] : [`--test-name-pattern=\\[${id.replaceAll('.', '\\.')}\\]`];
  const options = [
    '--test',
    '--test-reporter=tap',
    '--test-isolation=none',
    `--test-timeout=${testTimeoutMs}`,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...options, ...pattern, ...files], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: runTimeoutMs,
      killSignal: 'SIGKILL',
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
    }
    child.on('error', reject);
    child.on('close', (code) => {
      const text = output.join('');
      resolve({ red: code !== 0, passed: Number(/^# pass (\d+)$/m.exec(text)?.[1] ?? 0), output: text });
    });
  });
}
