import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { repositoryRoot } from '../support/repository.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('a SIGHUP while the broker starts does not end it: the reload follows the start', async (t) => {
  const folder = temporaryDirectory('early-reload');
  const clients = Array.from({ length: 20 }, (_, index) => ({
    name: `c${index}`,
    authentication: { kind: 'password', username: `c${index}`, password: `p${index}` },
  }));
  // JSON is YAML. Without a server name there is a notice as soon as the files are read, and before hashing begins.
  const file = join(folder, 'portcullis.yaml');
  const listeners = [{ name: 'tcp', protocol: 'tcp', port: 0 }];
  writeFileSync(file, JSON.stringify({ listeners, security_file: 'security.yaml' }));
  writeFileSync(join(folder, 'security.yaml'), JSON.stringify({ clients }), { mode: 0o600 });

  const broker = spawn(process.execPath, [join(repositoryRoot, 'dist/main.js'), 'start', '--config', file]);
  t.after(() => broker.kill('SIGKILL'));
  const exit = once(broker, 'exit');
  const said: string[] = [];
  createInterface({ input: broker.stdout }).on('line', (line) => said.push(line));
  let asked = false;
  for await (const line of createInterface({ input: broker.stderr })) {
    const { event } = JSON.parse(line) as { event: string };
    if (event === 'configuration_notice' && !asked) asked = broker.kill('SIGHUP');
    if (event === 'configuration_reloaded') break;
  }
  broker.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
  assert.equal(said.at(-1), 'ready');
});
