import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  HashQueueFullError,
  PasswordHashError,
  passwordHashProblem,
} from '../../../src/authentication/password-hashing.ts';
import { hasher } from './fixtures.ts';

/** Made by the reference implementation of Argon2 (RFC 9106) with password "password" and salt "somesalt". */
const REFERENCE_HASH =
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

describe('password hashes', () => {
  test('are Argon2id with 19 MiB, two passes, one lane, and a salt of their own (P7)', async () => {
    const { hash } = hasher();
    const [first, second] = await Promise.all([hash(Buffer.from('secret')), hash(Buffer.from('secret'))]);
    assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(first, second);
  });

  const passwords: readonly (readonly [string, Buffer])[] = [
    ['text', Buffer.from('pässwörd')],
    ['bytes that are no UTF-8', Buffer.from([0x00, 0xff, 0xfe, 0x80])],
    ['the empty password', Buffer.alloc(0)],
    ['65,535 bytes', Buffer.alloc(65_535, 0xab)],
  ];
  for (const [title, password] of passwords) {
    test(`verify ${title} and nothing near it`, async () => {
      const { hash, verify } = hasher();
      const stored = await hash(password);
      assert.equal(await verify(stored, password), true);
      assert.equal(await verify(stored, Buffer.concat([password, Buffer.from([0])])), false);
      if (password.length > 0) assert.equal(await verify(stored, password.subarray(0, -1)), false);
      if (password.length > 0) assert.equal(await verify(stored, Buffer.alloc(0)), false);
    });
  }

  test('verify a hash made by another implementation with its own parameters', async () => {
    const { verify } = hasher();
    assert.equal(await verify(REFERENCE_HASH, Buffer.from('password')), true);
    assert.equal(await verify(REFERENCE_HASH, Buffer.from('Password')), false);
  });

  test('the decoy has the parameters of a new hash and matches no empty password', async () => {
    const { decoy, verify } = hasher();
    assert.match(decoy, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal(passwordHashProblem(decoy), undefined);
    assert.equal(await verify(decoy, Buffer.alloc(0)), false);
  });

  const malformed: Readonly<Record<string, string>> = {
    blank: '',
    'plain text': 's3cret',
    'cut off': REFERENCE_HASH.slice(0, 60),
    'without a hash': '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$',
    'with something behind it': `${REFERENCE_HASH}\n`,
    'with loose bits in its base64': `${REFERENCE_HASH.slice(0, -1)}d`,
    Argon2i: REFERENCE_HASH.replace('argon2id', 'argon2i'),
    'an old version': REFERENCE_HASH.replace('v=19', 'v=16'),
    bcrypt: '$2b$12$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234',
    'of absurd memory': REFERENCE_HASH.replace('m=65536', 'm=4194304'),
    'of absurd passes': REFERENCE_HASH.replace('t=2', 't=4000000000'),
    'absurd in the product': REFERENCE_HASH.replace('m=65536,t=2', 'm=262144,t=60'),
    'without passes': REFERENCE_HASH.replace('t=2', 't=0'),
    'with more lanes than memory': REFERENCE_HASH.replace('m=65536,t=2,p=1', 'm=8,t=2,p=2'),
    'of too many lanes': REFERENCE_HASH.replace('p=1', 'p=200'),
  };
  for (const [title, hash] of Object.entries(malformed)) {
    test(`a hash that is ${title} is refused and not shown (TH11)`, async () => {
      const problem = passwordHashProblem(hash) ?? '';
      assert.match(problem, /; (make|hash|copy) /);
      assert.ok(hash === '' || !problem.includes(hash.slice(-20)));
      await assert.rejects(hasher().verify(hash, Buffer.from('password')), PasswordHashError);
    });
  }
});

describe('the queue of hashes', () => {
  test('refuses the surplus and serves the others in order (P10, TH23)', async () => {
    const { verify, decoy } = hasher({ concurrent: 1, pending: 2 });
    const finished: number[] = [];
    const attempts = [0, 1, 2, 3].map((number) =>
      verify(decoy, Buffer.from('x')).then(
        () => finished.push(number),
        (error: unknown) => error,
      ),
    );
    const results = await Promise.all(attempts);
    assert.deepEqual(finished, [0, 1, 2]);
    assert.ok(results[3] instanceof HashQueueFullError);
    assert.match(results[3].message, /limits\.pending_authentications/);
    assert.equal(await verify(decoy, Buffer.from('x')), false, 'there is room again');
  });

  test('who is gone when the turn comes costs no computation, and is not let in', async () => {
    const { hash, verify } = hasher({ concurrent: 1 });
    const secret = Buffer.from('secret');
    const stored = await hash(secret);
    let gone = false;
    const first = verify(stored, secret);
    const second = verify(stored, secret, () => !gone);
    gone = true; // While it waits behind the first.
    assert.deepEqual(await Promise.all([first, second]), [true, false]);
  });

  test('loading passwords is not refused', async () => {
    const { hash } = hasher({ concurrent: 2, pending: 1 });
    const hashes = await Promise.all(Array.from({ length: 6 }, (_, index) => hash(Buffer.from(`p${index}`))));
    assert.equal(new Set(hashes).size, 6);
  });

  test('the event loop turns while hashes are made', async () => {
    const { hash } = hasher();
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    await Promise.all(Array.from({ length: 8 }, () => hash(Buffer.from('x'))));
    clearInterval(counting);
    assert.ok(turns >= 2, `${turns} turns`);
  });
});

describe('fingerprints of plain passwords', () => {
  test('tell equal from changed within one process and mean nothing in another', () => {
    const first = hasher();
    assert.equal(first.fingerprint('a'), first.fingerprint('a'));
    assert.notEqual(first.fingerprint('a'), first.fingerprint('b'));
    assert.notEqual(first.fingerprint('a'), hasher().fingerprint('a'));
  });
});
