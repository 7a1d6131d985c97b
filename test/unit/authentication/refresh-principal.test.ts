import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClientDirectory } from '../../../src/authentication/client-directory.ts';
import { buildDirectory } from '../../../src/authentication/client-directory.ts';
import type { Principal } from '../../../src/authentication/principal.ts';
import { anonymousPrincipal } from '../../../src/authentication/providers/anonymous/anonymous-provider.ts';
import { refreshPrincipal } from '../../../src/authentication/refresh-principal.ts';
import type { AnonymousSettings, ClientRecord } from '../../../src/config/configuration.ts';
import { clientRecord, hasher, securityDocument } from './fixtures.ts';

const shared = hasher();
const permissions = [{ effect: 'allow', access: 'read', topic: 'new/#' }] as const;
const record = clientRecord('dev', { username: 'dev', password: 'secret' });

async function load(record: ClientRecord | undefined, previous?: ClientDirectory): Promise<ClientDirectory> {
  return buildDirectory(securityDocument(record === undefined ? [] : [record]), shared, previous);
}

const before = await load(record);
const live = before.clients.get('dev')?.principal as Principal;

async function after(changed: ClientRecord | undefined) {
  return refreshPrincipal(live, await load(changed, before), false);
}

describe('a live principal after a reload (A6)', () => {
  test('that changed nothing is what it was', async () => {
    assert.deepEqual(await after(record), live);
  });

  test('has its permissions, attributes and connection types of now', async () => {
    const changed = {
      ...record,
      permissions,
      attributes: { floor: 1 },
      allowedConnectionTypes: ['MQTT'] as const,
    };
    const now = await after(changed);
    assert.ok(!('gone' in now));
    assert.deepEqual(now.permissions, [{ path: 'client dev', permissions }]);
    assert.deepEqual(now.attributes, { floor: 1 });
    assert.deepEqual(now.allowedConnectionTypes, ['MQTT']);
  });

  test('keeps its client type until the next CONNECT (T11)', async () => {
    const now = await after({ ...record, clientType: 'APPLICATION' });
    assert.equal('gone' in now ? now.gone : now.clientType, 'DEVICE');
  });

  test('is gone when the client is deleted or disabled', async () => {
    assert.deepEqual(await after(undefined), { gone: 'deleted' });
    assert.deepEqual(await after({ ...record, enabled: false }), { gone: 'disabled' });
  });

  test('is gone when its password, username or client id changed', async () => {
    const password = (authentication: Partial<ClientRecord['authentication']>) =>
      after({ ...record, authentication: { ...record.authentication, ...authentication } });
    assert.deepEqual(await password({ password: 'other' }), { gone: 'credential-changed' });
    assert.deepEqual(await password({ username: 'other' }), { gone: 'credential-changed' });
    assert.deepEqual(await password({ clientId: 'now-bound' }), { gone: 'credential-changed' });
    const open = clientRecord('dev', { username: 'dev', passwordless: true });
    assert.deepEqual(await after(open), { gone: 'credential-changed' });
  });

  test('is gone when its provider is switched off', async () => {
    const off = { ...securityDocument([record]), providers: { order: [], basic: { stopOnReject: false } } };
    assert.deepEqual(refreshPrincipal(live, await buildDirectory(off, shared, before), false), {
      gone: 'provider-off',
    });
  });
});

describe('an anonymous principal after a reload', () => {
  const settings: AnonymousSettings = { ignoreCredentials: false, client: 'dev' };
  const anonymous = anonymousPrincipal(settings, before) as Principal;

  test('has the rights of now', async () => {
    const now = refreshPrincipal(anonymous, await load({ ...record, permissions }, before), settings);
    assert.deepEqual(!('gone' in now) && now.permissions, [{ path: 'client dev', permissions }]);
  });

  test('does not care about the password of the client whose rights it has', async () => {
    const changed = { ...record, authentication: { ...record.authentication, password: 'other' } };
    assert.ok(!('gone' in refreshPrincipal(anonymous, await load(changed, before), settings)));
  });

  test('is gone with the client, or when anonymous is switched off', async () => {
    assert.deepEqual(refreshPrincipal(anonymous, await load(undefined, before), settings), {
      gone: 'deleted',
    });
    const disabled = await load({ ...record, enabled: false }, before);
    assert.deepEqual(refreshPrincipal(anonymous, disabled, settings), { gone: 'disabled' });
    assert.deepEqual(refreshPrincipal(anonymous, before, false), { gone: 'provider-off' });
  });
});
