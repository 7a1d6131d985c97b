import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repositoryRoot } from '../support/repository.ts';
import { readCitations } from './report/citations.ts';
import { reportConformance } from './report/coverage.ts';
import { fillPage, pageFile } from './report/page.ts';
import { findListProblems, readStatements, statementsFile } from './report/statements.ts';

const statements = readStatements();
const report = reportConformance(statements, readCitations());

describe('the normative statements', () => {
  test(`${statementsFile} has every number of both standards, in order`, () => {
    assert.deepEqual(findListProblems(statements), []);
  });

  test('every id that src/ and test/ cite is a statement', () => {
    assert.deepEqual(report.unknown, []);
  });

  test(`${pageFile} says what the tests show; npm run conformance -- --write brings it up to date`, () => {
    const page = readFileSync(join(repositoryRoot, pageFile), 'utf8');
    assert.equal(fillPage(page, report), page);
  });
});
