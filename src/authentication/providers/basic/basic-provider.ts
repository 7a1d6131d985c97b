import type { ClientDirectory, StoredClient } from '../../client-directory.ts';
import type { PasswordHasher } from '../../password-hashing.ts';
import { HashQueueFullError } from '../../password-hashing.ts';
import type { AuthenticationProvider, AuthenticationResult, Credentials } from '../../provider.ts';

/**
 * Row T4: stored clients by client id, username and password, on every transport (row C1). `directory` gives the one in
 * force when a CONNECT arrives; the caller looks at the newest again before it acts on the answer (refreshPrincipal).
 */
export function basicProvider(
  directory: () => ClientDirectory,
  hasher: PasswordHasher,
): AuthenticationProvider {
  return {
    name: 'basic',
    authenticate: (credentials) =>
      credentials.password === undefined
        ? Promise.resolve(withoutPassword(directory(), credentials))
        : withPassword(directory(), hasher, credentials, credentials.password),
  };
}

function withoutPassword(directory: ClientDirectory, credentials: Credentials): AuthenticationResult {
  const client = directory.candidates(credentials, false)[0];
  return client === undefined
    ? { kind: 'not-applicable', detail: 'no password was sent and no passwordless client has these names' }
    : matched(client);
}

/**
 * Verifies the candidates, then the decoy, until as many passwords have been verified as for any other CONNECT that
 * fails: neither the answer nor the time tells whether a name exists (TH23).
 */
async function withPassword(
  directory: ClientDirectory,
  hasher: PasswordHasher,
  credentials: Credentials,
  password: Buffer,
): Promise<AuthenticationResult> {
  const candidates = directory.candidates(credentials, true);
  const { isWanted } = credentials;
  let client: StoredClient | undefined;
  try {
    for (let attempt = 0; attempt < directory.passwordAttempts; attempt++) {
      const candidate = candidates[attempt];
      const right = await hasher.verify(candidate?.passwordHash ?? hasher.decoy, password, isWanted);
      if (!right || candidate === undefined) continue;
      client = candidate;
      if (client.enabled) break;
      // A disabled client ends the chain, but looks like a failure from outside: it costs as much.
      while (++attempt < directory.passwordAttempts) await hasher.verify(hasher.decoy, password, isWanted);
    }
  } catch (error) {
    if (!(error instanceof HashQueueFullError)) throw error;
    return { kind: 'unavailable', overload: true, detail: `overload: ${error.message}` };
  }
  if (client !== undefined) return matched(client);
  return candidates.length === 0
    ? { kind: 'not-applicable', detail: 'no client with a password has these names' }
    : {
        kind: 'rejected',
        detail: `wrong password for ${candidates.map(({ name }) => `client ${name}`).join(', ')}`,
      };
}

function matched(client: StoredClient): AuthenticationResult {
  return client.enabled
    ? { kind: 'authenticated', principal: client.principal }
    : { kind: 'rejected', final: 'disabled', detail: `client ${client.name} is disabled` };
}
