import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { runCommandLine } from '../../../src/cli/program.ts';
import { ConfigurationError } from '../../../src/config/configuration.ts';

const cwd = mkdtempSync(join(tmpdir(), 'portcullis-cli-'));
after(() => rmSync(cwd, { recursive: true, force: true }));
writeFileSync(join(cwd, 'good.yaml'), 'server_name: s\nadmin: {}');
writeFileSync(join(cwd, 'bad.yaml'), 'mqtt:\n  ack_wait: 30\nworkers: 2\nadmin: {}');

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly started: readonly object[];
}

async function run(argv: readonly string[], start: () => Promise<number> = async () => 0): Promise<Run> {
  const written = { out: '', err: '' };
  const started: object[] = [];
  const code = await runCommandLine(argv, {
    start: (options) => {
      started.push(options);
      return start();
    },
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    env: {},
    cwd,
  });
  return { code, ...written, started };
}

describe('portcullis start', () => {
  it('starts with the file, or without', async () => {
    assert.deepEqual((await run(['start', '--config', 'x.yaml'])).started, [{ configFile: 'x.yaml' }]);
    assert.deepEqual((await run(['start', '-c', 'x.yaml'])).started, [{ configFile: 'x.yaml' }]);
    assert.deepEqual((await run(['start'])).started, [{}]);
  });

  it('ends with the exit code of the broker', async () => {
    assert.equal((await run(['start'], async () => 0)).code, 0);
    assert.equal((await run(['start'], async () => 1)).code, 1);
  });

  it('a configuration that is wrong is told readably', async () => {
    const notice = {
      file: 'p.yaml',
      line: 3,
      field: 'workers',
      value: 'x',
      message: 'wrong',
      remedy: 'mend it',
    };
    const warning = { field: 'admin', message: 'no effect', remedy: 'remove it' };
    const { code, out, err } = await run(['start'], async () => {
      throw new ConfigurationError([notice], [warning]);
    });
    assert.deepEqual([code, out], [1, '']);
    assert.equal(
      err,
      'error: p.yaml:3: workers: "x": wrong; mend it\nwarning: admin: no effect; remove it\n',
    );
  });

  it('any other failure too, without a stack trace', async () => {
    const { code, err } = await run(['start'], async () => {
      throw new Error('port 1883 is taken');
    });
    assert.deepEqual([code, err], [1, 'portcullis: port 1883 is taken\n']);
  });
});

describe('portcullis config check', () => {
  it('good: exit 0, the warnings on stderr', async () => {
    const { code, out, err } = await run(['config', 'check', '--config', 'good.yaml']);
    assert.deepEqual([code, out], [0, 'The configuration is valid.\n']);
    assert.equal(
      err,
      'warning: good.yaml:2: admin: has no effect in this version; remove admin until then\n',
    );
  });

  it('refused: exit 1, every problem with file, line, key, value and remedy', async () => {
    const { code, out, err } = await run(['config', 'check', '--config', 'bad.yaml']);
    assert.deepEqual([code, out], [1, '']);
    assert.deepEqual(err.split('\n'), [
      'error: bad.yaml:2: mqtt.ack_wait: "30": a duration carries its unit; write 30s; units: ms, s, m, h, d',
      'error: bad.yaml:3: workers: "2": is not available in this version; write 1',
      'warning: bad.yaml:4: admin: has no effect in this version; remove admin until then',
      '',
    ]);
  });

  it('--json', async () => {
    const { code, out, err } = await run(['config', 'check', '--config', 'bad.yaml', '--json']);
    assert.deepEqual([code, err], [1, '']);
    assert.deepEqual(JSON.parse(out), {
      valid: false,
      errors: [
        {
          file: 'bad.yaml',
          line: 2,
          field: 'mqtt.ack_wait',
          value: '30',
          message: 'a duration carries its unit',
          remedy: 'write 30s; units: ms, s, m, h, d',
        },
        {
          file: 'bad.yaml',
          line: 3,
          field: 'workers',
          value: '2',
          message: 'is not available in this version',
          remedy: 'write 1',
        },
      ],
      warnings: [
        {
          file: 'bad.yaml',
          line: 4,
          field: 'admin',
          message: 'has no effect in this version',
          remedy: 'remove admin until then',
        },
      ],
    });
    assert.equal((await run(['config', 'check', '--json', '-c', 'good.yaml'])).code, 0);
  });
});

describe('usage', () => {
  const mistakes: readonly (readonly [argv: string, message: string])[] = [
    ['', 'error: a command is missing; commands: start, config\n(portcullis --help says more)\n'],
    ['strat', 'error: unknown command "strat"; commands: start, config\n(portcullis --help says more)\n'],
    [
      'client add x --json',
      'error: unknown command "client"; commands: start, config\n(portcullis --help says more)\n',
    ],
    ['config', 'error: a command is missing; commands: check\n(portcullis config --help says more)\n'],
    [
      'config apply f',
      'error: unknown command "apply"; commands: check\n(portcullis config --help says more)\n',
    ],
    ['--bogus', 'error: unknown option "--bogus"; commands: start, config\n(portcullis --help says more)\n'],
    ['start --bogus', "error: unknown option '--bogus'\n"],
    ['start extra', "error: too many arguments for 'start'. Expected 0 arguments but got 1: extra.\n"],
    ['start --config', "error: option '-c, --config <FILE>' argument missing\n"],
  ];
  for (const [argv, message] of mistakes) {
    it(`exit 2: portcullis ${argv}`, async () => {
      const { code, out, err, started } = await run(argv.split(' ').filter((word) => word !== ''));
      assert.deepEqual({ code, out, err, started }, { code: 2, out: '', err: message, started: [] });
    });
  }

  for (const argv of [
    '--help',
    'start --help',
    'config --help',
    'config check --help',
    'help',
    'help start',
    'config help check',
  ]) {
    it(`exit 0, with an example: portcullis ${argv}`, async () => {
      const { code, out, err } = await run(argv.split(' '));
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /\nExample:\n {2}\$ portcullis (start|config check) --config /);
    });
  }

  it('--version', async () => {
    const { code, out } = await run(['--version']);
    assert.equal(code, 0);
    assert.match(out, /^\d+\.\d+\.\d+( \([0-9a-f]{12}\))?\n$/);
  });
});
