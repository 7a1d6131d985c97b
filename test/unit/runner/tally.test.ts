import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestEventData } from '../../runner/tally.ts';
import { countResults, describeError, FileTally } from '../../runner/tally.ts';

const file = 'test/unit/example.test.ts';

function event(name: string, more: Partial<TestEventData> = {}): TestEventData {
  return { name, nesting: 0, file, entryFile: file, details: { type: 'test' }, ...more };
}

function failure(failureType: string): { readonly details: TestEventData['details'] } {
  return { details: { type: 'test', error: { failureType, cause: new Error('why') } } };
}

describe('counting the events of a test file', () => {
  test('a passed, a failed and a skipped test count as such', () => {
    const tally = new FileTally(false);
    tally.ended(event('good'), true);
    tally.ended(event('bad', failure('testCodeFailure')), false);
    tally.ended(event('left out', { skip: 'no browser' }), true);
    assert.deepEqual(countResults(tally.results), { passed: 1, failed: 1, skipped: 1 });
    assert.equal(tally.results[2]?.reason, 'no browser');
  });

  test('a todo counts as skipped, even if it fails', () => {
    const tally = new FileTally(false);
    tally.ended(event('later', { todo: true, ...failure('testCodeFailure') }), false);
    assert.equal(tally.results[0]?.outcome, 'skipped');
  });

  test('a test with subtests is not counted beside them', () => {
    const tally = new FileTally(false);
    tally.started(event('parent', { testId: 1, parentId: 0 }));
    tally.started(event('child', { nesting: 1, testId: 2, parentId: 1 }));
    tally.ended(event('child', { nesting: 1, testId: 2, parentId: 1, ...failure('testCodeFailure') }), false);
    tally.ended(event('parent', { testId: 1, parentId: 0, ...failure('subtestsFailed') }), false);
    assert.deepEqual(
      tally.results.map(({ path }) => path),
      [['parent', 'child']],
    );
  });

  test('a suite whose hook fails is a failure', () => {
    const tally = new FileTally(false);
    const details = {
      type: 'suite',
      error: { failureType: 'hookFailed', cause: new Error('before failed') },
    };
    tally.ended(event('suite', { details }), false);
    assert.equal(tally.results[0]?.outcome, 'failed');
    assert.match(tally.results[0]?.reason ?? '', /before failed/);
  });

  test('a skipped suite does not vanish', () => {
    const tally = new FileTally(false);
    tally.ended(event('suite', { details: { type: 'suite' }, skip: 'not here' }), true);
    assert.deepEqual(countResults(tally.results), { passed: 0, failed: 0, skipped: 1 });
  });
});

describe('counting a test file as a whole', () => {
  const whole = { name: file, nesting: 0, file };

  test('a file without tests is a failure, unless only some names were asked for', () => {
    const tally = new FileTally(false);
    tally.ended(whole, true);
    assert.equal(tally.results[0]?.outcome, 'failed');
    const filtered = new FileTally(true);
    filtered.ended(whole, true);
    assert.deepEqual(filtered.results, []);
  });

  test('a file that breaks after its tests have passed is a failure', () => {
    const tally = new FileTally(false);
    tally.ended(event('good'), true);
    tally.ended({ ...whole, ...failure('testCodeFailure') }, false);
    assert.deepEqual(countResults(tally.results), { passed: 1, failed: 1, skipped: 0 });
  });

  test('a file that had to be ended says so', () => {
    const tally = new FileTally(false);
    tally.ended({ ...whole, ...failure('testAborted') }, false);
    assert.match(tally.results[0]?.reason ?? '', /did not end in time/);
  });
});

test('errors are shown without the lines of Node itself', () => {
  const error = new Error('broken');
  error.stack =
    'Error: broken\n    at mine (file:///a.ts:1:1)\n    at run (node:internal/test_runner/test:1:1)';
  assert.equal(describeError({ cause: error }), 'Error: broken\n    at mine (file:///a.ts:1:1)');
});
