import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { repositoryRoot, trackedFiles } from '../support/repository.ts';
import { readSources } from '../support/source-imports.ts';

const linesMax = 500;
const sources = ['src', 'test', 'bench', 'examples'].flatMap((folder) => readSources(folder));

function offenders(fits: (source: (typeof sources)[number]) => boolean): readonly string[] {
  return sources.filter(fits).map(({ path }) => path);
}

describe('style', () => {
  test('no default exports', () => {
    const defaultExport = /\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/;
    assert.deepEqual(
      offenders(({ code }) => defaultExport.test(code)),
      [],
    );
  });

  test('no enums', () => {
    assert.deepEqual(
      offenders(({ code }) => /(^|[\n;}])\s*(export\s+|declare\s+|const\s+)*enum\s+\w/.test(code)),
      [],
    );
  });

  test('no any', () => {
    assert.deepEqual(
      offenders(({ code }) => /(:|\bas|<|\|)\s*any\b(?!\s*\()/.test(code)),
      [],
    );
  });

  test(`no file over ${linesMax} lines`, () => {
    const long = (text: string): boolean => text.split('\n').length - 1 > linesMax;
    assert.deepEqual(
      offenders(({ text }) => long(text)),
      [],
    );
  });

  test('file names are kebab-case, behind the section of the specification where they have one', () => {
    const code = trackedFiles().filter((path) => /\.(ts|tsx|js|mjs|py)$/.test(path));
    const wrong = code.filter(
      (path) => !/^(\d+(\.\d+)+-)?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(basename(path)),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('tracked files', () => {
  // Put together from pieces, so that this file does not contain what it looks for.
  const forbidden = [
    ['registry', 'npmjs', 'org'].join('.'),
    ['npmjs', 'com'].join('.'),
    ['registry', 'yarnpkg', 'com'].join('.'),
    ['deb', 'debian', 'org'].join('.'),
    ['npm', 'pkg', 'github', 'com'].join('.'),
    ['proxy', 'golang', 'org'].join('.'),
    ['pypi', 'org'].join('.'),
    ['', 'work', ''].join('/'),
    ['', 'farm', ''].join('/'),
    ['', 'root', ''].join('/'),
    ['', 'tmp', 'bash_jobs'].join('/'),
  ];

  test('name no package registry and no path of a machine they were written on', () => {
    const found = trackedFiles().flatMap((path) => {
      const text = readFileSync(join(repositoryRoot, path), 'latin1');
      return forbidden.filter((piece) => text.includes(piece)).map((piece) => `${path} contains ${piece}`);
    });
    assert.deepEqual(found, []);
  });

  test('leave no checks out by comment', () => {
    const silenced = [['@ts', 'ignore'].join('-'), ['@ts', 'nocheck'].join('-')];
    assert.deepEqual(
      offenders(({ text }) => silenced.some((mark) => text.includes(mark))),
      [],
    );
  });
});
