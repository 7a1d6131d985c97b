import type { ClientRecord, ConfigurationNotice, SecurityDocument } from '../config/configuration.ts';
import { passwordHashProblem } from './password-hashing.ts';

/** Records with a password and neither client id nor username are all tried by every CONNECT, so there may be few. */
const MOST_PASSWORD_ONLY_CLIENTS = 8;

/** Clients and roles that nobody should authenticate against, with everything that is wrong about them. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly notices: readonly ConfigurationNotice[];

  constructor(notices: readonly ConfigurationNotice[]) {
    super(notices.map(({ field, message, remedy }) => `${field}: ${message}; ${remedy}`).join('\n'));
    this.notices = notices;
  }
}

/**
 * What is wrong with the clients and roles of a document however it came here: a blank or malformed record admits
 * nobody, it stops the load (TH11).
 */
export function directoryProblems(document: SecurityDocument): readonly ConfigurationNotice[] {
  return [
    ...duplicateProblems(document),
    ...document.clients.flatMap((record, index) => credentialProblems(record, `clients[${index}]`)),
    ...unknownRoleProblems(document),
  ];
}

function credentialProblems(record: ClientRecord, path: string): ConfigurationNotice[] {
  const { clientId, username, password, passwordHash, passwordless } = record.authentication;
  const field = `${path}.authentication`;
  const problems: ConfigurationNotice[] = [];
  const wrong = (name: string, message: string, remedy: string): void => {
    problems.push({ field: `${field}${name}`, message: `client ${record.name} ${message}`, remedy });
  };
  if (clientId === '') wrong('.client_id', 'has a blank client_id', 'give one or leave the key away');
  if (username === '') wrong('.username', 'has a blank username', 'give one or leave the key away');
  if (password === '') wrong('.password', 'has a blank password', 'give one, or passwordless: true');
  const secrets = [password, passwordHash].filter((secret) => secret !== undefined).length;
  if (secrets > 1) wrong('', 'has a password and a password_hash', 'keep one of them');
  if (passwordless && secrets > 0) wrong('', 'is passwordless and has a password', 'keep one of them');
  if (!passwordless && secrets === 0) wrong('', 'has no password', 'give a password, or passwordless: true');
  if (passwordless && clientId === undefined && username === undefined) {
    wrong('', 'is passwordless and has no names, so everybody would be it', 'give a name, or use anonymous');
  }
  const malformed = passwordHash === undefined ? undefined : passwordHashProblem(passwordHash);
  if (malformed !== undefined) {
    wrong('.password_hash', 'has a malformed password_hash', `it ${malformed}`);
  }
  return problems;
}

function duplicateProblems({ clients, roles }: SecurityDocument): ConfigurationNotice[] {
  const sameCredentials = clients.map(({ authentication: { clientId, username, passwordless } }) =>
    // Nobody could say which of two clients with the same names a CONNECT means.
    clientId === undefined && username === undefined
      ? undefined
      : JSON.stringify([passwordless, clientId, username]),
  );
  const passwordOnly = clients.filter(
    ({ authentication: { clientId, username } }) => clientId === undefined && username === undefined,
  ).length;
  return [
    ...repeated(
      clients.map(({ name }) => name),
      (index) => `clients[${index}].name`,
      'another client has this name',
      'give each client its own name',
    ),
    ...repeated(
      roles.map(({ name }) => name),
      (index) => `roles[${index}].name`,
      'another role has this name',
      'give each role its own name',
    ),
    ...repeated(
      sameCredentials,
      (index) => `clients[${index}].authentication`,
      'another client has the same client_id and username',
      'make them differ or remove one of the clients',
    ),
    ...(passwordOnly > MOST_PASSWORD_ONLY_CLIENTS
      ? [
          {
            field: 'clients',
            value: String(passwordOnly),
            message: `more than ${MOST_PASSWORD_ONLY_CLIENTS} clients have a password and no names`,
            remedy: 'give them a client_id or a username',
          },
        ]
      : []),
  ];
}

function repeated(
  values: readonly (string | undefined)[],
  field: (index: number) => string,
  message: string,
  remedy: string,
): ConfigurationNotice[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (value === undefined) return [];
    if (seen.has(value)) return [{ field: field(index), value, message, remedy }];
    seen.add(value);
    return [];
  });
}

function unknownRoleProblems({ clients, roles }: SecurityDocument): ConfigurationNotice[] {
  const known = new Set(roles.map(({ name }) => name));
  return clients.flatMap((record, client) =>
    record.roles.flatMap((role, index) =>
      known.has(role)
        ? []
        : [
            {
              field: `clients[${client}].roles[${index}]`,
              value: role,
              message: 'no role has this name',
              remedy: 'add the role or correct the name',
            },
          ],
    ),
  );
}
