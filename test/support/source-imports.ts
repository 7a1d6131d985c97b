import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { filesUnder, repositoryRoot } from './repository.ts';

/** One import of a source file. */
export interface SourceImport {
  /** The importing file, from the root of the repository. */
  readonly from: string;
  /** A file of the repository, or a package name as it is written. */
  readonly to: string;
  /** Only types are taken: nothing is left of the import at run time. */
  readonly typeOnly: boolean;
  /** `import()`. */
  readonly dynamic: boolean;
}

/** A source file with its text and what it imports. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text without comments and without the contents of strings: for searches in code. */
  readonly code: string;
  readonly imports: readonly SourceImport[];
}

// A comment, a string or a template, whichever begins first. A regular expression with a quote in it may
// mislead it; there the damage ends at the end of the line.
const commentOrString =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

function withoutComments(text: string): string {
  return text.replace(commentOrString, (found) => (found.startsWith('/') ? ' ' : found));
}

function withoutStrings(text: string): string {
  // The code inside a template's ${} is kept: a clock may be read there too.
  return text.replace(commentOrString, (found) => {
    if (!found.startsWith('`')) return "''";
    return [...found.matchAll(/\$\{([^}]*)\}/g)].map(([, code = '']) => ` ${code} `).join('');
  });
}

const staticImport =
  /(?:^|[;\n}])\s*(?:import|export)\s+(type\s+)?(?:([\w$*{}\s,]+?)\s*from\s*)?(['"])([^'"\n]+)\3/g;
const dynamicImport = /\bimport\s*\(\s*(['"])([^'"\n]+)\1/g;

function resolveImport(from: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier;
}

/** Whether `{ type A, type B }` takes types only. */
function namesOnlyTypes(clause: string): boolean {
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1];
  if (names === undefined) return false;
  const listed = names.split(',').map((name) => name.trim());
  return listed.filter((name) => name !== '').every((name) => name.startsWith('type '));
}

/** Finds the imports in the text of a source file. */
export function parseImports(from: string, text: string): readonly SourceImport[] {
  // No import stands in a template, but a test about code may have one there.
  const code = withoutComments(text).replace(commentOrString, (part) => (part.startsWith('`') ? '``' : part));
  const found: SourceImport[] = [];
  for (const [, type, clause = '', , specifier = ''] of code.matchAll(staticImport)) {
    const typeOnly = type !== undefined || namesOnlyTypes(clause);
    found.push({ from, to: resolveImport(from, specifier), typeOnly, dynamic: false });
  }
  for (const [, , specifier = ''] of code.matchAll(dynamicImport)) {
    found.push({ from, to: resolveImport(from, specifier), typeOnly: false, dynamic: true });
  }
  return found;
}

/** Reads a source file. */
export function readSource(path: string): SourceFile {
  const text = readFileSync(join(repositoryRoot, path), 'utf8');
  return { path, text, code: withoutStrings(withoutComments(text)), imports: parseImports(path, text) };
}

/** Every TypeScript file below a folder. */
export function readSources(folder: string): readonly SourceFile[] {
  return filesUnder(folder, '.ts').map(readSource);
}
