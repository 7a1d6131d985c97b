import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Says that during a test of this file a client was connected to a running broker. */
export interface ConnectionRecord {
  readonly file: string;
  readonly test: string;
}

/** The variable that names the folder for the records; unset when a test file is run by hand. */
export const recordDirectoryVariable = 'PORTCULLIS_TEST_RECORD';

/** Writes a record for test/run.ts, which holds docs/reference/spec-coverage.md against them. */
export function recordConnection(record: ConnectionRecord): void {
  const directory = process.env[recordDirectoryVariable];
  if (directory === undefined || directory === '') return;
  // One file per process: test files run at the same time.
  appendFileSync(join(directory, `${process.pid}.jsonl`), `${JSON.stringify(record)}\n`);
}

/** Reads every record of a run. */
export function readConnectionRecords(directory: string): readonly ConnectionRecord[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ConnectionRecord);
}
