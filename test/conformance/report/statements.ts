import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../support/repository.ts';

export const statementsFile = 'test/conformance/statements.json';

const versions = ['3.1.1', '5.0'] as const;
const parties = ['server', 'client', 'both'] as const;
const levels = ['must', 'must-not', 'should', 'may'] as const;

/** A numbered normative statement of one of the two standards. */
export interface Statement {
  /** `MQTT-3.1.2-24` for 5.0, `3.1.1:MQTT-3.1.2-24` for 3.1.1. */
  readonly id: string;
  readonly version: (typeof versions)[number];
  readonly section: string;
  /** `both` where the server has to keep it too, or has to check that the client does. */
  readonly binds: (typeof parties)[number];
  readonly level: (typeof levels)[number];
  /** In our own words. */
  readonly text: string;
  /** Statements of 5.0 that together say what this one of 3.1.1 says. */
  readonly sameAs?: readonly string[];
  /** Why its condition never holds for this broker. */
  readonly exempt?: string;
  /** False where the text of the standard was not at hand. */
  readonly checked?: boolean;
}

/** Numbers that the standards leave out. */
export const knownGaps: readonly string[] = ['MQTT-2.2.1-1'];

/** How many statements each standard numbers, for each of its chapters. */
export const statementsPerChapter: Readonly<Record<Statement['version'], Readonly<Record<string, number>>>> =
  {
    '3.1.1': { 1: 3, 2: 9, 3: 95, 4: 26, 6: 4, 7: 4 },
    '5.0': { 1: 5, 2: 7, 3: 175, 4: 60, 6: 4 },
  };

/** Reads the statements of both standards. */
export function readStatements(): readonly Statement[] {
  return JSON.parse(readFileSync(join(repositoryRoot, statementsFile), 'utf8')) as readonly Statement[];
}

/** Whether the broker has to keep the statement, and can come to do so. */
export function isOwed({ binds, level, exempt }: Statement): boolean {
  return binds !== 'client' && (level === 'must' || level === 'must-not') && exempt === undefined;
}

/** The numbers in an id, which are its order. */
function orderOf({ version, id }: Statement): readonly number[] {
  const numbers = id.replace('3.1.1:', '').match(/\d+/g) ?? [];
  return [versions.indexOf(version), ...numbers.map(Number)];
}

function compare(left: Statement, right: Statement): number {
  const [a, b] = [orderOf(left), orderOf(right)];
  const difference = a.findIndex((value, index) => value !== b[index]);
  return difference < 0 ? 0 : (a[difference] ?? 0) - (b[difference] ?? 0);
}

/** What is wrong with the list itself, in sentences. */
export function findListProblems(statements: readonly Statement[]): readonly string[] {
  const ids = new Set(statements.map(({ id }) => id));
  const unsorted = statements.filter((statement, index) => {
    const previous = statements[index - 1];
    return previous !== undefined && compare(previous, statement) >= 0;
  });
  return [
    ...unsorted.map(({ id }) => `${id} is out of order or there twice`),
    ...statements.flatMap((statement) => findFieldProblems(statement, ids)),
    ...findGaps(statements, ids),
    ...findCountProblems(statements),
  ];
}

function findFieldProblems(statement: Statement, ids: ReadonlySet<string>): readonly string[] {
  const { id, version, section, binds, level, text, sameAs = [] } = statement;
  const problems: string[] = [];
  const prefix = version === '5.0' ? '' : `${version}:`;
  if (!new RegExp(`^${prefix}MQTT-${section}-[1-9]\\d*$`).test(id))
    problems.push('does not fit version and section');
  if (!versions.includes(version)) problems.push(`has the unknown version ${version}`);
  if (!parties.includes(binds)) problems.push(`binds ${binds}`);
  if (!levels.includes(level)) problems.push(`has the unknown level ${level}`);
  if (!/^\S.*\S[.]$/.test(text)) problems.push('is not told in a sentence');
  for (const other of sameAs) {
    if (version === '5.0' || other.includes(':') || !ids.has(other))
      problems.push(`cannot be the same as ${other}`);
  }
  return problems.map((problem) => `${id} ${problem}`);
}

function findGaps(statements: readonly Statement[], ids: ReadonlySet<string>): readonly string[] {
  return statements.flatMap(({ id }) => {
    const [, section = '', number = ''] = /^(.*)-(\d+)$/.exec(id) ?? [];
    const before = `${section}-${Number(number) - 1}`;
    const isFine = number === '1' || ids.has(before) || knownGaps.includes(before);
    return isFine ? [] : [`${before} is missing and not among the known gaps`];
  });
}

function findCountProblems(statements: readonly Statement[]): readonly string[] {
  return Object.entries(statementsPerChapter).flatMap(([version, chapters]) =>
    Object.entries(chapters).flatMap(([chapter, expected]) => {
      const found = statements.filter(
        (one) => one.version === version && one.section.startsWith(`${chapter}.`),
      );
      return found.length === expected
        ? []
        : [`${version} chapter ${chapter} has ${found.length}, not ${expected}`];
    }),
  );
}
