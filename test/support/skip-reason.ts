import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where on PATH, or on another list of folders, a program is; or undefined. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return undefined;
}

/**
 * For the `skip` option of a test that uses programs of the machine: false when all of them are on
 * PATH, otherwise the reason to skip. `test('…', { skip: needs('mosquitto_pub') }, …)`
 */
export function needs(...programs: readonly string[]): string | false {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? false : `not on this machine: ${missing.join(', ')}`;
}
