// `npm run conformance:mutate`: disables each line that cites a statement, and runs the statement's tests.

import { stripTypeScriptTypes } from 'node:module';
import { parseArgs } from 'node:util';
import { readSources } from '../../support/source-imports.ts';
import type { Citation } from '../report/citations.ts';
import { readCitations } from '../report/citations.ts';
import { IdTests } from './id-tests.ts';
import type { Immutable, Mutation } from './mutate-line.ts';
import { mutateLine } from './mutate-line.ts';
import { TreeCopy } from './tree-copy.ts';

const help = `Disables each line of src/ that cites a normative statement, one at a time in a copy of the tree, and runs the
tests that carry the statement's id. They have to fail; a line that can be disabled while they pass is a survivor.

  npm run conformance:mutate                           every line; takes some minutes
  npm run conformance:mutate -- --only MQTT-3.3        the statements of a section, or one statement
  npm run conformance:mutate -- --file src/codec       the lines of a folder or file
  npm run conformance:mutate -- --list                 what would be changed, without running tests
`;

const verdicts = ['killed', 'SURVIVED', 'no test', 'red before', 'not mutable'] as const;
type Verdict = (typeof verdicts)[number];

interface Row {
  readonly verdict: Verdict;
  readonly id: string;
  readonly place: string;
  readonly what: string;
}

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    only: { type: 'string', multiple: true, default: [] },
    file: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
});

/** `MQTT-3.3` chooses MQTT-3.3.1-2 and 3.1.1:MQTT-3.3.1-2, and not MQTT-3.30.1-1. */
function isChosen({ id, file }: Citation): boolean {
  const begins = (text: string, start: string): boolean =>
    text === start || (text.startsWith(start) && /[.\-/]/.test(text[start.length] ?? ''));
  const ids = [id, id.replace('3.1.1:', '')];
  return (
    (values.only.length === 0 || values.only.some((start) => ids.some((text) => begins(text, start)))) &&
    (values.file.length === 0 || values.file.some((start) => begins(file, start)))
  );
}

/** The mutation of a citation, if it leaves something that can be run. */
function mutate(text: string, line: number): Mutation | Immutable {
  const mutation = mutateLine(text, line);
  if ('immutable' in mutation) return mutation;
  try {
    stripTypeScriptTypes(mutation.text);
    return mutation;
  } catch {
    return { immutable: `${mutation.what}: does not parse` };
  }
}

async function judge(
  id: string,
  file: string,
  mutation: Mutation,
  tree: TreeCopy,
  tests: IdTests,
): Promise<Verdict> {
  if (tests.filesFor(id).length === 0) return 'no test';
  const selection = await tests.prepare(id);
  if (selection === 'red') return 'red before';
  const original = tree.read(file);
  tree.write(file, mutation.text);
  try {
    return (await tests.run(id, selection)).red ? 'killed' : 'SURVIVED';
  } finally {
    tree.write(file, original);
  }
}

function print({ verdict, id, place, what }: Row): void {
  process.stdout.write(`${verdict.padEnd(12)} ${id.padEnd(22)} ${place.padEnd(46)} ${what}\n`);
}

async function mutateAll(tree: TreeCopy): Promise<readonly Row[]> {
  const citations = readCitations();
  const tests = new IdTests(tree.root, citations.tests, readSources('test'));
  const rows: Row[] = [];
  const done = new Set<string>();
  for (const { id, file, line } of citations.enforcing.filter(isChosen)) {
    const mutation = mutate(tree.read(file), line);
    const place = `${file}:${'line' in mutation ? mutation.line : line}`;
    // Two citations of an id may stand for the same code.
    if (done.has(`${id} ${place}`)) continue;
    done.add(`${id} ${place}`);
    const row = await judgeRow(id, file, place, mutation, tree, tests);
    print(row);
    rows.push(row);
  }
  return rows;
}

async function judgeRow(
  id: string,
  file: string,
  place: string,
  mutation: Mutation | Immutable,
  tree: TreeCopy,
  tests: IdTests,
): Promise<Row> {
  if ('immutable' in mutation) return { verdict: 'not mutable', id, place, what: mutation.immutable };
  const { what } = mutation;
  if (values.list) return { verdict: tests.filesFor(id).length > 0 ? 'killed' : 'no test', id, place, what };
  return { verdict: await judge(id, file, mutation, tree, tests), id, place, what };
}

function summarize(rows: readonly Row[]): void {
  const counts = verdicts.map(
    (verdict) => `${rows.filter((row) => row.verdict === verdict).length} ${verdict}`,
  );
  process.stdout.write(`\n${counts.join(', ')}\n`);
}

if (values.help) {
  process.stdout.write(help);
} else {
  const tree = new TreeCopy();
  process.once('exit', () => tree.remove());
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  const rows = await mutateAll(tree);
  summarize(rows);
  process.exitCode = rows.some(({ verdict }) => verdict === 'SURVIVED' || verdict === 'red before') ? 1 : 0;
}
