import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clientWith, configurationErrors, filesWith, security, securityErrors } from './fixtures.ts';

const at = 's.yaml:1: clients[0].authentication.password';

describe('secret references', () => {
  const files = filesWith({
    '/site/etc/pw': 's3cret\n',
    '/run/pw': 's3cret',
    '/run/crlf': 's3cret\r\n',
    '/run/two': 's3cret\n\n',
    '/run/empty': '\n',
    '/run/latin1': Buffer.from([0xe4]),
    '/run/bom': '\ufeffs3cret',
    '/run/big': 'x'.repeat(64 * 1024 + 1),
    '/run/reference': '${env:PW}',
  });
  const more = { file: 'etc/s.yaml', env: { PW: 's3cret', EMPTY: '' }, files };
  const passwordOf = (text: string) =>
    security(clientWith(`username: a, password: '${text}'`), more).clients[0]?.authentication.password;

  const good: readonly (readonly [text: string, password: string])[] = [
    ['${env:PW}', 's3cret'],
    ['${file:pw}', 's3cret'],
    ['${file:/run/pw}', 's3cret'],
    ['${file:/run/crlf}', 's3cret'],
    ['${file:/run/two}', 's3cret\n'],
    ['${file:/run/bom}', '\ufeffs3cret'],
    ['${file:/run/reference}', '${env:PW}'],
    ['a${env:PW}b${file:pw}c', 'as3cretbs3cretc'],
    ['${ENV:PW}', '${ENV:PW}'],
    ['$PW ${} ${x}', '$PW ${} ${x}'],
  ];
  for (const [text, password] of good) it(text, () => assert.equal(passwordOf(text), password));

  it('in every text field', () => {
    const [client] = security(clientWith("username: '${env:PW}', password: x"), more).clients;
    assert.equal(client?.authentication.username, 's3cret');
  });

  const place = `etc/${at}`;
  const bad: readonly (readonly [text: string, message: string])[] = [
    [
      '${env:NONE}',
      `${place}: "\${env:NONE}": the environment has no such variable; set NONE in the broker's environment`,
    ],
    [
      '${env:}',
      `${place}: "\${env:}": the environment has no such variable; set a variable in the broker's environment`,
    ],
    ['${env:EMPTY}', `${place}: is blank; write a text, or remove the key`],
    [
      '${file:none}',
      `${place}: "\${file:none}": there is no such file; name a readable file that holds the secret and nothing else`,
    ],
    [
      '${file:}',
      `${place}: "\${file:}": the reference names no file; name a readable file that holds the secret and nothing else`,
    ],
    ['${file:/run/empty}', `${place}: is blank; write a text, or remove the key`],
    [
      '${file:/run/latin1}',
      `${place}: "\${file:/run/latin1}": the file is not UTF-8; name a readable file that holds the secret and nothing else`,
    ],
    [
      '${file:/run/big}',
      `${place}: "\${file:/run/big}": the file is larger than 65536 bytes; name a readable file that holds the secret and nothing else`,
    ],
    ['${env:PW', `${place}: a reference is not closed; write \${env:NAME} or \${file:PATH}`],
  ];
  for (const [text, message] of bad) {
    it(text, () => {
      assert.deepEqual(securityErrors(clientWith(`username: a, password: '${text}'`), more), [message]);
    });
  }

  it('a resolved value that is wrong is not shown', () => {
    const env = { PW: 's3\0cret' };
    assert.deepEqual(securityErrors(clientWith("username: '${env:PW}', password: x"), { env }), [
      's.yaml:1: clients[0].authentication.username: "${env:PW}": holds U+0000 or half a surrogate pair; remove the character: MQTT forbids it',
    ]);
  });
});

describe('TH15: no message repeats a secret', () => {
  /** Places where a secret may end up by mistake; `@` is where it stands. */
  const mistakes = [
    '{ kind: password, username: u, password: @, passwordless: yes }',
    '{ kind: password, username: u, passwrd: @ }',
    '{ kind: password, username: u, password_hash: @ }',
    "{ kind: password, username: u, password_hash: '@' }",
    '{ kind: password, username: u, password: [@] }',
    '{ kind: password, username: u, password: { @ } }',
    '{ kind: password, username: u, password: x,@ }',
    '{ kind: password, username: u, password:@ }',
    '{ kind: password, username: u, password @ }',
    '{ kind: password, username: u, password: x: @ }',
    '{ kind: password, username: u, password: *@ }',
    '{ kind: password, username: u, password: &@ }',
    '{ kind: password, username: u, password: !@ }',
    '{ kind: password, username: u, password: "\\@" }',
    '{ kind: password, username: u, password: "@ }',
    "{ kind: password, username: u, password: '@ }",
    '{ kind: password, username: u, password: } @ }',
    '{ kind: password, username: u, password: !!int @ }',
    '{ kind: password, password: @, password: @ }',
    '@',
    '[ @ ]',
    '{ kind: password, username: u, password: x, @: , @: }',
    '{ kind: password, username: u, password: x, @: y }',
  ];
  const secrets = fc.stringMatching(/^[qxz][A-Za-z0-9,:;#&*!|>%$(){}[\]\\'"-]{6,20}[QXZ]$/);

  for (const mistake of mistakes) {
    it(mistake, () => {
      fc.assert(
        fc.property(secrets, (secret) => {
          const text = `clients:\n- name: c\n  authentication: ${mistake.replaceAll('@', () => secret)}\n`;
          const shown = securityErrors(text).join('\n');
          for (const part of secret.split(/[^A-Za-z0-9]+/).filter((piece) => piece.length > 3)) {
            assert.equal(shown.includes(part), false, `${text}\n${shown}`);
          }
        }),
        { seed: 42, numRuns: 60 },
      );
    });
  }

  it('nor does portcullis.yaml', () => {
    const text =
      'storage: { security: "postgrs://u:hunter22@db" }\nnats: { servers: "nats://u:hunter22@n" }\nfoo: hunter22\nmqtt: hunter22';
    const errors = configurationErrors(text, {
      env: { PORTCULLIS_NATS__REPLICAS: '3', PORTCULLIS_STORAGE__CACHE: 'hunter22' },
    });
    assert.equal(errors.length, 6);
    assert.equal(errors.join('\n').includes('hunter22'), false);
  });
});
