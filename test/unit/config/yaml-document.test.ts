import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noticeText } from '../../../src/config/configuration.ts';
import { parseYaml } from '../../../src/config/yaml-document.ts';
import { configuration, configurationErrors, securityErrors } from './fixtures.ts';

const quotes = 'put a text with special characters in single quotes';
const noAlias =
  'an alias (*) or anchor (&) that leads nowhere; define the anchor above and outside of its use, or put a text that begins with * or & in single quotes';
const noTag = 'tags (!) are not used here; remove the tag, or put a text that begins with ! in single quotes';
const indent =
  'the indentation does not fit; give the keys of one map the same column, and what is below them more; close each bracket';
const missing =
  'a quote, a bracket or a ":" is missing; close each quote and bracket, and write "key: value"';

describe('YAML that is not ours', () => {
  const cases: readonly (readonly [text: string, ...messages: string[]])[] = [
    [
      'workers: 1\nworkers: 1',
      'p.yaml:2: yaml: the key "workers" stands twice in the same map; keep one of them',
    ],
    [
      'mqtt: { ack_wait: 1s, ack_wait: 1s }',
      'p.yaml:1: yaml: the key "ack_wait" stands twice in the same map; keep one of them',
    ],
    ['mqtt:\n\tack_wait: 1s', 'p.yaml:2: yaml: a tab in the indentation; use spaces'],
    [
      'workers: 1\n---\nworkers: 2',
      'p.yaml:2: yaml: a second document begins; keep one document per file: remove the line ---',
    ],
    ['server_name: *other', `p.yaml:1: yaml: ${noAlias}`],
    ['limits: &a { x: *a }', `p.yaml:1: yaml: ${noAlias}`],
    ['server_name: !secret', `p.yaml:1: yaml: ${noTag}`],
    ['server_name: !!str x', `p.yaml:1: yaml: ${noTag}`],
    ['!!map {}', `p.yaml:1: yaml: ${noTag}`],
    ['server_name: @x', 'p.yaml:1: yaml: a text may not begin with @, ` or %; put it in single quotes'],
    ['server_name: "x', `p.yaml:1: yaml: ${missing}`],
    [
      'server_name: "\\q"',
      'p.yaml:1: yaml: an unknown escape sequence in double quotes; write \\\\ for a backslash, or use single quotes',
    ],
    ['server_name: "a" b', `p.yaml:1: yaml: something stands where YAML expects nothing; ${quotes}`],
    [
      'server_name: a: b',
      'p.yaml:1: yaml: a second "key: value" on one line; begin a new line, use { braces }, or put a text that holds ": " in single quotes',
    ],
    ['[a]: b', 'p.yaml:1: yaml: a key is not a plain text; write "key: value"'],
    ['listeners: [', `p.yaml:1: yaml: ${indent}`],
    [
      '%YAML 9.9\n---\nworkers: 2x',
      'p.yaml:3: workers: "2x": must be a whole number of 1..256; write decimal digits, 1..256',
    ],
    [
      '<<: { workers: 2 }',
      'p.yaml:1: document: holds a key that is not known (not shown: it may be part of a secret); put a text with special characters in single quotes; known keys: server_name, data_dir, listeners, mqtt, login_backoff, application_log, use_mutual_tls, anonymous, policy, security_file, admin, observability, storage, nats, workers, limits',
    ],
  ];
  for (const [text, ...messages] of cases) {
    it(JSON.stringify(text), () => assert.deepEqual(configurationErrors(text), messages));
  }

  it('several mistakes are all said, each line once', () => {
    const errors = configurationErrors('server_name: @x\ndata_dir: "\\q"\nlisteners: }x{\n');
    assert.deepEqual(
      errors.map((error) => error.split(':')[1]),
      ['1', '2', '3'],
    );
  });

  for (const text of ['['.repeat(100_000), '{a: '.repeat(20_000), `a:\n ${'- '.repeat(20_000)}`]) {
    it(`nesting without end: ${text.slice(0, 6)}…`, () => {
      assert.equal(
        configurationErrors(text)[0]?.includes('yaml: too many levels of nesting; nest at most 64 deep'),
        true,
      );
    });
  }

  it('65 levels are too many, 60 are not', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}x${']'.repeat(depth)}`;
    assert.deepEqual(parseYaml(nested(60), {}).notices, []);
    assert.deepEqual(parseYaml(nested(66), {}).notices.map(noticeText), [
      'yaml: too many levels of nesting; nest at most 64 deep',
    ]);
  });
});

describe('aliases', () => {
  it('share permissions', () => {
    const text = `roles:
- { name: a, permissions: &shared [ { access: read, topic: x } ] }
- { name: b, permissions: *shared }`;
    assert.deepEqual(securityErrors(text), []);
  });

  it('what is wrong is said with the line of the alias', () => {
    const text = 'mqtt:\n  ack_wait: &wait 5s\n  receive_maximum: *wait';
    assert.deepEqual(configurationErrors(text), [
      'p.yaml:3: mqtt.receive_maximum: "5s": must be a whole number of 1..65535; write decimal digits, 1..65535',
    ]);
  });

  it('an anchor that is defined again means the later value, never the one being built', () => {
    const { root, notices } = parseYaml('[&a 1, *a, &a 2, *a]', {});
    assert.deepEqual(notices, []);
    assert.deepEqual(root.kind === 'list' && root.items.map((item) => item.kind === 'scalar' && item.text), [
      '1',
      '1',
      '2',
      '2',
    ]);
    assert.equal(parseYaml('[&a 1, &a [*a]]', {}).notices.length, 1);
  });

  it('a bomb is refused', () => {
    const levels = Array.from({ length: 20 }, (_, level) =>
      level === 0
        ? 'k0: &a0 [x, x, x, x, x, x, x, x]'
        : `k${level}: &a${level} [${Array(8)
            .fill(`*a${level - 1}`)
            .join(', ')}]`,
    );
    const errors = configurationErrors(levels.join('\n'));
    assert.ok(errors.length <= 20);
    assert.equal(
      errors[0],
      'p.yaml:5: yaml: aliases add more than 10000 values; write the values out, or give them to a role',
    );
  });
});

describe('documents that are fine', () => {
  for (const text of [
    '',
    '\n',
    '# x',
    '---\n',
    '---\nserver_name: a\n...\n',
    '\ufeffserver_name: a',
    'server_name: a\r\nworkers: 1\r\n',
  ]) {
    it(JSON.stringify(text), () => assert.deepEqual(configurationErrors(text), []));
  }

  it('lines are counted through comments, blank lines and block texts', () => {
    const text = '# one\n\nserver_name: |\n  a\n  b\n\nworkers: x';
    assert.match(configurationErrors(text).join(), /^p\.yaml:7: workers/);
  });

  it('a text over several lines is folded as YAML says', () => {
    assert.equal(configuration('server_name: a\n  b').serverName, 'a b');
  });
});
