import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Citation, Citations } from '../../conformance/report/citations.ts';
import { citationsIn, misspelledIn } from '../../conformance/report/citations.ts';
import { reportConformance } from '../../conformance/report/coverage.ts';
import { formatReport } from '../../conformance/report/listing.ts';
import { fillPage } from '../../conformance/report/page.ts';
import type { Statement } from '../../conformance/report/statements.ts';

const statement = (id: string, others: Partial<Statement> = {}): Statement => ({
  id,
  version: id.startsWith('3.1.1:') ? '3.1.1' : '5.0',
  section: /\d+\.\d+\.\d+(?=-)/.exec(id)?.[0] ?? '',
  binds: 'server',
  level: 'must',
  text: 'It is so.',
  ...others,
});

const citing = (file: string, ...lines: readonly string[]): readonly Citation[] =>
  citationsIn(file, lines.join('\n'));
const cited = (given: Partial<Citations>): Citations => ({
  enforcing: [],
  tests: [],
  misspelled: [],
  ...given,
});
const ids = (group: readonly { readonly statement: Statement }[]): readonly string[] =>
  group.map((one) => one.statement.id);

describe('citations', () => {
  test('are ids in brackets, with their line', () => {
    const text = "a(); // [MQTT-3.1.2-24] [3.1.1:MQTT-3.1.2-24]\ntest('[MQTT-4.7.3-1] empty')";
    assert.deepEqual(
      citationsIn('f.ts', text).map(({ id, line }) => [id, line]),
      [
        ['MQTT-3.1.2-24', 1],
        ['3.1.1:MQTT-3.1.2-24', 1],
        ['MQTT-4.7.3-1', 2],
      ],
    );
    assert.deepEqual(misspelledIn('f.ts', text), []);
  });

  const olderNames = [
    '[MQTT-3.1.2-3] flag in 3.1.1',
    '[MQTT-3.1.2-3] version 4',
    '[MQTT-3.1.2-3] version ${v}',
    'in 3.x [MQTT-3.1.2-3]',
  ];
  for (const name of olderNames) {
    test(`${name} speaks of an older version`, () => assert.equal(citing('f', name)[0]?.olderVersions, true));
  }
  for (const name of [
    '[MQTT-3.1.2-3] flag in 5.0',
    '[3.1.1:MQTT-3.1.2-3] flag',
    '[MQTT-3.1.2-3] section 3.1.2',
  ]) {
    test(`${name} does not`, () => assert.equal(citing('f', name)[0]?.olderVersions, false));
  }

  for (const text of [
    '[MQTT-3.2.2-2,3]',
    '[MQTT-3.1.1: 3.1.2-22]',
    'MQTT-3.1.2-24',
    '[MQTT-3.1.4-?]',
    '[MQTT-3.1.2-24a]',
  ]) {
    test(`${text} is misspelled`, () => assert.equal(misspelledIn('f.ts', text).length, 1));
  }
});

describe('the report', () => {
  const both = [statement('3.1.1:MQTT-3.1.2-3', { sameAs: ['MQTT-3.1.2-3'] }), statement('MQTT-3.1.2-3')];

  test('a statement is shown by the tests and enforced by the lines that cite it', () => {
    const report = reportConformance(
      [statement('MQTT-3.1.2-3')],
      cited({
        tests: citing('a.test.ts', "'[MQTT-3.1.2-3]'", "'[MQTT-3.1.2-3]'"),
        enforcing: citing('b.ts', '', '// [MQTT-3.1.2-3]'),
      }),
    );
    assert.deepEqual(report.statements[0]?.tests, ['a.test.ts']);
    assert.deepEqual(
      report.statements[0]?.enforcing.map(({ line }) => line),
      [2],
    );
    assert.deepEqual([report.untested, report.unenforced, report.unknown], [[], [], []]);
  });

  test('says what is open', () => {
    const client = statement('MQTT-3.1.2-20', { binds: 'client' });
    const report = reportConformance(
      [statement('MQTT-3.1.2-3'), client, statement('MQTT-3.1.2-22')],
      cited({ tests: citing('a.test.ts', '[MQTT-3.1.2-22]') }),
    );
    assert.deepEqual(ids(report.untested), ['MQTT-3.1.2-3']);
    assert.deepEqual(ids(report.unenforced), ['MQTT-3.1.2-22']);
    assert.match(formatReport(report, []), /2 statements owed, 1 shown, 1 open/);
    assert.match(formatReport(report, ['3.12']), /0 statements owed, 0 shown, 0 open/);
  });

  test('an id that does not exist is unknown, wherever it is cited', () => {
    const report = reportConformance(
      [],
      cited({
        tests: citing('a.test.ts', '[MQTT-3.9.9-9]'),
        enforcing: citing('b.ts', '[MQTT-9.0.0-1]'),
        misspelled: ['x'],
      }),
    );
    assert.deepEqual(report.unknown, [
      'x',
      'b.ts:1 cites MQTT-9.0.0-1, which does not exist',
      'a.test.ts:1 cites MQTT-3.9.9-9, which does not exist',
    ]);
  });

  test("a test of 5.0's statement shows 3.1.1's where it runs 3.1.1", () => {
    const only5 = reportConformance(both, cited({ tests: citing('a.test.ts', '[MQTT-3.1.2-3] in 5.0') }));
    assert.deepEqual(ids(only5.untested), ['3.1.1:MQTT-3.1.2-3']);
    const older = reportConformance(both, cited({ tests: citing('a.test.ts', '[MQTT-3.1.2-3] in 3.1.1') }));
    assert.deepEqual(ids(older.untested), []);
  });

  test('where several statements of 5.0 say what one of 3.1.1 says, each needs its test', () => {
    const joined = statement('3.1.1:MQTT-4.3.2-2', { sameAs: ['MQTT-4.3.2-4', 'MQTT-4.3.2-5'] });
    const report = reportConformance(
      [joined],
      cited({ tests: citing('a.test.ts', '[MQTT-4.3.2-4] version 4') }),
    );
    assert.deepEqual(ids(report.untested), ['3.1.1:MQTT-4.3.2-2']);
  });

  test('the page keeps its words, and its table names tests and exemptions', () => {
    const exempt = statement('MQTT-3.2.2-9', { exempt: 'Every QoS is supported.' });
    const report = reportConformance(
      [statement('MQTT-3.1.2-3'), exempt],
      cited({ tests: citing('test/unit/a.test.ts', '[MQTT-3.1.2-3]') }),
    );
    const page = fillPage('words\n<!-- table: conformance -->\nold\n<!-- end of table -->\nmore\n', report);
    assert.ok(
      page.startsWith('words\n') && page.endsWith('<!-- end of table -->\nmore\n') && !page.includes('old'),
    );
    assert.ok(page.includes('| MQTT-3.1.2-3 | server | It is so. | `unit/a` |'), page);
    assert.ok(page.includes('Never comes up: Every QoS is supported.'), page);
    assert.equal(fillPage(page, report), page);
    assert.throws(() => fillPage('words', report), /put <!-- table: conformance -->/);
  });
});
