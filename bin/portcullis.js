#!/usr/bin/env node
// The command `portcullis`. Plain JavaScript that an old Node can run: it finds the Node this
// release was built for, and gives the broker its V8 flags, before any real code is loaded.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const minimumNodeMajor = 24;
// A larger young generation makes the broker 1.2 to 1.3 times as fast; commands do not need it.
const brokerFlags = ['--max-semi-space-size=64'];

function fail(line) {
  process.stderr.write(`portcullis: ${line}\n`);
  process.exit(1);
}

function bundledNode() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    return join(dirname(manifest), 'bin', 'node');
  } catch {
    return undefined;
  }
}

function flagsFor(commandLine) {
  if (commandLine[0] !== 'start') return [];
  return brokerFlags.filter(
    (flag) => !process.execArgv.some((given) => given.startsWith(flag.split('=')[0])),
  );
}

/** Replaces this process where Node can (no extra process, same pid); otherwise passes everything on. */
function replaceBy(program, args) {
  if (typeof process.execve === 'function') {
    process.execve(program, [program, ...args], process.env);
  }
  const child = spawn(program, args, { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`cannot run ${program}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function setUpCheckout() {
  if (existsSync(join(root, 'dist', 'main.js'))) return;
  const setup = join(root, 'scripts', 'setup.mjs');
  if (!existsSync(setup)) fail('dist/main.js is missing: this installation is incomplete');
  const result = spawnSync(process.execPath, [setup], { stdio: ['ignore', 2, 2] });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

setUpCheckout();
const commandLine = process.argv.slice(2);
const oldNode = Number.parseInt(process.versions.node, 10) < minimumNodeMajor;
const program = oldNode ? bundledNode() : process.execPath;
if (program === undefined) {
  fail(`needs Node ${minimumNodeMajor}; this is Node ${process.versions.node}`);
}
const flags = flagsFor(commandLine);
if (oldNode || flags.length > 0) {
  replaceBy(program, [...process.execArgv, ...flags, fileURLToPath(import.meta.url), ...commandLine]);
} else {
  await import('../dist/main.js');
}
