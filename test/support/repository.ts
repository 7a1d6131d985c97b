import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const generated = new Set(['node_modules', 'dist', '.git', '.build', '.test-results', 'data', 'coverage']);

/** A path as it is written in documents and results: from the root of the repository, with slashes. */
export function repositoryPath(path: string): string {
  return relative(repositoryRoot, path).split(sep).join('/');
}

/** Every file below a folder whose name ends as given, as repository paths in order; none if there is no folder. */
export function filesUnder(folder: string, ending = ''): readonly string[] {
  const start = join(repositoryRoot, folder);
  if (!existsSync(start)) return [];
  const found: string[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!generated.has(entry.name)) visit(path);
      } else if (entry.name.endsWith(ending)) {
        found.push(repositoryPath(path));
      }
    }
  };
  visit(start);
  return found.sort();
}

/** The files git tracks or would track; in a tree without git, every file that is not generated. */
export function trackedFiles(): readonly string[] {
  try {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: repositoryRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 26,
    });
    return listed.split('\0').filter((path) => path !== '' && existsSync(join(repositoryRoot, path)));
  } catch {
    return filesUnder('.');
  }
}
