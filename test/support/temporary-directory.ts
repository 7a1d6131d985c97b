import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();

process.on('exit', () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** Makes a fresh folder that goes away when the test process ends. */
export function temporaryDirectory(purpose: string): string {
  const path = mkdtempSync(join(tmpdir(), `portcullis-${purpose}-`));
  made.add(path);
  return path;
}
