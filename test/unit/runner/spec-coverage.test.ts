import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  findTableProblems,
  findUnprovenRows,
  parseSpecCoverage,
  specRowIds,
} from '../../runner/spec-coverage.ts';
import { repositoryRoot } from '../../support/repository.ts';

const own = 'test/unit/runner/spec-coverage.test.ts';

function tableWith(line: string): string {
  const id = line.split('|')[1]?.trim();
  const others = specRowIds.filter((other) => other !== id).map((other) => `| ${other} | no | | |`);
  return ['| row | status | missing | test |', '| --- | --- | --- | --- |', line, ...others].join('\n');
}

function problemsOf(line: string): readonly string[] {
  return findTableProblems(parseSpecCoverage(tableWith(line)), repositoryRoot);
}

describe('the specification table', () => {
  test('has 65 rows', () => {
    assert.equal(specRowIds.length, 65);
    assert.deepEqual(problemsOf('| C1 | no | | |'), []);
  });

  test('may name several tests', () => {
    const rows = parseSpecCoverage(tableWith(`| C1 | partly | WSS | \`${own}\`, \`test/run.ts\` |`));
    assert.deepEqual(rows[0], { id: 'C1', status: 'partly', missing: 'WSS', tests: [own, 'test/run.ts'] });
  });

  for (const [line, problem] of [
    ['| C1 | maybe | | |', 'row C1: maybe is not yes, partly or no'],
    ['| C1 | yes | | |', 'row C1 names no test'],
    ['| C1 | partly | | `test/run.ts` |', 'row C1 is partly done and does not say what is missing'],
    ['| C1 | yes | WSS | `test/run.ts` |', 'row C1 is done and yet something is missing'],
    ['| C1 | yes | | `test/none.test.ts` |', 'row C1 names test/none.test.ts, which does not exist'],
  ] as const) {
    test(`finds: ${problem}`, () => assert.ok(problemsOf(line).includes(problem)));
  }

  test('finds rows that are absent, unknown or there twice', () => {
    const problems = problemsOf('| Z9 | no | | |\n| C1 | no | | |');
    assert.deepEqual(problems, ['row C1 is there twice', 'there is no row Z9']);
    assert.ok(findTableProblems([], repositoryRoot).includes('row A1 is not in the table'));
  });

  test('finds rows whose test never connected to a broker', () => {
    const rows = parseSpecCoverage(`| C1 | yes | | \`${own}\` |`);
    assert.deepEqual(findUnprovenRows(rows, [{ file: own, test: 'connects' }]), []);
    assert.deepEqual(findUnprovenRows(rows, []), [
      `row C1 says yes, but in ${own} no client connected to a running broker`,
    ]);
  });
});
