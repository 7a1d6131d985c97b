import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { IdTests } from '../../conformance/mutation/id-tests.ts';
import type { Citation } from '../../conformance/report/citations.ts';
import { citationsIn } from '../../conformance/report/citations.ts';
import { parseImports } from '../../support/source-imports.ts';

const id = 'MQTT-3.12.4-1';

/** A tree with one source and test files that check it. */
function treeWith(
  context: TestContext,
  files: Readonly<Record<string, string>>,
): { root: string; tests: IdTests } {
  const root = mkdtempSync(join(tmpdir(), 'portcullis-id-tests-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const all = { 'package.json': '{"type":"module"}', 'ping.ts': 'export const answer = true;', ...files };
  for (const [file, text] of Object.entries(all)) writeFileSync(join(root, file), text);
  const citations: readonly Citation[] = Object.entries(files).flatMap(([file, text]) =>
    citationsIn(file, text),
  );
  const sources = Object.entries(files).map(([path, text]) => {
    return { path, text, code: text, imports: parseImports(path, text) };
  });
  return { root, tests: new IdTests(root, citations, sources) };
}

const head =
  "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\nimport { answer } from './ping.ts';\n";
const byName = `${head}test('[${id}] is answered', () => assert.ok(answer));\ntest('another', () => assert.ok(true));\n`;
const byAssertion = `${head}test('is answered', () => {\n  assert.ok(answer); // [${id}]\n});\n`;

describe('the tests of an id', () => {
  for (const [kind, text, named] of [
    ['name', byName, true],
    ['assertion', byAssertion, false],
  ] as const) {
    test(`found by ${kind}, they fail when what they show is disabled`, async (context) => {
      const { root, tests } = treeWith(context, { 'a.test.ts': text });
      const selection = await tests.prepare(id);
      assert.deepEqual(selection, [{ file: 'a.test.ts', named }]);
      assert.equal((await tests.run(id, selection)).red, false);
      writeFileSync(join(root, 'ping.ts'), 'export const answer = false;');
      assert.equal((await tests.run(id, selection)).red, true);
    });
  }

  test('that fail as it is say nothing', async (context) => {
    const { tests } = treeWith(context, { 'a.test.ts': byName.replace('ok(answer)', 'ok(!answer)') });
    assert.equal(await tests.prepare(id), 'red');
  });

  test('of other files do not count, nor those that start the built broker', (context) => {
    const broker = "import { start } from './test/support/broker-process.ts';\n";
    const { tests } = treeWith(context, {
      'a.test.ts': byName,
      'b.test.ts': broker + byName,
      'c.test.ts': '',
    });
    assert.deepEqual(tests.filesFor(id), ['a.test.ts']);
    assert.deepEqual(tests.filesFor('MQTT-3.12.4-2'), []);
  });
});
