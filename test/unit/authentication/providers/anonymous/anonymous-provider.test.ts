import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildDirectory } from '../../../../../src/authentication/client-directory.ts';
import { anonymousProvider } from '../../../../../src/authentication/providers/anonymous/anonymous-provider.ts';
import type { AnonymousSettings } from '../../../../../src/config/configuration.ts';
import { clientRecord, credentials, hasher, securityDocument } from '../../fixtures.ts';

const permissions = [{ effect: 'allow', access: 'read', topic: 'public/#' }] as const;
const directory = await buildDirectory(
  securityDocument(
    [
      clientRecord(
        'visitor',
        { clientId: 'v', username: 'visitor', password: 'x' },
        { permissions, clientType: 'APPLICATION', allowedConnectionTypes: ['MQTT'] },
      ),
      clientRecord('closed', { username: 'closed', password: 'x' }, { enabled: false }),
    ],
    [{ name: 'guest', permissions }],
  ),
  hasher(),
);
const guest: AnonymousSettings = { ignoreCredentials: false, roles: ['guest'] };
const provider = (settings: AnonymousSettings) => anonymousProvider(settings, () => directory);

describe('anonymous clients', () => {
  test('bring neither username nor password', async () => {
    const kinds = await Promise.all(
      [
        {},
        { username: 'u' },
        { password: 'p' },
        { username: '', password: '' },
        { username: 'u', password: 'p' },
      ].map(async (sent) => (await provider(guest).authenticate(credentials(sent))).kind),
    );
    assert.deepEqual(kinds, [
      'authenticated',
      'not-applicable',
      'not-applicable',
      'not-applicable',
      'not-applicable',
    ]);
  });

  test('are one owner with the rights of the roles and no proven name', async () => {
    const results = await Promise.all(
      ['a', 'b'].map((clientId) => provider(guest).authenticate(credentials({ clientId }))),
    );
    for (const result of results) {
      assert.deepEqual(result, {
        kind: 'authenticated',
        principal: {
          identityKey: 'anonymous',
          provider: 'anonymous',
          clientType: 'DEVICE',
          attributes: {},
          permissions: [{ path: 'role guest', permissions }],
        },
      });
    }
  });

  test('may have the rights of a stored client, but neither its names nor its identity', async () => {
    const result = await provider({ ignoreCredentials: false, client: 'visitor' }).authenticate(
      credentials(),
    );
    assert.ok(result.kind === 'authenticated');
    const { identityKey, username, boundClientId, client, clientType, allowedConnectionTypes } =
      result.principal;
    assert.deepEqual(
      { identityKey, username, boundClientId, client, clientType, allowedConnectionTypes },
      {
        identityKey: 'anonymous',
        username: undefined,
        boundClientId: undefined,
        client: 'visitor',
        clientType: 'APPLICATION',
        allowedConnectionTypes: ['MQTT'],
      },
    );
    assert.deepEqual(
      result.principal.permissions.map(({ path }) => path),
      ['client visitor'],
    );
  });

  test('are refused while that client is disabled or gone', async () => {
    const disabled = await provider({ ignoreCredentials: false, client: 'closed' }).authenticate(
      credentials(),
    );
    assert.equal(disabled.kind === 'rejected' && disabled.final, 'disabled');
    const gone = await provider({ ignoreCredentials: false, client: 'ghost' }).authenticate(credentials());
    assert.equal(gone.kind, 'rejected');
  });

  test('with ignore_credentials may send anything, over loopback only', async () => {
    const open = provider({ ...guest, ignoreCredentials: true });
    const sent = { username: 'u', password: 'p' };
    for (const address of ['127.0.0.1', '127.3.2.1', '::1']) {
      assert.equal((await open.authenticate(credentials(sent, { address }))).kind, 'authenticated', address);
    }
    for (const address of ['192.0.2.1', '::2', '127.0.0.1.example', '1127.0.0.1']) {
      assert.equal((await open.authenticate(credentials(sent, { address }))).kind, 'not-applicable', address);
    }
    assert.equal((await open.authenticate(credentials({}, { address: '192.0.2.1' }))).kind, 'authenticated');
  });
});
