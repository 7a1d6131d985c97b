import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildDirectory } from '../../../../../src/authentication/client-directory.ts';
import type { AuthenticationResult } from '../../../../../src/authentication/provider.ts';
import { basicProvider } from '../../../../../src/authentication/providers/basic/basic-provider.ts';
import { listenerProtocols } from '../../../../../src/transport/peer.ts';
import { clientRecord, credentials, hasher, securityDocument, watchedHasher } from '../../fixtures.ts';

const watched = watchedHasher();
const directory = await buildDirectory(
  securityDocument([
    clientRecord('alice', { username: 'alice', password: 'secret-a' }),
    clientRecord('gate', { clientId: 'gate-1', password: 'secret-g' }),
    clientRecord('alice-gate', { clientId: 'gate-1', username: 'alice', password: 'secret-ag' }),
    clientRecord('shared', { password: 'secret-p' }),
    clientRecord('locked', { username: 'locked', password: 'secret-l' }, { enabled: false }),
    clientRecord('open', { username: 'open', passwordless: true }),
    clientRecord('open-gate', { clientId: 'gate-2', passwordless: true }),
    clientRecord('open-locked', { username: 'open-locked', passwordless: true }, { enabled: false }),
  ]),
  watched,
);
const provider = basicProvider(() => directory, watched);

function answer(result: AuthenticationResult): string {
  if (result.kind === 'authenticated') return `${result.principal.client}`;
  return result.kind === 'rejected' ? (result.final ?? 'rejected') : result.kind;
}

describe('who is let in (T4, C1)', () => {
  const table: readonly (readonly [Parameters<typeof credentials>[0], string])[] = [
    [{ username: 'alice', password: 'secret-a' }, 'alice'],
    [{ username: 'alice', password: 'secret-b' }, 'rejected'],
    [{ username: 'alice', password: '' }, 'rejected'],
    [{ username: 'alice' }, 'not-applicable'],
    [{ username: 'Alice', password: 'secret-a' }, 'rejected'],
    [{ clientId: 'gate-1', password: 'secret-g' }, 'gate'],
    [{ clientId: 'gate-1', username: 'anybody', password: 'secret-g' }, 'gate'],
    [{ clientId: 'gate-2', password: 'secret-g' }, 'rejected'],
    [{ clientId: 'gate-1', username: 'alice', password: 'secret-ag' }, 'alice-gate'],
    [{ clientId: 'gate-1', username: 'alice', password: 'secret-g' }, 'gate'],
    [{ clientId: 'gate-1', username: 'alice', password: 'secret-a' }, 'alice'],
    [{ clientId: 'gate-9', username: 'alice', password: 'secret-ag' }, 'rejected'],
    [{ password: 'secret-p' }, 'shared'],
    [{ username: 'nobody', password: 'secret-p' }, 'shared'],
    [{ username: 'locked', password: 'secret-l' }, 'disabled'],
    [{ username: 'locked', password: 'wrong' }, 'rejected'],
    [{ username: 'open' }, 'open'],
    [{ username: 'open', password: '' }, 'rejected'],
    [{ username: 'open', password: 'anything' }, 'rejected'],
    [{ clientId: 'gate-2' }, 'open-gate'],
    [{ clientId: 'gate-2', username: 'anybody' }, 'open-gate'],
    [{ username: 'open-locked' }, 'disabled'],
    [{}, 'not-applicable'],
    [{ clientId: '' }, 'not-applicable'],
  ];
  for (const [sent, expected] of table) {
    test(`${JSON.stringify(sent)}: ${expected}`, async () => {
      assert.equal(answer(await provider.authenticate(credentials(sent))), expected);
    });
  }

  for (const protocol of listenerProtocols) {
    test(`the same over ${protocol}, whatever certificate the transport has proven (C1, C3)`, async () => {
      const certificate = Buffer.from('CN=alice');
      const peer = { protocol, certificate };
      const right = credentials({ username: 'alice', password: 'secret-a' }, peer);
      assert.equal(answer(await provider.authenticate(right)), 'alice');
      assert.equal(
        answer(await provider.authenticate(credentials({ username: 'alice' }, peer))),
        'not-applicable',
      );
      const wrong = credentials({ username: 'alice', password: 'x' }, peer);
      assert.equal(answer(await provider.authenticate(wrong)), 'rejected');
    });
  }
});

