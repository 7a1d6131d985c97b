import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLostTests } from '../../runner/minimum-counts.ts';
import { parseOptions, UsageError } from '../../runner/options.ts';

test('a selection, a name and switches are read', () => {
  const options = parseOptions(['unit', 'test/e2e/tls.test.ts', '--name', 'alias', '--verbose'], {
    CI: 'true',
  });
  assert.deepEqual(options.selection, ['unit', 'test/e2e/tls.test.ts']);
  assert.deepEqual(options.names, ['alias']);
  assert.equal(options.verbose, true);
  assert.equal(options.ci, true);
});

test('an unknown switch is a usage error', () => {
  assert.throws(() => parseOptions(['--fast'], {}), UsageError);
});

test('a suite with fewer tests than kept is found, a suite that did not run is not', () => {
  assert.deepEqual(findLostTests({ unit: 3, e2e: 2 }, { unit: 2 }), [
    'unit has 2 tests; test/minimum-counts.json says at least 3',
  ]);
  assert.deepEqual(findLostTests({ unit: 3 }, { unit: 3 }), []);
});
