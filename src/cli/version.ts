import { readFileSync } from 'node:fs';

/** `0.1.0`, and in a checkout the commit too: `0.1.0 (1a2b3c4d5e6f)`. */
export function versionText(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  const commit = checkedOutCommit(new URL('../../.git/', import.meta.url));
  return commit === undefined ? version : `${version} (${commit.slice(0, 12)})`;
}

/** Undefined wherever git's files do not say it plainly: in an installed package, before the first commit. */
export function checkedOutCommit(git: URL): string | undefined {
  const head = readLine(new URL('HEAD', git));
  const reference = head?.startsWith('ref: ') === true ? head.slice('ref: '.length) : undefined;
  const commit =
    reference === undefined ? head : (readLine(new URL(reference, git)) ?? packedCommit(git, reference));
  return commit !== undefined && /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
}

function packedCommit(git: URL, reference: string): string | undefined {
  const line = readText(new URL('packed-refs', git))
    ?.split('\n')
    .find((entry) => entry.endsWith(` ${reference}`));
  return line?.split(' ')[0];
}

function readLine(file: URL): string | undefined {
  return readText(file)?.trim();
}

function readText(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
