import { hashSync } from '@node-rs/argon2';

/** How much one verification of a hash costs. `slow` is the most that the broker admits: a test can act meanwhile. */
const costs = {
  quick: { memoryCost: 8, timeCost: 1, parallelism: 1 },
  slow: { memoryCost: 131_072, timeCost: 8, parallelism: 1 },
} as const;

/** An Argon2id hash for `password_hash` in security.yaml. */
export function passwordHash(password: string, cost: keyof typeof costs = 'quick'): string {
  return hashSync(password, { algorithm: 2, ...costs[cost] });
}

export interface TestPermission {
  readonly effect?: 'allow' | 'deny';
  readonly access: 'read' | 'write' | 'readWrite';
  readonly topic: string;
}

/** What tests log in with unless they say otherwise. */
export const testPassword = 'garden-gate';
const testPasswordHash = passwordHash(testPassword);

/** Credentials of `passwordClient(name, …)` as CONNECT has them. */
export function loginOf(name: string, password = testPassword): { username: string; password: Buffer } {
  return { username: name, password: Buffer.from(password) };
}

/** A record of security.yaml: name and username are the same, the password is `testPassword`. */
export function passwordClient(
  name: string,
  permissions: readonly TestPermission[] = [],
  more: Readonly<Record<string, unknown>> & {
    readonly authentication?: Readonly<Record<string, unknown>>;
  } = {},
): Record<string, unknown> {
  const { authentication, ...rest } = more;
  return {
    name,
    authentication: {
      kind: 'password',
      username: name,
      password_hash: testPasswordHash,
      ...authentication,
    },
    permissions,
    ...rest,
  };
}
