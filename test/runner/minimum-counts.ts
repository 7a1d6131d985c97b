import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the number of tests of each suite is kept, so that tests do not get lost unnoticed. */
export const minimumCountsFile = 'test/minimum-counts.json';

export type SuiteTotals = Readonly<Record<string, number>>;

/** Reads the kept numbers. */
export function readMinimumCounts(root: string): SuiteTotals {
  return JSON.parse(readFileSync(join(root, minimumCountsFile), 'utf8')) as SuiteTotals;
}

/** Writes the numbers of the suites that ran over the kept ones. */
export function writeMinimumCounts(root: string, totals: SuiteTotals): void {
  const merged = Object.entries({ ...readMinimumCounts(root), ...totals }).filter(([, total]) => total > 0);
  const text = JSON.stringify(Object.fromEntries(merged), null, 2);
  writeFileSync(join(root, minimumCountsFile), `${text}\n`);
}

/** The suites that have fewer tests than kept, in sentences. Only suites that ran as a whole are looked at. */
export function findLostTests(minimum: SuiteTotals, totals: SuiteTotals): readonly string[] {
  return Object.entries(minimum).flatMap(([suite, least]) => {
    const total = totals[suite];
    if (total === undefined || total >= least) return [];
    return [`${suite} has ${total} tests; ${minimumCountsFile} says at least ${least}`];
  });
}
