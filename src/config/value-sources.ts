import { closeSync, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';

/** A secret that needs more is not a password; a token may be a few KiB. */
const SECRET_FILE_BYTES_MAX = 64 * 1024;

/** What a configuration may draw on besides its own text. */
export interface ValueSources {
  /** For `${env:X}` and, in portcullis.yaml, for `PORTCULLIS_…` overrides. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths start here: the folder of the configuration file. */
  readonly folder: string;
  readonly files: FileAccess;
  readonly hostname: () => string;
}

/** The file system as configuration needs it; every method throws as node:fs does. */
export interface FileAccess {
  /** At most `limit` bytes and one more, by which the caller sees that there are too many. */
  read(path: string, limit: number): Buffer;
}

export const systemFiles: FileAccess = {
  read(path, limit) {
    const file = openSync(path, 'r');
    try {
      const chunks: Buffer[] = [];
      let total = 0;
      while (total <= limit) {
        const chunk = Buffer.alloc(Math.min(64 * 1024, limit + 1 - total));
        const count = readSync(file, chunk);
        if (count === 0) break;
        chunks.push(chunk.subarray(0, count));
        total += count;
      }
      return Buffer.concat(chunks);
    } finally {
      closeSync(file);
    }
  },
};

export const systemHostname = hostname;

/** A file that could not be used, in words for the operator. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

/** Reads UTF-8; throws UnreadableFile with what is wrong. */
export function readText(files: FileAccess, path: string, limit: number): string {
  let bytes: Buffer;
  try {
    bytes = files.read(path, limit);
  } catch (error) {
    throw new UnreadableFile(reasonOf(error));
  }
  if (bytes.length > limit) throw new UnreadableFile(`the file is larger than ${limit} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UnreadableFile('the file is not UTF-8');
  }
}

/** Why a file cannot be read; undefined when it can. What is in it does not matter. */
export function unreadableReason(files: FileAccess, path: string): string | undefined {
  try {
    files.read(path, 0);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

export function readSecret(files: FileAccess, path: string): string {
  return readText(files, path, SECRET_FILE_BYTES_MAX).replace(/\r?\n$/, '');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this process may not read the file',
  EPERM: 'this process may not read the file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? `the file cannot be read (${code || 'unknown error'})`;
}
