import { createHash } from 'node:crypto';
import type { PermissionSet } from '../authorization/permission.ts';
import type { ClientRecord, SecurityDocument } from '../config/configuration.ts';
import { DirectoryError, directoryProblems } from './directory-problems.ts';
import type { PasswordHasher } from './password-hashing.ts';
import type { Principal } from './principal.ts';

/** A client as authentication sees it. Its principal is what a CONNECT that matches the record has proven. */
export interface StoredClient {
  readonly name: string;
  readonly enabled: boolean;
  /** Absent: passwordless, and matched only by a CONNECT that brings no password (row T4). */
  readonly passwordHash?: string;
  readonly principal: Principal;
}

/** The hash that was made of a plain password of the file, kept so that a reload need not make it again. */
interface LoadedPassword {
  readonly fingerprint: string;
  readonly passwordHash: string;
}

/** What the CONNECT says about who sends it, as far as row T4 looks at it. */
export interface SentNames {
  readonly clientId: string;
  readonly username?: string;
}

/** The stored clients and roles of one SecurityDocument. Immutable: a reload makes another one. */
export class ClientDirectory {
  readonly clients: ReadonlyMap<string, StoredClient>;
  /** One set for each role, shared by all who have the role, so that its policy is compiled once. */
  readonly roles: ReadonlyMap<string, PermissionSet>;
  /** Providers that are on, in order. */
  readonly providerOrder: readonly string[];
  readonly loadedPasswords: ReadonlyMap<string, LoadedPassword>;
  /** Most password verifications that one CONNECT can need; every failing one is made to need as many (TH23). */
  readonly passwordAttempts: number;
  readonly #byNames = new Map<string, StoredClient[]>();

  constructor(parts: {
    readonly clients: readonly StoredClient[];
    readonly roles: ReadonlyMap<string, PermissionSet>;
    readonly providerOrder: readonly string[];
    readonly loadedPasswords: ReadonlyMap<string, LoadedPassword>;
  }) {
    this.clients = new Map(parts.clients.map((client) => [client.name, client]));
    this.roles = parts.roles;
    this.providerOrder = parts.providerOrder;
    this.loadedPasswords = parts.loadedPasswords;
    const attempts = new Map<string, number>();
    for (const client of parts.clients) {
      const { boundClientId, username } = client.principal;
      const key = namesKey(client.passwordHash !== undefined, boundClientId, username);
      const sameNames = [...(this.#byNames.get(key) ?? []), client];
      this.#byNames.set(key, sameNames);
      if (client.passwordHash === undefined) continue;
      const fields = `${boundClientId !== undefined} ${username !== undefined}`;
      attempts.set(fields, Math.max(attempts.get(fields) ?? 0, sameNames.length));
    }
    this.passwordAttempts = Math.max(
      1,
      [...attempts.values()].reduce((sum, count) => sum + count, 0),
    );
  }

  /**
   * The clients whose client id and username, as far as they have them, are those of the CONNECT; the most specific
   * first: both names, client id, username, neither (row T4). With a password only those that have one, without only
   * those that have none.
   */
  candidates(sent: SentNames, withPassword: boolean): readonly StoredClient[] {
    const { clientId, username } = sent;
    const keys = [
      ...(username === undefined ? [] : [namesKey(withPassword, clientId, username)]),
      namesKey(withPassword, clientId, undefined),
      ...(username === undefined ? [] : [namesKey(withPassword, undefined, username)]),
      namesKey(withPassword, undefined, undefined),
    ];
    return keys.flatMap((key) => this.#byNames.get(key) ?? []);
  }
}

function namesKey(withPassword: boolean, clientId: string | undefined, username: string | undefined): string {
  return JSON.stringify([withPassword, clientId ?? null, username ?? null]);
}

/**
 * The directory of a security document. Plain passwords are hashed here and go no further; those that `previous` has
 * hashed already are not hashed again.
 * @throws DirectoryError with every record that could admit somebody it should not, or nobody at all
 */
export async function buildDirectory(
  document: SecurityDocument,
  hasher: PasswordHasher,
  previous?: ClientDirectory,
): Promise<ClientDirectory> {
  const problems = directoryProblems(document);
  if (problems.length > 0) throw new DirectoryError(problems);
  const roles = new Map<string, PermissionSet>();
  for (const { name, permissions } of document.roles) roles.set(name, { path: `role ${name}`, permissions });
  const loadedPasswords = await hashPlainPasswords(document.clients, hasher, previous);
  const clients = document.clients.map((record) => {
    const passwordHash = record.authentication.passwordHash ?? loadedPasswords.get(record.name)?.passwordHash;
    return storedClient(record, passwordHash, roles);
  });
  return new ClientDirectory({ clients, roles, providerOrder: document.providers.order, loadedPasswords });
}

/** As many at once as the hasher works on, so that on a reload logins wait behind a few hashes and not behind all. */
async function hashPlainPasswords(
  records: readonly ClientRecord[],
  hasher: PasswordHasher,
  previous: ClientDirectory | undefined,
): Promise<ReadonlyMap<string, LoadedPassword>> {
  const loaded = new Map<string, LoadedPassword>();
  const remaining = records.values();
  const work = async (): Promise<void> => {
    for (const { name, authentication } of remaining) {
      if (authentication.password === undefined) continue;
      const fingerprint = hasher.fingerprint(authentication.password);
      const known = previous?.loadedPasswords.get(name);
      const passwordHash =
        known?.fingerprint === fingerprint
          ? known.passwordHash
          : await hasher.hash(Buffer.from(authentication.password));
      loaded.set(name, { fingerprint, passwordHash });
    }
  };
  await Promise.all(Array.from({ length: hasher.concurrent }, work));
  return loaded;
}

function storedClient(
  record: ClientRecord,
  passwordHash: string | undefined,
  roles: ReadonlyMap<string, PermissionSet>,
): StoredClient {
  const { name, authentication, allowedConnectionTypes } = record;
  const { clientId, username } = authentication;
  const own: PermissionSet[] =
    record.permissions.length === 0 ? [] : [{ path: `client ${name}`, permissions: record.permissions }];
  const principal: Principal = {
    identityKey: `client:${name}`,
    provider: 'basic',
    client: name,
    ...(username !== undefined && { username }),
    ...(clientId !== undefined && { boundClientId: clientId }),
    credential: credentialMark(clientId, username, passwordHash),
    clientType: record.clientType,
    attributes: record.attributes,
    ...(allowedConnectionTypes !== undefined && { allowedConnectionTypes }),
    permissions: [...own, ...permissionSetsOf(record.roles, roles)],
  };
  return { name, enabled: record.enabled, ...(passwordHash !== undefined && { passwordHash }), principal };
}

/** The sets of the named roles; a name that no role has gives nothing. */
export function permissionSetsOf(
  names: readonly string[],
  roles: ReadonlyMap<string, PermissionSet>,
): readonly PermissionSet[] {
  return [...new Set(names)].flatMap((name) => roles.get(name) ?? []);
}

function credentialMark(...fields: readonly (string | undefined)[]): string {
  const text = JSON.stringify(fields.map((field) => field ?? null));
  return createHash('sha256').update(text).digest('base64url');
}
