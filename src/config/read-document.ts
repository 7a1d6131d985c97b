import { dirname, resolve } from 'node:path';
import type { ConfigNode } from './config-node.ts';
import type { ConfigurationNotice } from './configuration.ts';
import { ConfigurationError } from './configuration.ts';
import { Problems } from './problems.ts';
import type { Schema } from './schema.ts';
import { ReadContext } from './schema.ts';
import type { FileAccess, ValueSources } from './value-sources.ts';
import { systemFiles, systemHostname } from './value-sources.ts';
import { parseYaml } from './yaml-document.ts';

/** Where a text comes from and what it may draw on. */
export interface Surroundings {
  /** As messages name it; relative paths in the text start at its folder, or at `cwd` without one. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** For `${file:X}`; the file system unless given. */
  readonly files?: FileAccess;
  /** The server name where none is given; the system's unless given. */
  readonly hostname?: () => string;
}

/** A document that was read, right or wrong; checks across documents may still add to its problems. */
export interface ReadDocument<T> {
  /** Undefined, or lacking parts, when there are errors. */
  readonly fields: T | undefined;
  readonly file: string | undefined;
  readonly context: ReadContext;
  readonly sources: ValueSources;
  readonly errors: () => readonly ConfigurationNotice[];
  readonly warnings: () => readonly ConfigurationNotice[];
}

/** A document after something has changed it before the schema reads it. */
export interface Amended {
  readonly root: ConfigNode;
  readonly errors: readonly ConfigurationNotice[];
  readonly warnings: readonly ConfigurationNotice[];
}

const unchanged = (root: ConfigNode): Amended => ({ root, errors: [], warnings: [] });

/** YAML text → schema. Never throws for anything that the text holds. */
export function readDocument<T>(
  text: string,
  schema: Schema<T>,
  surroundings: Surroundings,
  amend: (root: ConfigNode) => Amended = unchanged,
): ReadDocument<T> {
  const { file } = surroundings;
  const yaml = parseYaml(text, file === undefined ? {} : { file });
  const amended = amend(yaml.root);
  const sources = sourcesOf(surroundings);
  const problems = new Problems(amended.root);
  const context = new ReadContext(problems, sources);
  // With a syntax error the rest is guesswork, and every message about it would lead astray.
  const fields = yaml.notices.length > 0 ? undefined : schema.read(amended.root, context);
  return {
    fields,
    file,
    context,
    sources,
    errors: () => [...yaml.notices, ...problems.errors, ...amended.errors],
    warnings: () => [...problems.warnings, ...amended.warnings],
  };
}

function sourcesOf({ file, env, cwd, files, hostname }: Surroundings): ValueSources {
  const folder = file === undefined ? cwd : dirname(resolve(cwd, file));
  return { env, folder, files: files ?? systemFiles, hostname: hostname ?? systemHostname };
}

/**
 * What documents hold that are right.
 * @throws ConfigurationError with the errors of all of them.
 */
export function completeFields<const Documents extends readonly ReadDocument<unknown>[]>(
  ...documents: Documents
): CompleteFields<Documents> {
  const errors = documents.flatMap((document) => document.errors());
  const warnings = documents.flatMap((document) => document.warnings());
  if (errors.length > 0) throw new ConfigurationError(errors, warnings);
  return documents.map((document) => document.fields) as CompleteFields<Documents>;
}

type CompleteFields<Documents extends readonly ReadDocument<unknown>[]> = {
  readonly [Index in keyof Documents]: Documents[Index] extends ReadDocument<infer T> ? T : never;
};
