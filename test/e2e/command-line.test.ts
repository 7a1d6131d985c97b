import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { BrokerStartError, startBroker } from '../support/broker-process.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { repositoryRoot } from '../support/repository.ts';
import type { ProgramResult } from '../support/run-program.ts';
import { runProgram } from '../support/run-program.ts';
import { needs } from '../support/skip-reason.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { login, plant } from './plant.ts';

const command = join(repositoryRoot, 'bin', 'portcullis.js');

/** Runs `portcullis …` in a folder with these files. */
function portcullis(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const cwd = temporaryDirectory('command');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  // The Node on PATH, whichever version that is: the command finds the one it needs.
  const path = process.env['PATH'] ?? '';
  return runProgram('node', [command, ...args], { cwd, env: { PATH: path, ...env } });
}

const listening = 'listeners: [{ name: tcp, protocol: tcp, port: 0 }]\n';

describe('portcullis start that cannot start', { skip: needs('node') }, () => {
  for (const [name, files, message] of [
    [
      'an unknown key',
      { 'p.yaml': `${listening}mqtt:\n  ack_weight: 3s\n` },
      /^error: \S*p\.yaml:3: mqtt\.ack_weight: unknown key; did you mean "ack_wait"\?$/m,
    ],
    [
      'bad YAML',
      { 'p.yaml': `${listening}mqtt: { ack_wait: 3s\npolicy: [\n` },
      /^error: \S*p\.yaml:[234]: yaml: .+; .+$/m,
    ],
    [
      'a duration without a unit',
      { 'p.yaml': `${listening}mqtt: { ack_wait: 30 }\n` },
      /^error: \S*p\.yaml:2: mqtt\.ack_wait: "30": .*30s/m,
    ],
    [
      'a mistake in the security file',
      {
        'p.yaml': `${listening}security_file: s.yaml\n`,
        's.yaml': 'clients:\n  - name: a\n    pasword: b\n',
      },
      /^error: \S*s\.yaml:3: clients\[0\]\.pasword: unknown key/m,
    ],
    [
      'a security file that is not there',
      { 'p.yaml': `${listening}security_file: s.yaml\n` },
      /^error: \S*p\.yaml:2: security_file: .*s\.yaml/m,
    ],
    [
      'a certificate that is not there',
      {
        'p.yaml':
          'listeners: [{ name: tls, protocol: tls, port: 0, tls: { cert_file: c.pem, key_file: k.pem } }]\n',
      },
      /c\.pem/,
    ],
  ] as const) {
    test(`${name}: file, line, field and remedy on stderr, exit code 1`, async () => {
      const result = await portcullis(['start', '--config', 'p.yaml'], files);
      assert.equal(result.exitCode, 1, result.stderr);
      assert.match(result.stderr, message);
      assert.equal(result.stdout, '');
    });
  }

  test('several mistakes are told together', async () => {
    const text = `${listening}mqtt: { ack_wait: 30, receive_maximum: 0 }\npolicy: { trust_client_id: maybe }\n`;
    const { exitCode, stderr } = await portcullis(['start', '--config', 'p.yaml'], { 'p.yaml': text });
    assert.equal(exitCode, 1);
    for (const field of ['mqtt.ack_wait', 'mqtt.receive_maximum', 'policy.trust_client_id']) {
      assert.ok(stderr.includes(field), stderr);
    }
  });

  test('a configuration file that is not there', async () => {
    const { exitCode, stderr } = await portcullis(['start', '--config', 'nowhere.yaml']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /nowhere\.yaml/);
  });

  test('a port that is taken: which one, and what to do; nothing stays open', async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    const address = other.address();
    const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const listeners = [
      { name: 'free', protocol: 'tcp', port: 0 },
      { name: 'taken', protocol: 'ws', port: taken },
    ];
    const { exitCode, stdout, stderr } = await portcullis(['start', '--config', 'p.yaml'], {
      'p.yaml': stringify({ listeners }),
    });
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, new RegExp(`listener "taken": .*${taken}.*stop the program that has this port`));
  });

  test('secrets are in no message', async () => {
    const security = [
      'clients:',
      '  - name: a',
      '    authentication: { kind: password, username: a, password: s3cret-one, password_hash: s3cret-two }',
      '    rols: []',
    ].join('\n');
    const files = { 'p.yaml': `${listening}security_file: s.yaml\n`, 's.yaml': `${security}\n` };
    const { exitCode, stdout, stderr } = await portcullis(['start', '--config', 'p.yaml'], files);
    assert.equal(exitCode, 1);
    assert.ok(!/s3cret/.test(stdout + stderr), stderr);
  });
});

describe('usage', { skip: needs('node') }, () => {
  for (const args of [
    [],
    ['strat'],
    ['start', '--confg', 'p.yaml'],
    ['config'],
    ['config', 'chekc'],
    ['start', 'now'],
  ]) {
    test(`portcullis ${args.join(' ')}: exit code 2, and what would be right`, async () => {
      const { exitCode, stdout, stderr } = await portcullis(args);
      assert.equal(exitCode, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /^error: /m);
    });
  }

  test('--help and --version', async () => {
    const help = await portcullis(['--help']);
    assert.deepEqual([help.exitCode, help.stderr], [0, '']);
    assert.match(help.stdout, /start/);
    const version = await portcullis(['--version']);
    assert.equal(version.exitCode, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+/);
  });
});

