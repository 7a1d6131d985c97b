import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindingsOf } from '../../../src/authentication/bindings.ts';
import type { Principal } from '../../../src/authentication/principal.ts';

const principal: Principal = {
  identityKey: 'client:x',
  provider: 'basic',
  clientType: 'DEVICE',
  attributes: { floor: 3 },
  permissions: [],
};
const distrust = { trustClientId: false };

test('a client id that was only sent is not bound (A1, TH27)', () => {
  assert.deepEqual(bindingsOf(principal, 'sent', distrust), { attributes: { floor: 3 } });
});

test('policy.trust_client_id binds it', () => {
  assert.equal(bindingsOf(principal, 'sent', { trustClientId: true }).clientId, 'sent');
});

test('the client id of the credential is bound', () => {
  assert.equal(bindingsOf({ ...principal, boundClientId: 'own' }, 'own', distrust).clientId, 'own');
  assert.equal(
    bindingsOf({ ...principal, boundClientId: 'own' }, 'other', { trustClientId: true }).clientId,
    'own',
  );
});

test('the proven username is bound', () => {
  assert.equal(bindingsOf({ ...principal, username: 'u' }, 'sent', distrust).username, 'u');
});
