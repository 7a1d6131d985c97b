import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImports } from '../../support/source-imports.ts';

const text = `import './side.ts';
import type { A } from '../x/a.ts';
import { type B, type C } from "./types.ts"; import D, { e } from 'node:fs';
import {
  type F,
  g,
} from './several.ts';
// import { no } from './comment.ts';
const s = "import x from './string.ts'";
export * from './star.ts'; export type { Q } from './exported.ts';
export const z = read('.ts');
const y = await import('./dynamic.ts');
`;

test('imports are found, and whether they take types only', () => {
  const found = parseImports('src/a/b.ts', text).map(({ to, typeOnly, dynamic }) => {
    return [to, ...(typeOnly ? ['type'] : []), ...(dynamic ? ['dynamic'] : [])].join(' ');
  });
  assert.deepEqual(found, [
    'src/a/side.ts',
    'src/x/a.ts type',
    'src/a/types.ts type',
    'node:fs',
    'src/a/several.ts',
    'src/a/star.ts',
    'src/a/exported.ts type',
    'src/a/dynamic.ts dynamic',
  ]);
});
