import type { PasswordHasher } from '../../../src/authentication/password-hashing.ts';
import { createPasswordHasher } from '../../../src/authentication/password-hashing.ts';
import type { Credentials } from '../../../src/authentication/provider.ts';
import type {
  ClientRecord,
  PasswordAuthentication,
  RoleRecord,
  SecurityDocument,
} from '../../../src/config/configuration.ts';
import { systemRandom } from '../../../src/runtime/random.ts';

export function hasher(options: { concurrent?: number; pending?: number } = {}): PasswordHasher {
  return createPasswordHasher({ concurrent: 2, pending: 100, random: systemRandom, ...options });
}

/** A hasher that does the real work and keeps the hashes that were verified and how many passwords were hashed. */
export function watchedHasher(): PasswordHasher & { readonly verified: string[]; readonly hashed: string[] } {
  const real = hasher();
  const verified: string[] = [];
  const hashed: string[] = [];
  return {
    ...real,
    verified,
    hashed,
    hash(password) {
      hashed.push(password.toString());
      return real.hash(password);
    },
    verify(passwordHash, password) {
      verified.push(passwordHash);
      return real.verify(passwordHash, password);
    },
  };
}

export function clientRecord(
  name: string,
  authentication: Partial<PasswordAuthentication>,
  others: Partial<ClientRecord> = {},
): ClientRecord {
  return {
    name,
    enabled: true,
    authentication: { kind: 'password', passwordless: false, ...authentication },
    clientType: 'DEVICE',
    attributes: {},
    roles: [],
    permissions: [],
    ...others,
  };
}

export function securityDocument(
  clients: readonly ClientRecord[],
  roles: readonly RoleRecord[] = [],
): SecurityDocument {
  return { clients, roles, providers: { order: ['basic'], basic: { stopOnReject: false } } };
}

/** What a CONNECT brings; strings as passwords for reading's sake. */
export function credentials(
  sent: {
    clientId?: string;
    username?: string;
    password?: string | Buffer;
    authenticationMethod?: string;
  } = {},
  peer: Partial<Credentials['peer']> = {},
): Credentials {
  const { clientId = 'some-id', password, ...rest } = sent;
  return {
    clientId,
    ...rest,
    ...(password !== undefined && { password: Buffer.from(password as string) }),
    peer: { listener: 'tcp', protocol: 'tcp', address: '192.0.2.7', port: 40_000, ...peer },
  };
}
