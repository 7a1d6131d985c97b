import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildDirectory } from '../../../src/authentication/client-directory.ts';
import { DirectoryError } from '../../../src/authentication/directory-problems.ts';
import type { PasswordAuthentication } from '../../../src/config/configuration.ts';
import { clientRecord, hasher, securityDocument, watchedHasher } from './fixtures.ts';

const names = (clients: readonly { readonly name: string }[]): readonly string[] =>
  clients.map(({ name }) => name);

describe('candidates (T4)', async () => {
  const passwordHash = await hasher().hash(Buffer.from('x'));
  const directory = await buildDirectory(
    securityDocument([
      clientRecord('p', { passwordHash }),
      clientRecord('u', { username: 'u', passwordHash }),
      clientRecord('c', { clientId: 'c', passwordHash }),
      clientRecord('cu', { clientId: 'c', username: 'u', passwordHash }),
      clientRecord('u-open', { username: 'u', passwordless: true }),
      clientRecord('c-open', { clientId: 'c', passwordless: true }),
      clientRecord('cu-open', { clientId: 'c', username: 'u', passwordless: true }),
    ]),
    hasher(),
  );
  const table: readonly (readonly [string, string | undefined, readonly string[], readonly string[]])[] = [
    ['c', 'u', ['cu', 'c', 'u', 'p'], ['cu-open', 'c-open', 'u-open']],
    ['c', 'other', ['c', 'p'], ['c-open']],
    ['c', undefined, ['c', 'p'], ['c-open']],
    ['other', 'u', ['u', 'p'], ['u-open']],
    ['other', 'other', ['p'], []],
    ['', undefined, ['p'], []],
    ['u', 'c', ['p'], []],
  ];
  for (const [clientId, username, withPassword, without] of table) {
    test(`of client id "${clientId}" and username ${username ?? '(none)'}`, () => {
      const sent = { clientId, ...(username !== undefined && { username }) };
      assert.deepEqual(names(directory.candidates(sent, true)), withPassword);
      assert.deepEqual(names(directory.candidates(sent, false)), without);
      assert.ok(directory.candidates(sent, true).length <= directory.passwordAttempts);
    });
  }
});

describe('principals', () => {
  test('have own permissions and roles; a role is one object for all who have it (C5)', async () => {
    const permissions = [{ effect: 'allow', access: 'read', topic: 'a' }] as const;
    const directory = await buildDirectory(
      securityDocument(
        [
          clientRecord(
            'one',
            { username: 'one', passwordless: true },
            { roles: ['r', 'r', 's'], permissions },
          ),
          clientRecord(
            'two',
            { clientId: 'two', passwordless: true },
            { roles: ['r'], attributes: { floor: 3 } },
          ),
        ],
        [
          { name: 'r', permissions },
          { name: 's', permissions: [] },
        ],
      ),
      hasher(),
    );
    const one = directory.clients.get('one')?.principal;
    const two = directory.clients.get('two')?.principal;
    assert.deepEqual(
      one?.permissions.map(({ path }) => path),
      ['client one', 'role r', 'role s'],
    );
    assert.equal(one?.permissions[1], two?.permissions[0]);
    assert.equal(one?.identityKey, 'client:one');
    assert.equal(one?.username, 'one');
    assert.equal(one?.boundClientId, undefined);
    assert.equal(two?.username, undefined);
    assert.equal(two?.boundClientId, 'two');
    assert.deepEqual(two?.attributes, { floor: 3 });
  });
});

