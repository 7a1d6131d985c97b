import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot, trackedFiles } from '../support/repository.ts';

const pages = trackedFiles().filter((path) => path.endsWith('.md'));

/** Files that a page links to, as repository paths; addresses and places within the page are left out. */
function linksOf(page: string): readonly string[] {
  const text = readFileSync(join(repositoryRoot, page), 'utf8').replace(/^```.*?^```$/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => posix.join(dirname(page), target));
}

test('links of the documentation lead somewhere', () => {
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(repositoryRoot, target)))
      .map((target) => `${page} links to ${target}, which is not there`),
  );
  assert.deepEqual(broken, []);
});

test('docs/README.md leads to every page of docs/', () => {
  const index = 'docs/README.md';
  const linked = linksOf(index);
  const lost = pages.filter((page) => page.startsWith('docs/') && page !== index && !linked.includes(page));
  assert.deepEqual(lost, []);
});
