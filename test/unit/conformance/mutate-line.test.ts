import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enclosingHead, endOf, maskCode, matchingBracket } from '../../conformance/mutation/masked-code.ts';
import { mutateLine } from '../../conformance/mutation/mutate-line.ts';

/** A source, the number of the line that cites, what the line becomes, and which line that is. */
interface Case {
  readonly name: string;
  readonly source: string;
  readonly line?: number;
  readonly becomes: string;
  readonly at?: number;
}

const cases: readonly Case[] = [
  {
    name: 'an if',
    source: 'if (a(")") && b) throw x; // cite',
    becomes: 'if (false && (a(")") && b)) throw x; // cite',
  },
  { name: 'an else if', source: '} else if (a) {', becomes: '} else if (false && (a)) {' },
  { name: 'a throw below a comment', source: '// cite\nthrow new E(1);', becomes: ';', at: 2 },
  { name: 'a loop', source: 'for (const a of b) c();', becomes: 'if (false) for (const a of b) c();' },
  { name: 'a return of a comparison', source: 'return a === b;', becomes: 'return !(a === b) ;' },
  { name: 'a return of a value', source: 'return a(b > c);', becomes: 'return undefined;' },
  {
    name: 'a choice',
    source: 'const q = a < b ? a : b; // cite',
    becomes: 'const q = !(a < b) ? a : b; // cite',
  },
  {
    name: 'a choice behind ?. and ??',
    source: 'const q = (a?.b ?? c) ? 1 : 2;',
    becomes: 'const q = !((a?.b ?? c)) ? 1 : 2;',
  },
  { name: 'a number', source: 'const GRACE = 1.5;', becomes: 'const GRACE = 2 * 1.5;' },
  { name: 'a call', source: 'this.a.b({ c: 1 }); // cite', becomes: '; // cite' },
  { name: 'a private call', source: 'await this.#a(b);', becomes: ';' },
  { name: 'an assignment', source: 'a.b = c;', becomes: ';' },
  { name: 'a call below a label', source: "case 'x': // cite\ncase 'y':\n  a();", becomes: '  ;', at: 3 },
  { name: 'a call behind a label', source: "case 'x': a(); // cite", becomes: "case 'x': ; // cite" },
  {
    name: 'a property',
    source: 'a = {\n  b: c(d), // cite\n};',
    line: 2,
    becomes: '  b: undefined, // cite',
  },
  {
    name: 'a property with a choice',
    source: 'a = {\n  b: c ? d : e,\n};',
    line: 2,
    becomes: '  b: !(c) ? d : e,',
  },
  {
    name: 'a literal argument',
    source: 'a(\n  b,\n  true, // cite\n);',
    line: 3,
    becomes: '  false, // cite',
  },
  {
    name: 'a function below its documentation',
    source: '/** cite\n * more */\nexport function a(b: C): D | E {\n  f();\n}',
    becomes: 'export function a(b: C): D | E { return;',
    at: 3,
  },
  {
    name: 'a function over lines',
    source: 'function a(\n  b: C,\n): D {\n  f();\n}',
    becomes: '): D { return;',
    at: 3,
  },
  {
    name: 'a method',
    source: 'class A {\n  // cite\n  async #b(): C {\n    d();\n  }\n}',
    line: 2,
    becomes: '  async #b(): C { return;',
    at: 3,
  },
  {
    name: 'a method with a keyword for a name',
    source: 'class A {\n  delete(a: B): void {\n    c();\n  }\n}',
    line: 2,
    becomes: '  delete(a: B): void { return;',
  },
  {
    name: 'a function that only decides',
    source: '// cite\nfunction a(b: C): boolean {\n  return !b;\n}',
    becomes: '  return !(!b) ;',
    at: 3,
  },
  {
    name: 'a function in a constant',
    source: 'const a = (b: C): void => {\n  d();\n};',
    becomes: 'const a = (b: C): void => { return;',
  },
];

const immutable: readonly { readonly source: string; readonly line?: number; readonly reason: RegExp }[] = [
  { source: '/** cite */\nexport interface A {\n  b: C;\n}', reason: /a type or a class/ },
  { source: 'export interface A {\n  /** cite */\n  b: C;\n}', line: 2, reason: /part of a type/ },
  { source: 'class A {\n  readonly b = new B(); // cite\n}', line: 2, reason: /a field/ },
  { source: 'const table = { a: 1 };', reason: /without a decision/ },
  { source: 'return;', reason: /a bare return/ },
  { source: 'throw a(\n  b,\n); // cite', line: 3, reason: /part of an expression/ },
  { source: 'a();\n// cite', line: 2, reason: /no code below/ },
];

describe('a line is disabled', () => {
  for (const { name, source, line = 1, becomes, at = line } of cases) {
    test(name, () => {
      const mutation = mutateLine(source, line);
      assert.ok('text' in mutation, JSON.stringify(mutation));
      const [before, after] = [source.split('\n'), mutation.text.split('\n')];
      assert.equal(after[at - 1], becomes);
      assert.deepEqual(after.toSpliced(at - 1, 1), before.toSpliced(at - 1, 1));
    });
  }

  for (const { source, line = 1, reason } of immutable) {
    test(`${JSON.stringify(source)} cannot be: ${reason.source}`, () => {
      const mutation = mutateLine(source, line);
      assert.match('immutable' in mutation ? mutation.immutable : mutation.text, reason);
    });
  }
});

describe('masked code', () => {
  test('keeps every position, and nothing of comments and literals', () => {
    const text = "a('(', `${b}(`, /[/(]/, \"it's\"); // )\n/* ( */ c / d / e;";
    const masked = maskCode(text);
    assert.equal(masked.length, text.length);
    assert.equal(masked.split('\n')[1]?.trim(), 'c / d / e;');
    assert.equal(matchingBracket(masked, 1), text.indexOf(';') - 1);
  });

  test('finds ends outside of brackets, and what is around', () => {
    const code = 'class A { b() { c({ d: [1, 2] }, e); } }';
    assert.equal(endOf(code, code.indexOf('c('), ';'), code.indexOf(';'));
    assert.equal(endOf(code, code.indexOf('1'), ';'), code.indexOf(']'));
    assert.equal(enclosingHead(code, code.indexOf('b()')), 'class A{');
    assert.equal(enclosingHead(code, 0), '');
  });
});
