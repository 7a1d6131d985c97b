import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repositoryRoot } from '../support/repository.ts';
import type { SourceImport } from '../support/source-imports.ts';
import { readSources } from '../support/source-imports.ts';

const sources = readSources('src');
const imports = sources.flatMap((source) => source.imports);

const stages = ['transport', 'codec', 'connection', 'authentication', 'authorization', 'session', 'routing'];
// The vocabulary the stages hand each other: any of them may name these types.
const vocabulary = [
  'src/transport/peer.ts',
  'src/transport/byte-channel.ts',
  'src/authentication/principal.ts',
  'src/authorization/permission.ts',
];
// `session` and `connection` handle packets and subscriptions: they may name routing's types too.
const namesTypesOfRouting = ['session', 'connection'];
// Tables of the standard, which every stage may read. The decoder and encoder are for `connection`.
const codecTables = ['src/codec/reason-codes.ts', 'src/codec/control-packet.ts'];

/** The folder below src/ a path is in; undefined for a package or a file directly in src/. */
function layerOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function describeImports(found: readonly SourceImport[]): readonly string[] {
  return found.map(({ from, to }) => `${from} imports ${to}`);
}

function isBackend(path: string): boolean {
  return /^src\/stores\/[^/]+\//.test(path);
}

function isStage(path: string): boolean {
  return stages.includes(layerOf(path) ?? '');
}

describe('pure layers: codec, routing and authorization', () => {
  const pure = sources.filter(({ path }) =>
    ['codec', 'routing', 'authorization'].includes(layerOf(path) ?? ''),
  );

  test('open no sockets, files or processes', () => {
    const forbidden =
      /^(node:)?(net|tls|http|https|http2|dgram|dns|fs|child_process|worker_threads|cluster|sqlite)(\/|$)/;
    const found = pure.flatMap((source) => source.imports).filter(({ to }) => forbidden.test(to));
    assert.deepEqual(describeImports(found), []);
  });

  test('know no store', () => {
    const found = pure.flatMap((source) => source.imports).filter(({ to }) => to.startsWith('src/stores/'));
    assert.deepEqual(describeImports(found), []);
  });

  test('read no clock and set no timer', () => {
    const clock =
      /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b|\bprocess\.(hrtime|uptime)\b|\bset(Timeout|Interval|Immediate)\b/;
    const byCode = pure.filter(({ code }) => clock.test(code)).map(({ path }) => path);
    const byImport = pure
      .flatMap((source) => source.imports)
      .filter(({ to }) => /^(node:)?(timers|perf_hooks)(\/|$)/.test(to));
    assert.deepEqual([...byCode, ...describeImports(byImport)], []);
  });
});

describe('stages', () => {
  const foreign = imports.filter(({ from, to }) => {
    return isStage(from) && layerOf(to) !== undefined && layerOf(from) !== layerOf(to);
  });

  test('do not import each other, apart from types of the common vocabulary', () => {
    const found = foreign.filter(({ from, to, typeOnly }) => {
      if (!isStage(to) || layerOf(to) === 'codec') return false;
      if (!typeOnly) return true;
      if (vocabulary.includes(to)) return false;
      return !(layerOf(to) === 'routing' && namesTypesOfRouting.includes(layerOf(from) ?? ''));
    });
    assert.deepEqual(describeImports(found), []);
  });

  test('take from codec types and tables; only connection decodes and encodes', () => {
    const found = foreign.filter(({ from, to, typeOnly }) => {
      if (layerOf(to) !== 'codec' || typeOnly || codecTables.includes(to)) return false;
      return layerOf(from) !== 'connection';
    });
    assert.deepEqual(describeImports(found), []);
  });

  test('take from config its types, and no loading', () => {
    const found = foreign.filter(({ to, typeOnly }) => {
      return layerOf(to) === 'config' && !typeOnly && to !== 'src/config/configuration.ts';
    });
    assert.deepEqual(describeImports(found), []);
  });

  test('do not reach up to the layers that use them', () => {
    const above = ['broker', 'admin', 'cli', 'audit'];
    assert.deepEqual(describeImports(foreign.filter(({ to }) => above.includes(layerOf(to) ?? ''))), []);
  });

  test('are put together in broker/ and compose.ts only', () => {
    // `config` reads the tables of many stages to check what is written; that composes nothing.
    const mayKnowSeveral = ['broker', 'config'];
    const stagesOf = new Map<string, Set<string>>();
    for (const { from, to, typeOnly } of imports) {
      const layer = layerOf(from);
      if (layer === undefined || isStage(from) || mayKnowSeveral.includes(layer)) continue;
      if (typeOnly || !isStage(to) || layerOf(to) === 'codec') continue;
      stagesOf.set(from, (stagesOf.get(from) ?? new Set()).add(layerOf(to) ?? ''));
    }
    const found = [...stagesOf].filter(([, known]) => known.size > 1);
    assert.deepEqual(
      found.map(([from, known]) => `${from} puts together ${[...known].join(' and ')}`),
      [],
    );
  });
});

describe('stores', () => {
  test('a backend is imported by compose.ts and by itself only', () => {
    const found = imports.filter(({ from, to }) => {
      if (!isBackend(to) || from === 'src/compose.ts') return false;
      return !from.startsWith(to.split('/').slice(0, 3).join('/'));
    });
    assert.deepEqual(describeImports(found), []);
  });

  test('admin/ and cli/ call use-cases, never stores', () => {
    const found = imports.filter(({ from, to }) => {
      return ['admin', 'cli'].includes(layerOf(from) ?? '') && to.startsWith('src/stores/');
    });
    assert.deepEqual(describeImports(found), []);
  });
});

describe('imports', () => {
  test('name files of the repository with .ts and as they are spelled', () => {
    const everywhere = ['src', 'test', 'bench', 'examples'].flatMap((folder) => readSources(folder));
    const found = everywhere
      .flatMap((source) => source.imports)
      .filter(({ to }) => /^(src|test|bench|examples)\//.test(to))
      .filter(({ to }) => !/\.(ts|json)$/.test(to) || !existsSync(join(repositoryRoot, to)));
    assert.deepEqual(describeImports(found), []);
  });

  test('product code imports no test code', () => {
    const found = imports.filter(({ to }) => to.startsWith('test/') || to.startsWith('bench/'));
    assert.deepEqual(describeImports(found), []);
  });

  test('the sources were found', () => {
    assert.ok(sources.length > 0);
  });
});
