import { isAbsolute, resolve } from 'node:path';
import type { Problem } from './problems.ts';
import type { ValueSources } from './value-sources.ts';
import { readSecret, UnreadableFile } from './value-sources.ts';

const reference = /\$\{(env|file):([^}]*)\}/g;

/** `problem` when a reference leads nowhere; it names the reference, never what was read. */
export type Resolution = { readonly text: string } | { readonly problem: Problem };

/** Whether a text draws on something outside the file; what it becomes is then a secret. */
export function hasReference(text: string): boolean {
  return /\$\{(?:env|file):/.test(text);
}

/**
 * Puts the environment's or a file's value in the place of `${env:X}` and `${file:X}`. A file's value loses one newline
 * at its end. What was read is not searched for references again.
 */
export function resolveReferences(text: string, sources: ValueSources): Resolution {
  const problems: Problem[] = [];
  const resolved = text.replaceAll(reference, (written: string, kind: string, name: string) => {
    const value = kind === 'env' ? sources.env[name] : fileValue(name, sources);
    if (typeof value === 'string') return value;
    problems.push(
      value === undefined
        ? {
            value: written,
            message: 'the environment has no such variable',
            remedy: `set ${name || 'a variable'} in the broker's environment`,
          }
        : {
            value: written,
            message: value.reason,
            remedy: 'name a readable file that holds the secret and nothing else',
          },
    );
    return '';
  });
  const problem = problems[0];
  if (problem !== undefined) return { problem };
  if (hasReference(text.replaceAll(reference, ''))) {
    const remedy = 'write ${env:NAME} or ${file:PATH}';
    return { problem: { message: 'a reference is not closed', remedy } };
  }
  return { text: resolved };
}

function fileValue(name: string, sources: ValueSources): string | { readonly reason: string } {
  if (name === '') return { reason: 'the reference names no file' };
  const path = isAbsolute(name) ? name : resolve(sources.folder, name);
  try {
    return readSecret(sources.files, path);
  } catch (error) {
    if (error instanceof UnreadableFile) return { reason: error.message };
    throw error;
  }
}