describe('what is proven (A1, TH27)', () => {
  test('a username beside a record that has none is not', async () => {
    const result = await provider.authenticate(
      credentials({ clientId: 'gate-1', username: 'admin', password: 'secret-g' }),
    );
    assert.ok(result.kind === 'authenticated');
    assert.equal(result.principal.username, undefined);
    assert.equal(result.principal.boundClientId, 'gate-1');
  });

  test('a client id beside a record that has none is not', async () => {
    const result = await provider.authenticate(
      credentials({ clientId: 'any', username: 'alice', password: 'secret-a' }),
    );
    assert.ok(result.kind === 'authenticated');
    assert.equal(result.principal.username, 'alice');
    assert.equal(result.principal.boundClientId, undefined);
  });
});

describe('nothing is told by the work done (TH23)', () => {
  const failing: readonly Parameters<typeof credentials>[0][] = [
    { username: 'nobody', password: 'wrong' },
    { username: 'alice', password: 'wrong' },
    { username: 'locked', password: 'wrong' },
    { username: 'locked', password: 'secret-l' },
    { username: 'open', password: 'wrong' },
    { clientId: 'gate-1', username: 'alice', password: 'wrong' },
    { clientId: '', password: '' },
  ];
  for (const sent of failing) {
    test(`${JSON.stringify(sent)} costs what every failure costs`, async () => {
      watched.verified.length = 0;
      const result = await provider.authenticate(credentials(sent));
      assert.notEqual(result.kind, 'authenticated');
      assert.equal(watched.verified.length, directory.passwordAttempts);
    });
  }

  test('an empty directory works as hard as one with a client', async () => {
    const counting = watchedHasher();
    const empty = await buildDirectory(securityDocument([]), counting);
    const nobody = basicProvider(() => empty, counting);
    assert.equal(
      answer(await nobody.authenticate(credentials({ username: 'u', password: 'p' }))),
      'not-applicable',
    );
    assert.deepEqual(counting.verified, [counting.decoy]);
  });

  test('details hold no password', async () => {
    const result = await provider.authenticate(credentials({ username: 'alice', password: 'hunter2' }));
    assert.ok(result.kind === 'rejected');
    assert.equal(result.detail, 'wrong password for client alice, client shared');
  });
});

test('passwords are bytes, not text', async () => {
  const password = Buffer.from([0xff, 0x00, 0xfe]);
  const real = hasher();
  const binary = await buildDirectory(
    securityDocument([clientRecord('bin', { username: 'bin', passwordHash: await real.hash(password) })]),
    real,
  );
  const bytes = basicProvider(() => binary, real);
  assert.equal(answer(await bytes.authenticate(credentials({ username: 'bin', password }))), 'bin');
  const folded = Buffer.from(password.toString());
  assert.equal(
    answer(await bytes.authenticate(credentials({ username: 'bin', password: folded }))),
    'rejected',
  );
});

test('a flood is refused as overload, not let through and not queued without end (P10)', async () => {
  const small = hasher({ concurrent: 1, pending: 1 });
  const flooded = basicProvider(() => directory, small);
  const results = await Promise.all(
    Array.from({ length: 4 }, () => flooded.authenticate(credentials({ username: 'nobody', password: 'x' }))),
  );
  const surplus = results.filter((result) => result.kind === 'unavailable');
  assert.ok(surplus.length >= 2);
  for (const { overload, detail } of surplus) {
    assert.equal(overload, true);
    assert.match(detail, /^overload: /);
  }
});

test('a reload is seen by the next CONNECT', async () => {
  let current = directory;
  const reloaded = basicProvider(() => current, watched);
  current = await buildDirectory(securityDocument([]), watched);
  assert.equal(answer(await reloaded.authenticate(credentials({ username: 'open' }))), 'not-applicable');
});
