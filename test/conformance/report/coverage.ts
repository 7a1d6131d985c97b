import type { Citation, Citations } from './citations.ts';
import type { Statement } from './statements.ts';
import { isOwed } from './statements.ts';

/** A statement with what shows and what enforces it. */
export interface Coverage {
  readonly statement: Statement;
  /** Test files, in order. */
  readonly tests: readonly string[];
  /** Lines of src/, in order. */
  readonly enforcing: readonly Citation[];
}

/** The report in data. */
export interface ConformanceReport {
  readonly statements: readonly Coverage[];
  /** Statements that the broker owes and no test shows. */
  readonly untested: readonly Coverage[];
  /** Statements that the broker owes, shown by a test, and no line says that it enforces them. */
  readonly unenforced: readonly Coverage[];
  /** Ids that are cited and do not exist, or are misspelled; in sentences. */
  readonly unknown: readonly string[];
}

/** Brings statements and citations together. */
export function reportConformance(statements: readonly Statement[], citations: Citations): ConformanceReport {
  const tests = Map.groupBy(citations.tests, ({ id }) => id);
  const enforcing = Map.groupBy(citations.enforcing, ({ id }) => id);
  const covered = statements.map((statement): Coverage => {
    const shown = [...(tests.get(statement.id) ?? []), ...testsOfSame(statement, tests)];
    const same = statement.sameAs ?? [];
    return {
      statement,
      tests: [...new Set(shown.map(({ file }) => file))].sort(),
      enforcing: [statement.id, ...same].flatMap((id) => enforcing.get(id) ?? []),
    };
  });
  const owed = covered.filter(({ statement }) => isOwed(statement));
  return {
    statements: covered,
    untested: owed.filter((one) => one.tests.length === 0),
    unenforced: owed.filter((one) => one.tests.length > 0 && one.enforcing.length === 0),
    unknown: [...citations.misspelled, ...findUnknown(statements, citations)],
  };
}

/** A test of 5.0's statements shows 3.1.1's too where it says that it runs an older version: all of them must. */
function testsOfSame(
  { sameAs = [] }: Statement,
  tests: ReadonlyMap<string, readonly Citation[]>,
): readonly Citation[] {
  const shown = sameAs.map((id) => (tests.get(id) ?? []).filter(({ olderVersions }) => olderVersions));
  return shown.every((citations) => citations.length > 0) ? shown.flat() : [];
}

function findUnknown(statements: readonly Statement[], citations: Citations): readonly string[] {
  const ids = new Set(statements.map(({ id }) => id));
  return [...citations.enforcing, ...citations.tests]
    .filter(({ id }) => !ids.has(id))
    .map(({ id, file, line }) => `${file}:${line} cites ${id}, which does not exist`);
}
