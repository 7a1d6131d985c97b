import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionRecord } from '../support/connection-record.ts';

export const specCoverageFile = 'docs/reference/spec-coverage.md';

/** How many rows each letter of the specification has. */
const rowsPerLetter = { C: 5, N: 11, G: 4, T: 15, A: 10, P: 10, M: 10 } as const;

/** The identifiers of all rows of the specification. */
export const specRowIds: readonly string[] = Object.entries(rowsPerLetter).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

const statuses = ['yes', 'partly', 'no'] as const;

/** One line of the coverage table. */
export interface SpecRow {
  readonly id: string;
  readonly status: string;
  readonly missing: string;
  readonly tests: readonly string[];
}

/** Reads the table `row | status | missing | test`. Test paths stand in backticks. */
export function parseSpecCoverage(markdown: string): readonly SpecRow[] {
  return markdown.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [before, id = '', status = '', missing = '', tests = ''] = cells;
    if (before !== '' || cells.length !== 6 || !/^[A-Z]\d+$/.test(id)) return [];
    return [{ id, status, missing, tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path) }];
  });
}

/** What is wrong with the table itself, in sentences. */
export function findTableProblems(rows: readonly SpecRow[], root: string): readonly string[] {
  const ids = rows.map(({ id }) => id);
  const absent = specRowIds.filter((id) => !ids.includes(id)).map((id) => `row ${id} is not in the table`);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `row ${id} is there twice`);
  const unknown = ids.filter((id) => !specRowIds.includes(id)).map((id) => `there is no row ${id}`);
  return [...absent, ...twice, ...unknown, ...rows.flatMap((row) => findRowProblems(row, root))];
}

function findRowProblems({ id, status, missing, tests }: SpecRow, root: string): readonly string[] {
  const problems: string[] = [];
  if (!statuses.some((known) => known === status))
    problems.push(`row ${id}: ${status} is not yes, partly or no`);
  if (status === 'partly' && missing === '')
    problems.push(`row ${id} is partly done and does not say what is missing`);
  if (status === 'yes' && missing !== '') problems.push(`row ${id} is done and yet something is missing`);
  if (status !== 'no' && tests.length === 0) problems.push(`row ${id} names no test`);
  for (const path of tests) {
    if (!existsSync(join(root, path))) problems.push(`row ${id} names ${path}, which does not exist`);
  }
  return problems;
}

/** The rows that claim something no client has tried on a running broker, in sentences. */
export function findUnprovenRows(
  rows: readonly SpecRow[],
  records: readonly ConnectionRecord[],
): readonly string[] {
  const proven = new Set(records.map(({ file }) => file));
  return rows
    .filter(({ status }) => status !== 'no')
    .flatMap(({ id, status, tests }) =>
      tests
        .filter((path) => !proven.has(path))
        .map((path) => `row ${id} says ${status}, but in ${path} no client connected to a running broker`),
    );
}
