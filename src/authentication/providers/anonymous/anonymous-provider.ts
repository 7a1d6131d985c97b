import type { AnonymousSettings } from '../../../config/configuration.ts';
import type { ClientDirectory } from '../../client-directory.ts';
import { permissionSetsOf } from '../../client-directory.ts';
import type { Principal } from '../../principal.ts';
import type { AuthenticationProvider, AuthenticationResult, Credentials } from '../../provider.ts';

/** All anonymous clients are one owner of sessions (SPEC.md §1). */
const IDENTITY_KEY = 'anonymous';

/**
 * Lets in who brings neither username nor password, with the rights that the operator gives to nobody in particular.
 * With `ignore_credentials` whoever comes over loopback, whatever is sent; configuration admits that on loopback
 * listeners only, and the address is looked at here once more.
 */
export function anonymousProvider(
  settings: AnonymousSettings,
  directory: () => ClientDirectory,
): AuthenticationProvider {
  return {
    name: 'anonymous',
    authenticate: (credentials) => Promise.resolve(authenticate(settings, directory(), credentials)),
  };
}

function authenticate(
  settings: AnonymousSettings,
  directory: ClientDirectory,
  credentials: Credentials,
): AuthenticationResult {
  const bare = credentials.username === undefined && credentials.password === undefined;
  if (!bare && !(settings.ignoreCredentials && isLoopback(credentials.peer.address))) {
    return { kind: 'not-applicable', detail: 'a username or password was sent' };
  }
  const principal = anonymousPrincipal(settings, directory);
  switch (principal) {
    case 'deleted':
      return { kind: 'rejected', detail: 'the client that stands for anonymous ones does not exist' };
    case 'disabled':
      return {
        kind: 'rejected',
        final: 'disabled',
        detail: 'the client that stands for anonymous ones is disabled',
      };
    default:
      return { kind: 'authenticated', principal };
  }
}

/** What an anonymous client is under these settings. It has no proven name, whoever's rights it borrows. */
export function anonymousPrincipal(
  settings: AnonymousSettings,
  directory: ClientDirectory,
): Principal | 'deleted' | 'disabled' {
  if ('roles' in settings) {
    return {
      identityKey: IDENTITY_KEY,
      provider: 'anonymous',
      clientType: 'DEVICE',
      attributes: {},
      permissions: permissionSetsOf(settings.roles, directory.roles),
    };
  }
  const client = directory.clients.get(settings.client);
  if (client === undefined) return 'deleted';
  if (!client.enabled) return 'disabled';
  const { clientType, attributes, allowedConnectionTypes, permissions } = client.principal;
  return {
    identityKey: IDENTITY_KEY,
    provider: 'anonymous',
    client: client.name,
    clientType,
    attributes,
    ...(allowedConnectionTypes !== undefined && { allowedConnectionTypes }),
    permissions,
  };
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);
}