describe('portcullis config check', { skip: needs('node') }, () => {
  test('a good file: exit code 0, and warnings', async () => {
    const files = { 'p.yaml': `${listening}admin: { port: 0 }\n` };
    const { exitCode, stdout, stderr } = await portcullis(['config', 'check', '--config', 'p.yaml'], files);
    assert.deepEqual([exitCode, stdout], [0, 'The configuration is valid.\n']);
    assert.match(stderr, /^warning: \S*p\.yaml:2: admin: /m);
  });

  test('a bad file: exit code 1, as text and as JSON', async () => {
    const files = { 'p.yaml': `${listening}anonimous: yes\n` };
    const args = ['config', 'check', '--config', 'p.yaml'];
    const text = await portcullis(args, files);
    assert.deepEqual([text.exitCode, text.stdout], [1, '']);
    assert.match(text.stderr, /^error: \S*p\.yaml:2: anonimous: unknown key; did you mean "anonymous"\?$/m);
    const json = await portcullis([...args, '--json'], files);
    assert.equal(json.exitCode, 1);
    const report = JSON.parse(json.stdout) as { valid: boolean; errors: { line: number; field: string }[] };
    assert.equal(report.valid, false);
    assert.deepEqual([report.errors[0]?.line, report.errors[0]?.field], [2, 'anonimous']);
  });

  test('variables of the environment are checked as well', async () => {
    const env = { PORTCULLIS_MQTT__ACK_WAIT: '30' };
    const { exitCode, stderr } = await portcullis(
      ['config', 'check', '--config', 'p.yaml'],
      { 'p.yaml': listening },
      env,
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: PORTCULLIS_MQTT__ACK_WAIT: mqtt\.ack_wait: "30"/m);
  });
});

describe('portcullis start', () => {
  test('through bin/portcullis.js: the lines of the contract, the signals, and a client that gets in', async (t) => {
    const security = { ...plant };
    const listeners = [
      { name: 'one', protocol: 'tcp', port: 0 },
      { name: 'two', protocol: 'tcp', host: '::1', port: 0 },
      { name: 'web', protocol: 'ws', port: 0, path: '/here' },
      { name: 'off', protocol: 'tcp', port: 1, enabled: false },
    ];
    const broker = await startBroker(t, { config: { listeners }, security, program: 'command' });
    assert.deepEqual([...broker.listeners.keys()], ['one', 'two', 'web']);
    assert.equal(broker.listener('two').host, '::1');
    assert.equal(broker.listener('web').path, '/here');
    for (const name of broker.listeners.keys()) {
      const client = await connectMqttJs(t, broker.listener(name), login('sensor-1'));
      assert.equal(client.connackCode, 0, name);
    }
    broker.kill('SIGHUP');
    await broker.waitForLog('configuration_reloaded');
    broker.kill('SIGTERM');
    assert.deepEqual(await broker.ended(), { exitCode: 0, signal: null });
  });

  test('npm start -- --config FILE does the same', { skip: needs('npm') }, async (t) => {
    const broker = await startBroker(t, { security: plant, program: 'npm' });
    assert.equal((await connectMqttJs(t, broker.listener(), login('sensor-1'))).connackCode, 0);
    broker.kill('SIGTERM');
    assert.deepEqual(await broker.ended(), { exitCode: 0, signal: null });
    await broker.waitForLog('broker_stopped');
  });

  test('the environment overrides the file', async (t) => {
    const env = {
      PORTCULLIS_MQTT__RECEIVE_MAXIMUM: '11',
      PORTCULLIS_MQTT__MAX_KEEP_ALIVE: '20s',
      PORTCULLIS_ANONYMOUS: '{ roles: [sensor] }',
    };
    const broker = await startBroker(t, { config: { mqtt: { receive_maximum: 5 } }, security: plant, env });
    const client = await connectMqttJs(t, broker.listener());
    assert.equal(client.connackCode, 0);
    assert.equal(client.connack?.properties?.receiveMaximum, 11);
    assert.equal(client.connack?.properties?.serverKeepAlive, 20);
  });

  test('secrets come from variables and files, and are printed nowhere', async (t) => {
    const secret = 'velvet-underground';
    const broker = await startBroker(t, {
      security: {
        clients: [
          { name: 'a', authentication: { kind: 'password', username: 'a', password: '${env:A_PASSWORD}' } },
          { name: 'b', authentication: { kind: 'password', username: 'b', password: '${file:b.txt}' } },
        ],
      },
      files: { 'b.txt': `${secret}\n` },
      env: { A_PASSWORD: secret },
    });
    for (const username of ['a', 'b']) {
      const client = await connectMqttJs(t, broker.listener(), { username, password: secret });
      assert.equal(client.connackCode, 0);
      await connectMqttJs(t, broker.listener(), { username, password: `${secret}-wrong` });
    }
    await broker.stop();
    assert.ok(!broker.outputText().includes(secret));
  });

  test('a YAML that looks like numbers and booleans is taken as it is written', async (t) => {
    const names = ['00123', '1e5', 'no', 'null', '0x10', '1_000', '~', 'true', '2024-01-01'];
    const records = names.map(
      (name) =>
        `  - { name: ${name}, authentication: { kind: password, username: ${name}, password: ${name} } }`,
    );
    const broker = await startBroker(t, { security: `clients:\n${records.join('\n')}\n` });
    for (const name of names) {
      const client = await connectMqttJs(t, broker.listener(), { username: name, password: name });
      assert.equal(client.connackCode, 0, name);
    }
    const wrong = ['123', '100000', 'false', '', '16', '1000'].map(async (name) => {
      const client = await connectMqttJs(t, broker.listener(), { username: name, password: name });
      assert.equal(client.connackCode, 0x86, name);
    });
    await Promise.all(wrong);
  });

  test('startBroker tells of a broker that does not come up', async (t) => {
    const failed = startBroker(t, { config: { mqtt: { ack_wait: 1 } } });
    await assert.rejects(failed, (error) => error instanceof BrokerStartError && error.exitCode === 1);
  });
});
