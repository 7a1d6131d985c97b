import assert from 'node:assert/strict';
import type { Configuration, SecurityDocument } from '../../../src/config/configuration.ts';
import { ConfigurationError, noticeText } from '../../../src/config/configuration.ts';
import { parseConfiguration, parseSecurity } from '../../../src/config/load.ts';
import type { Surroundings } from '../../../src/config/read-document.ts';
import type { FileAccess } from '../../../src/config/value-sources.ts';

/** Files that exist only in a test. */
export function filesWith(contents: Readonly<Record<string, string | Buffer>>): FileAccess {
  return {
    read(path, limit) {
      const content = contents[path];
      if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return Buffer.from(content).subarray(0, limit + 1);
    },
  };
}

/** Nothing of the machine that runs the test shows through. */
export const surroundings: Surroundings = {
  file: 'p.yaml',
  env: {},
  cwd: '/site',
  files: filesWith({}),
  hostname: () => 'host-1',
};

export function configuration(text: string, more: Partial<Surroundings> = {}): Configuration {
  return parseConfiguration(text, { ...surroundings, ...more });
}

export function security(text: string, more: Partial<Surroundings> = {}): SecurityDocument {
  return parseSecurity(text, { ...surroundings, file: 's.yaml', ...more }).security;
}

/** The messages of the ConfigurationError that `action` throws. */
export function errorsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, `not a ConfigurationError: ${String(error)}`);
    assert.ok(error.notices.length > 0, 'a ConfigurationError that says nothing');
    return error.notices.map(noticeText);
  }
  return [];
}

export const configurationErrors = (text: string, more: Partial<Surroundings> = {}): readonly string[] =>
  errorsOf(() => configuration(text, more));

export const securityErrors = (text: string, more: Partial<Surroundings> = {}): readonly string[] =>
  errorsOf(() => security(text, more));

/** One client whose record ends with `rest`, in flow style: `username: a, password: b`. */
export function clientWith(authentication: string, rest = ''): string {
  return `clients: [{ name: c, authentication: { kind: password, ${authentication} }${rest} }]`;
}
