import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTableProblems, parseSpecCoverage, specCoverageFile } from '../runner/spec-coverage.ts';
import { repositoryRoot } from '../support/repository.ts';

test(`${specCoverageFile} has every row of the specification, and its tests exist`, () => {
  const rows = parseSpecCoverage(readFileSync(join(repositoryRoot, specCoverageFile), 'utf8'));
  assert.deepEqual(findTableProblems(rows, repositoryRoot), []);
});

test('docs/reference/dependencies.md says of every package why it is there', () => {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const text = readFileSync(join(repositoryRoot, 'docs/reference/dependencies.md'), 'utf8');
  const listed = [...text.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, name = '']) => name);
  const installed = { ...manifest.dependencies, ...manifest.optionalDependencies };
  assert.deepEqual(listed.sort(), Object.keys(installed).sort());
});
