import { posix } from 'node:path';
import type { SourceFile } from '../../support/source-imports.ts';
import { readSources } from '../../support/source-imports.ts';

/** An id in brackets at one line of a file. */
export interface Citation {
  readonly id: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The line speaks of 3.1 or 3.1.1, or of every version. */
  readonly olderVersions: boolean;
}

const citation = /\[((?:3\.1\.1:)?MQTT-\d+\.\d+\.\d+-\d+)\]/g;
/** Whatever looks like an id, in brackets or not. */
const mention = /(?:3\.1\.1:\s*)?MQTT-\d[^\s\]]*\]?/g;
const olderVersions = /version (?:3|4|\$\{)|\b3\.(?:x|1(?:\.1)?)(?!\.?\d)/;
const quoted = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`/g;

/** The tools that read citations, and their tests: what they cite is made up. */
const excluded = ['test/conformance/report/', 'test/conformance/mutation/', 'test/unit/conformance/'];

/** Every citation of a text, in order. */
export function citationsIn(file: string, text: string): readonly Citation[] {
  return text.split('\n').flatMap((content, index) =>
    [...content.matchAll(citation)].map(([, id = '']) => ({
      id,
      file,
      line: index + 1,
      olderVersions: olderVersions.test(content.replace(citation, '')),
    })),
  );
}

/** What looks like a citation and is none, in sentences. */
export function misspelledIn(file: string, text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((content, index) =>
      [...content.replace(citation, '').matchAll(mention)].map(
        ([found]) => `${file}:${index + 1} has ${found}; write [MQTT-1.2.3-4], or [3.1.1:MQTT-1.2.3-4]`,
      ),
    );
}

/** What the sources and the tests cite. */
export interface Citations {
  readonly enforcing: readonly Citation[];
  /** Citations with the test file that runs them as their file. */
  readonly tests: readonly Citation[];
  readonly misspelled: readonly string[];
}

/** Reads every citation below src/ and test/. */
export function readCitations(): Citations {
  const sources = readSources('src');
  const tests = readSources('test').filter(({ path }) => !excluded.some((folder) => path.startsWith(folder)));
  const runners = runnersOf(tests);
  return {
    enforcing: sources.flatMap(({ path, text }) => citationsIn(path, text)),
    tests: tests.flatMap((source) => testCitations(source, runners(source.path))),
    misspelled: [...sources, ...tests].flatMap(({ path, text }) => misspelledIn(path, text)),
  };
}

/**
 * A test file cites in the name of a test or at an assertion. Elsewhere only strings count, which are the names of cases
 * in a table; each test file that uses the table runs them.
 */
function testCitations({ path, text }: SourceFile, runners: readonly string[]): readonly Citation[] {
  if (path.endsWith('.test.ts')) return citationsIn(path, text);
  const names = text
    .split('\n')
    .map((line) => (line.match(quoted) ?? []).join(' '))
    .join('\n');
  return citationsIn(path, names).flatMap((found) => runners.map((file) => ({ ...found, file })));
}

/** Finds the test files that import a file, directly or through others. */
function runnersOf(tests: readonly SourceFile[]): (path: string) => readonly string[] {
  const importers = new Map<string, string[]>();
  for (const { path, imports } of tests) {
    for (const { to, typeOnly } of imports) {
      const target = posix.normalize(to);
      if (!typeOnly) importers.set(target, [...(importers.get(target) ?? []), path]);
    }
  }
  return (path) => {
    const seen = new Set([path]);
    for (const one of seen) for (const importer of importers.get(one) ?? []) seen.add(importer);
    return [...seen].filter((one) => one.endsWith('.test.ts')).sort();
  };
}
