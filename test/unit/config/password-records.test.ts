import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientWith, security, securityErrors } from './fixtures.ts';

const salt = 'c2FsdHNhbHQ';
const digest = 'aGFzaGhhc2hoYXNoaGFzaA';
const hash = `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${digest}`;

const at = 's.yaml:1: clients[0].authentication';
const noSecret = 's.yaml:1: clients[0].authentication.password';
const malformedHash =
  'is no Argon2id hash of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash; make one with client set-password';
const hashRange = (parameters: string) =>
  `has parameters ${parameters} outside m 8p..262144, t 1..64, p 1..16, m·t ≤ 1048576; hash the password again with smaller ones`;

describe('security.yaml: TH11: a blank or malformed record is an error, and admits nobody', () => {
  const cases: readonly (readonly [authentication: string, ...messages: string[]])[] = [
    ['', `${at}: says nothing that a client must bring; add username, client_id, password or password_hash`],
    [
      'passwordless: yes',
      `${at}: says nothing that a client must bring; add username, client_id, password or password_hash`,
    ],
    [
      'username: a',
      `${at}: has no password; add password or password_hash, or passwordless: yes to admit without one`,
    ],
    [
      'username: a, passwordless: no',
      `${at}: has no password; add password or password_hash, or passwordless: yes to admit without one`,
    ],
    ['username: a, password:', `${noSecret}: has no value; write a text`],
    ['username: a, password: ""', `${noSecret}: is blank; write a text, or remove the key`],
    ['username: a, password: "  "', `${noSecret}: is blank; write a text, or remove the key`],
    ['username: a, password: [x]', `${noSecret}: must be one secret, not a list; write a text`],
    [
      'username: a, password: x, passwordless: yes',
      `${at}.passwordless: "yes": contradicts the password of this record; remove passwordless or the password`,
    ],
    [
      `username: a, password: x, password_hash: '${hash}'`,
      `${at}: holds both password and password_hash; keep one of them`,
    ],
    ['username: "", password: x', `${at}.username: "": is blank; write a text, or remove the key`],
    ['client_id: "", password: x', `${at}.client_id: "": is blank; write a text, or remove the key`],
    ['username: a, password_hash:', `${noSecret}_hash: has no value; write $argon2id$v=19$…`],
    ["username: a, password_hash: ''", `${noSecret}_hash: is blank; write a text, or remove the key`],
    ['username: a, password_hash: x', `${noSecret}_hash: ${malformedHash}`],
    [
      `username: a, password_hash: '$argon2i$v=19$m=19456,t=2,p=1$${salt}$${digest}'`,
      `${noSecret}_hash: ${malformedHash}`,
    ],
    [
      `username: a, password_hash: '$argon2id$v=16$m=19456,t=2,p=1$${salt}$${digest}'`,
      `${noSecret}_hash: ${malformedHash}`,
    ],
    [`username: a, password_hash: '$argon2id$v=19$m=19456,t=2,p=1$$'`, `${noSecret}_hash: ${malformedHash}`],
    [
      `username: a, password_hash: '$argon2id$v=19$m=99999999,t=2,p=1$${salt}$${digest}'`,
      `${noSecret}_hash: ${hashRange('m=99999999,t=2,p=1')}`,
    ],
    [
      `username: a, password_hash: '$argon2id$v=19$m=4,t=2,p=1$${salt}$${digest}'`,
      `${noSecret}_hash: ${hashRange('m=4,t=2,p=1')}`,
    ],
    [
      `username: a, password_hash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$${digest}'`,
      `${noSecret}_hash: ${malformedHash}`,
    ],
    [
      `username: a, password_hash: '$argon2id$v=19$m=19456,t=2,p=1$${salt}$aGFzaA'`,
      `${noSecret}_hash: ${malformedHash}`,
    ],
    [
      "username: a, password_hash: '$2b$10$abcdefghijklmnopqrstuv'",
      `${noSecret}_hash: bcrypt hashes are not available in this version; set a new password`,
    ],
    [
      "username: a, password_hash: '$pbkdf2-sha512$1000$x$y'",
      `${noSecret}_hash: PBKDF2 hashes are not available in this version; set a new password`,
    ],
    [
      "username: a, password_hash: '$7$101$x$y'",
      `${noSecret}_hash: PBKDF2 hashes are not available in this version; set a new password`,
    ],
  ];
  for (const [authentication, ...messages] of cases) {
    it(authentication === '' ? 'nothing' : authentication, () => {
      assert.deepEqual(securityErrors(clientWith(authentication)), messages);
    });
  }

  const records: readonly (readonly [authentication: string, message: string])[] = [
    ['{}', `${at}.kind: is missing; add kind: one of password, certificate, scram`],
    ['', `${at}: is missing; add kind: one of password, certificate, scram`],
    ['password', `${at}: must be a map, not a single value; write "key: value" below it`],
    ['{ username: a, password: x }', `${at}.kind: is missing; add kind: one of password, certificate, scram`],
    [
      '{ kind: certificate, username: gw }',
      `${at}.kind: "certificate": is not available in this version; use kind: password, or remove the client`,
    ],
    [
      '{ kind: scram, username: m, password: x }',
      `${at}.kind: "scram": is not available in this version; use kind: password, or remove the client`,
    ],
    [
      '{ kind: passwort, username: m, password: x }',
      `${at}.kind: "passwort": is not known; did you mean "password"?`,
    ],
  ];
  for (const [authentication, message] of records) {
    it(`authentication: ${authentication}`, () => {
      assert.deepEqual(securityErrors(`clients: [{ name: c, authentication: ${authentication} }]`), [
        message,
      ]);
    });
  }

  it('a good hash is kept', () => {
    const [client] = security(clientWith(`username: a, password_hash: '${hash}'`)).clients;
    assert.deepEqual(client?.authentication, {
      kind: 'password',
      username: 'a',
      passwordHash: hash,
      passwordless: false,
    });
  });
});
