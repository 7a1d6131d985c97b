// Makes a checkout ready to run: dependencies as the lock file says, then the build.
// Plain JavaScript for Node 20: it runs before the Node that the lock file brings is there.
// Everything it prints goes to stderr, so that the stdout of `npm start` belongs to the broker.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const minimumNodeMajor = 24;

function say(line) {
  process.stderr.write(`portcullis: ${line}\n`);
}

function fail(line, status = 1) {
  say(line);
  process.exit(status || 1);
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

/**
 * Whether node_modules holds what package-lock.json names. Contents are compared, not times:
 * a git checkout touches files without changing them, and an interrupted install leaves no
 * node_modules/.package-lock.json behind (npm writes it last).
 */
function installed() {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) fail('package-lock.json is missing or not JSON');
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.link) return true;
    const there = present[path];
    // npm leaves out optional packages made for other platforms.
    if (there === undefined) return entry.optional === true || entry.devOptional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

function install() {
  say('installing dependencies (npm ci, about 20 seconds) ...');
  const npm = process.env.npm_execpath;
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // Under `npm start` the very npm that runs us is used again; PATH may hold another one.
  const [program, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...flags]] : ['npm', flags];
  const result = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) fail(`cannot run npm: ${result.error.message}`);
  if (result.status !== 0) fail(`npm ci failed (${result.signal ?? `exit ${result.status}`})`);
}

function nodeIsNewEnough() {
  if (Number.parseInt(process.versions.node, 10) >= minimumNodeMajor) return true;
  return existsSync(join(root, 'node_modules', '.bin', 'node'));
}

function sourceFiles(folder, extension) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(extension));
}

/** Removes output whose source is gone: tsc leaves it, and a stale module could still be imported. */
function removeOrphans() {
  const dist = join(root, 'dist');
  const sources = new Set(sourceFiles(join(root, 'src'), '.ts').map((path) => path.slice(0, -'.ts'.length)));
  const orphans = sourceFiles(dist, '.js').filter((path) => !sources.has(path.slice(0, -'.js'.length)));
  for (const path of orphans) {
    const stem = join(dist, path.slice(0, -'.js'.length));
    for (const extension of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
      rmSync(stem + extension, { force: true });
  }
}

/** tsc finds out by itself, in a fraction of a second, whether there is anything to do. */
function build() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const built = existsSync(join(root, 'dist', 'main.js'));
  if (!existsSync(compiler)) {
    if (built) return;
    fail('dist/ is missing and so is the compiler: run `npm ci` without --omit=dev');
  }
  if (!built) say('building (tsc -b) ...');
  removeOrphans();
  // Deleted output is invisible to the build information: without it tsc starts afresh.
  if (!built) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
  const result = spawnSync(process.execPath, [compiler, '-b'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) fail(`cannot run the compiler: ${result.error.message}`);
  if (result.status !== 0) fail('the build failed', result.status ?? 1);
}

if (!installed()) install();
if (!nodeIsNewEnough()) {
  fail(
    `Portcullis needs Node ${minimumNodeMajor}; this is ${process.versions.node}, and no package with ` +
      `Node ${minimumNodeMajor} is made for ${process.platform}-${process.arch}. Install Node ${minimumNodeMajor}.`,
  );
}
build();
