import { parseArgs } from 'node:util';
import { lintSuiteName, suites } from './suites.ts';

export const help = `Runs Portcullis's tests.

  npm test                              every suite, with what this machine has
  npm test -- unit e2e                  these suites only
  npm test -- test/unit/codec           the test files below a folder
  npm test -- test/e2e/tls.test.ts      one test file
  npm test -- unit --name 'topic alias' tests whose name fits the regular expression
  npm test -- --verbose                 a line per test, and what test files print
  npm test -- --update-counts           also write the counts to test/minimum-counts.json
  CI=true npm test                      a skipped test, or fewer tests than test/minimum-counts.json
                                        says, is a failure

Suites: ${[lintSuiteName, ...suites.map(({ name }) => name)].join(', ')}
`;

export interface Options {
  readonly help: boolean;
  /** Suites or paths; empty for everything. */
  readonly selection: readonly string[];
  readonly names: readonly string[];
  readonly verbose: boolean;
  readonly updateCounts: boolean;
  readonly ci: boolean;
}

/** A mistake in the arguments, told to the user without a stack. */
export class UsageError extends Error {}

/** Reads the command line; throws a UsageError. */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parse(args);
  return {
    help: values.help,
    selection: positionals,
    names: values.name,
    verbose: values.verbose,
    updateCounts: values['update-counts'],
    ci: ['true', '1'].includes(environment['CI'] ?? ''),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        name: { type: 'string', multiple: true, default: [] },
        verbose: { type: 'boolean', default: false },
        'update-counts': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
