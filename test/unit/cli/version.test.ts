import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkedOutCommit } from '../../../src/cli/version.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-version-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const git = pathToFileURL(`${folder}/`);
const commit = '0123456789abcdef0123456789abcdef01234567';
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

it('the commit of a checkout: from a branch, a packed branch, a detached head; else unknown', () => {
  assert.equal(checkedOutCommit(git), undefined, 'no checkout');
  write('HEAD', 'ref: refs/heads/main\n');
  assert.equal(checkedOutCommit(git), undefined, 'no commit yet');
  write('packed-refs', `# pack-refs\n${'f'.repeat(40)} refs/heads/other/main\n${commit} refs/heads/main\n`);
  assert.equal(checkedOutCommit(git), commit, 'packed');
  mkdirSync(join(folder, 'refs', 'heads'), { recursive: true });
  write('refs/heads/main', `${'a'.repeat(40)}\n`);
  assert.equal(checkedOutCommit(git), 'a'.repeat(40), 'loose');
  write('HEAD', `${commit}\n`);
  assert.equal(checkedOutCommit(git), commit, 'detached');
  write('HEAD', 'nonsense\n');
  assert.equal(checkedOutCommit(git), undefined, 'nonsense');
});