describe('plain passwords', () => {
  test('are hashed at load, forgotten, and not hashed again while they stay the same', async () => {
    const watched = watchedHasher();
    const load = (password: string) =>
      securityDocument([
        clientRecord('a', { username: 'a', password: 'first-secret' }),
        clientRecord('b', { username: 'b', password }),
      ]);
    const first = await buildDirectory(load('second-secret'), watched);
    assert.deepEqual(watched.hashed, ['first-secret', 'second-secret']);
    const second = await buildDirectory(load('changed-secret'), watched, first);
    assert.deepEqual(watched.hashed, ['first-secret', 'second-secret', 'changed-secret']);
    assert.equal(second.clients.get('a')?.passwordHash, first.clients.get('a')?.passwordHash);
    assert.notEqual(second.clients.get('b')?.passwordHash, first.clients.get('b')?.passwordHash);
    assert.equal(
      await watched.verify(second.clients.get('b')?.passwordHash ?? '', Buffer.from('changed-secret')),
      true,
    );
    const kept = JSON.stringify([...second.clients.values(), ...second.loadedPasswords.values()]);
    assert.ok(!kept.includes('secret'));
  });

  test('of a hundred clients are hashed a few at once', async () => {
    const real = hasher({ concurrent: 2, pending: 1 });
    let running = 0;
    let most = 0;
    const counting = {
      ...real,
      async hash(password: Buffer) {
        most = Math.max(most, ++running);
        const passwordHash = await real.hash(password);
        running--;
        return passwordHash;
      },
    };
    const clients = Array.from({ length: 100 }, (_, n) =>
      clientRecord(`c${n}`, { username: `c${n}`, password: `p${n}` }),
    );
    const directory = await buildDirectory(securityDocument(clients), counting);
    assert.equal(directory.loadedPasswords.size, 100);
    assert.equal(most, 2);
  });
});

describe('blank and malformed records admit nobody (TH11)', () => {
  const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  const table: readonly (readonly [string, Partial<PasswordAuthentication>, string])[] = [
    [
      'nothing at all',
      {},
      'clients[0].authentication: client x has no password; give a password, or passwordless: true',
    ],
    ['a name only', { username: 'u' }, 'clients[0].authentication: client x has no password'],
    [
      'a blank password',
      { username: 'u', password: '' },
      'clients[0].authentication.password: client x has a blank',
    ],
    [
      'a blank hash',
      { username: 'u', passwordHash: '' },
      'clients[0].authentication.password_hash: client x has a mal',
    ],
    ['a plain text as hash', { username: 'u', passwordHash: 'plain' }, 'it is no Argon2id hash'],
    [
      'a blank username',
      { username: '', passwordHash },
      'clients[0].authentication.username: client x has a blank',
    ],
    [
      'a blank client id',
      { clientId: '', passwordHash },
      'clients[0].authentication.client_id: client x has a blank',
    ],
    [
      'two secrets',
      { username: 'u', password: 'p', passwordHash },
      'a password and a password_hash; keep one',
    ],
    [
      'passwordless with a secret',
      { username: 'u', passwordless: true, passwordHash },
      'is passwordless and has a password',
    ],
    [
      'passwordless without names',
      { passwordless: true },
      'everybody would be it; give a name, or use anonymous',
    ],
  ];
  for (const [title, authentication, expected] of table) {
    test(title, async () => {
      await assert.rejects(
        buildDirectory(securityDocument([clientRecord('x', authentication)]), hasher()),
        (error: unknown) => error instanceof DirectoryError && error.message.includes(expected),
      );
    });
  }

  test('everything wrong is told at once, with its place', async () => {
    const document = securityDocument(
      [
        clientRecord('x', { username: 'u', passwordless: true }, { roles: ['ghost'] }),
        clientRecord('x', { username: 'v', passwordless: true }),
        clientRecord('y', { username: 'u', passwordless: true }),
        ...Array.from({ length: 9 }, (_, n) => clientRecord(`p${n}`, { passwordHash })),
      ],
      [
        { name: 'r', permissions: [] },
        { name: 'r', permissions: [] },
      ],
    );
    const error = await buildDirectory(document, hasher()).catch((problem: unknown) => problem);
    assert.ok(error instanceof DirectoryError);
    assert.deepEqual(
      error.notices.map(({ field }) => field),
      ['clients[1].name', 'roles[1].name', 'clients[2].authentication', 'clients', 'clients[0].roles[0]'],
    );
  });

  test('the same names with and without a password are two different ways in', async () => {
    const document = securityDocument([
      clientRecord('x', { username: 'u', passwordless: true }),
      clientRecord('y', { username: 'u', passwordHash }),
    ]);
    assert.equal((await buildDirectory(document, hasher())).clients.size, 2);
  });
});
