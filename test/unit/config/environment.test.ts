import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noticeText } from '../../../src/config/configuration.ts';
import { configuration, configurationErrors } from './fixtures.ts';

const withEnv = (env: Record<string, string>, text = 'server_name: s') => configuration(text, { env });
const errorsWith = (env: Record<string, string>, text = '') => configurationErrors(text, { env });

describe('PORTCULLIS_ overrides', () => {
  it('replace what the file says', () => {
    assert.equal(
      withEnv({ PORTCULLIS_MQTT__ACK_WAIT: '10s' }, 'mqtt: { ack_wait: 5s }').mqtt.ackWait,
      10_000,
    );
    assert.equal(withEnv({ PORTCULLIS_MQTT__ACK_WAIT: '10s' }).mqtt.ackWait, 10_000);
    assert.equal(withEnv({ PORTCULLIS_LIMITS__TOPIC_LEVELS: '7' }).limits.topicLevels, 7);
  });

  it('also what is wrong in the file', () => {
    assert.equal(withEnv({ PORTCULLIS_MQTT__ACK_WAIT: '10s' }, 'mqtt: { ack_wait: 5 }').mqtt.ackWait, 10_000);
  });

  it('take a single value as it is', () => {
    for (const text of ['00123', 'null', 'a: b', "'x'", '# y', '*z']) {
      assert.equal(withEnv({ PORTCULLIS_SERVER_NAME: text }).serverName, text);
    }
  });

  it('change the default listeners', () => {
    const { listeners } = withEnv({
      PORTCULLIS_LISTENERS__0__PORT: '1884',
      PORTCULLIS_LISTENERS__1__ENABLED: 'no',
    });
    assert.deepEqual(
      listeners.map(({ name, port, enabled }) => [name, port, enabled]),
      [
        ['tcp', 1884, true],
        ['ws', 8084, false],
      ],
    );
  });

  it('change and add listeners of the file, index 2 before 10', () => {
    const more = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`PORTCULLIS_LISTENERS__${index}__PORT`, `${2000 + index}`]),
    );
    const names = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [
        `PORTCULLIS_LISTENERS__${index + 1}`,
        `{ name: n${index}, protocol: tcp }`,
      ]),
    );
    const { listeners } = withEnv({ ...more, ...names }, 'listeners: [{ name: a, protocol: tcp }]');
    assert.deepEqual(
      listeners.map(({ port }) => port),
      Array.from({ length: 11 }, (_, index) => 2000 + index),
    );
  });

  it('write lists and maps as YAML', () => {
    assert.deepEqual(withEnv({ PORTCULLIS_ANONYMOUS: '{ roles: [guest] }' }).anonymous, {
      ignoreCredentials: false,
      roles: ['guest'],
    });
    assert.equal(withEnv({ PORTCULLIS_ANONYMOUS: 'no' }, 'anonymous: { client: c }').anonymous, false);
    assert.deepEqual(withEnv({ PORTCULLIS_ANONYMOUS__CLIENT: 'd' }, 'anonymous: no').anonymous, {
      ignoreCredentials: false,
      client: 'd',
    });
  });

  it('leave alone what is not ours', () => {
    const env = {
      PORTCULLIS_SERVICE_HOST: '10.0.0.1',
      PORTCULLIS_PORT_1883_TCP: 'x',
      PORTCULLISX: 'x',
      PATH: 'x',
    };
    assert.deepEqual(withEnv(env).warnings, []);
  });

  it('warn of what only resembles a setting', () => {
    const { warnings } = withEnv({ PORTCULLIS_USE_MUTUAL_TSL: 'yes', PORTCULLIS_MQTT_ACK_WAIT: '1s' });
    assert.deepEqual(warnings.map(noticeText), [
      'PORTCULLIS_MQTT_ACK_WAIT: environment: is no setting and has no effect; did you mean PORTCULLIS_MQTT__ACK_WAIT?',
      'PORTCULLIS_USE_MUTUAL_TSL: environment: is no setting and has no effect; did you mean PORTCULLIS_USE_MUTUAL_TLS?',
    ]);
  });

  const wrong: readonly (readonly [variable: string, value: string, message: string])[] = [
    [
      'PORTCULLIS_MQTT__ACK_WAIT',
      '10',
      'mqtt.ack_wait: "10": a duration carries its unit; write 10s; units: ms, s, m, h, d',
    ],
    ['PORTCULLIS_MQTT__ACK_WAIT', '', 'mqtt.ack_wait: has no value; write a duration of 0s..1d'],
    ['PORTCULLIS_MQTT__ACK_WIAT', 's3cret', 'mqtt.ack_wiat: unknown key; did you mean "ACK_WAIT"?'],
    [
      'PORTCULLIS_MQTT__ACK_WAIT__X',
      's3cret',
      'mqtt.ack_wait: has nothing below it; set PORTCULLIS_MQTT__ACK_WAIT',
    ],
    [
      'PORTCULLIS_LISTENERS__2__PORT',
      '1',
      'listeners[2].name: is missing; add name: Name in logs and decisions, unique.',
    ],
    [
      'PORTCULLIS_LISTENERS__3__PORT',
      '1',
      'listeners: "3": must be the number of an entry, 0..2; count from 0; 2 adds an entry',
    ],
    [
      'PORTCULLIS_LISTENERS__TCP__PORT',
      '1',
      'listeners: "TCP": must be the number of an entry, 0..2; count from 0; 2 adds an entry',
    ],
    [
      'PORTCULLIS_LISTENERS',
      '[',
      'listeners: a quote, a bracket or a ":" is missing; close each quote and bracket, and write "key: value"',
    ],
    ['PORTCULLIS_MQTT', 'x', 'mqtt: must be a map, not a single value; write "key: value" below it'],
    ['PORTCULLIS_WORKERS', '2', 'workers: "2": is not available in this version; write 1'],
    ['PORTCULLIS_STORAGE__SECURITY', 's3cret', 'storage.security: is not a known store; use sqlite'],
  ];
  for (const [variable, value, message] of wrong) {
    it(`${variable}=${value}`, () => {
      assert.equal(errorsWith({ [variable]: value })[0], `${variable}: ${message}`);
    });
  }

  it('all errors of file and environment at once, the environment last', () => {
    assert.deepEqual(
      errorsWith({ PORTCULLIS_MQTT__X: '1', PORTCULLIS_WORKERS: 'x' }, 'foo: 1').map((error) =>
        error.split(': ').slice(0, 2),
      ),
      [
        ['p.yaml:1', 'foo'],
        ['PORTCULLIS_WORKERS', 'workers'],
        ['PORTCULLIS_MQTT__X', 'mqtt.x'],
      ],
    );
  });
});

describe('row C1: PORTCULLIS_USE_MUTUAL_TLS', () => {
  const variable = 'PORTCULLIS_USE_MUTUAL_TLS';
  it('no and false override the file', () => {
    for (const value of ['no', 'false']) {
      assert.equal(withEnv({ [variable]: value }, 'use_mutual_tls: yes').useMutualTls, false);
    }
  });
  it('yes and true too (and are refused, for now)', () => {
    for (const value of ['yes', 'true']) {
      assert.deepEqual(errorsWith({ [variable]: value }, 'use_mutual_tls: no'), [
        `${variable}: use_mutual_tls: "${value}": is not available in this version; write no; a tls listener with verify: yes asks for certificates beside passwords`,
      ]);
    }
  });
  it('anything else is an error', () => {
    for (const value of ['on', 'off', '1', '0', 'maybe']) {
      assert.deepEqual(errorsWith({ [variable]: value }), [
        `${variable}: use_mutual_tls: "${value}": must be yes, no, true or false; write yes or no`,
      ]);
    }
    assert.deepEqual(errorsWith({ [variable]: '' }), [
      `${variable}: use_mutual_tls: has no value; write yes or no`,
    ]);
  });
});
