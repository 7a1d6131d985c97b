import type { ConformanceReport, Coverage } from './coverage.ts';
import { byHeading } from './page.ts';
import { isOwed } from './statements.ts';

function table(
  statements: readonly Coverage[],
  row: (coverage: Coverage) => readonly string[],
): readonly string[] {
  return [...byHeading(statements)].flatMap(([heading, group]) => ['', heading, ...group.flatMap(row)]);
}

/** A statement with its tests and the lines that enforce it. */
function detailedRow({ statement, tests, enforcing }: Coverage): readonly string[] {
  const { id, binds, level, text, exempt } = statement;
  const never = exempt === undefined ? '' : ` Never comes up: ${exempt}`;
  return [
    `  ${id} (${binds}, ${level}) ${text}${never}`,
    ...tests.map((file) => `      test ${file}`),
    ...enforcing.map(({ file, line }) => `      line ${file}:${line}`),
  ];
}

function shortRow({ statement }: Coverage): readonly string[] {
  return [`  ${statement.id} ${statement.text}`];
}

/** The report for a reader; `sections` leaves only statements whose number begins so, such as `3.3`. */
export function formatReport(report: ConformanceReport, sections: readonly string[]): string {
  const chosen = (statements: readonly Coverage[]): readonly Coverage[] =>
    statements.filter(({ statement }) => {
      return (
        sections.length === 0 || sections.some((section) => `${statement.section}.`.startsWith(`${section}.`))
      );
    });
  const owed = chosen(report.statements).filter(({ statement }) => isOwed(statement));
  const [untested, unenforced] = [chosen(report.untested), chosen(report.unenforced)];
  return [
    ...table(chosen(report.statements), detailedRow),
    '',
    `Owed, and shown by no test: ${untested.length}`,
    ...table(untested, shortRow),
    '',
    `Shown by a test, and no line says that it enforces it: ${unenforced.length}`,
    ...table(unenforced, shortRow),
    '',
    `Cited and unknown: ${report.unknown.length}`,
    ...report.unknown.map((problem) => `  ${problem}`),
    '',
    `${owed.length} statements owed, ${owed.length - untested.length} shown, ${untested.length} open`,
    '',
  ].join('\n');
}
