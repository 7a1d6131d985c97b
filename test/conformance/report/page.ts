import type { ConformanceReport, Coverage } from './coverage.ts';
import type { Statement } from './statements.ts';
import { isOwed } from './statements.ts';

export const pageFile = 'docs/reference/conformance.md';

const begin = '<!-- table: conformance -->';
const end = '<!-- end of table -->';

/** The control packet or the matter of a section such as 3.1 or 4.7. */
const subjects: Readonly<Record<string, string>> = {
  '1.5': 'Data representation',
  '2.1': 'Fixed header',
  '2.2': 'Variable header',
  '2.3': 'Variable header',
  '3.1': 'CONNECT',
  '3.2': 'CONNACK',
  '3.3': 'PUBLISH',
  '3.4': 'PUBACK',
  '3.5': 'PUBREC',
  '3.6': 'PUBREL',
  '3.7': 'PUBCOMP',
  '3.8': 'SUBSCRIBE',
  '3.9': 'SUBACK',
  '3.10': 'UNSUBSCRIBE',
  '3.11': 'UNSUBACK',
  '3.12': 'PINGREQ',
  '3.14': 'DISCONNECT',
  '3.15': 'AUTH',
  '4.1': 'Session state',
  '4.2': 'Network connections',
  '4.3': 'Quality of service',
  '4.4': 'Delivery again',
  '4.5': 'Receiving messages',
  '4.6': 'Order of messages',
  '4.7': 'Topic names and filters',
  '4.8': 'Errors (3.1.1), shared subscriptions (5.0)',
  '4.9': 'Flow control',
  '4.12': 'Enhanced authentication',
  '4.13': 'Errors',
  '6.0': 'WebSocket',
  '7.0': 'Conformance',
  '7.1': 'Conformance',
};

/** The heading under which a statement stands. */
export function headingOf({ version, section }: Statement): string {
  const part = section.split('.').slice(0, 2).join('.');
  const subject = subjects[part];
  if (subject === undefined)
    throw new Error(`section ${part} has no subject in test/conformance/report/page.ts`);
  return `${version}, ${part} ${subject}`;
}

/** Groups what is reported by the heading of its statement, in order. */
export function byHeading(statements: readonly Coverage[]): ReadonlyMap<string, readonly Coverage[]> {
  return Map.groupBy(statements, ({ statement }) => headingOf(statement));
}

/** Replaces the generated part of the page; throws when the page has no place for it. */
export function fillPage(page: string, report: ConformanceReport): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`${pageFile}: put ${begin} and ${end} around the generated part`);
  return `${page.slice(0, from + begin.length)}\n\n${generatedPart(report)}\n${page.slice(to)}`;
}

function generatedPart(report: ConformanceReport): string {
  const sections = [...byHeading(report.statements)].flatMap(([heading, group]) => [
    `## ${heading}`,
    '',
    '| id | binds | statement | shown by |',
    '| --- | --- | --- | --- |',
    ...group.map(tableRow),
    '',
  ]);
  return [...summaryTable(report), '', ...sections].join('\n');
}

function summaryTable({ statements }: ConformanceReport): readonly string[] {
  const rows = [...Map.groupBy(statements, ({ statement }) => statement.version)].map(([version, group]) => {
    const owed = group.filter(({ statement }) => isOwed(statement));
    const shown = owed.filter(({ tests }) => tests.length > 0);
    const exempt = group.filter(({ statement }) => statement.exempt !== undefined);
    const cells = [version, group.length, owed.length, shown.length, exempt.length];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| standard | statements | owed by the broker | shown by a test | never come up |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

function tableRow({ statement, tests }: Coverage): string {
  const { id, binds, text, exempt } = statement;
  const files = tests
    .map((file) => `\`${file.replace(/^test\//, '').replace(/\.test\.ts$/, '')}\``)
    .join(' ');
  const shown = [exempt === undefined ? '' : `Never comes up: ${exempt}`, files].filter(
    (part) => part !== '',
  );
  return `| ${id} | ${binds} | ${text} | ${shown.join(' ')} |`;
}
