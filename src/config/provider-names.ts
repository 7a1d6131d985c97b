import { choice } from './scalars.ts';
import type { Schema } from './schema.ts';
import { refusedYet } from './schema.ts';

/** Row T3, with what is beyond it. Those that exist so far are `providerNames` of authentication/principal.ts. */
export const providersOfContract = [
  'basic',
  'x509',
  'jwt',
  'scram',
  'http',
  'nats_operator',
  'ldap',
] as const;

/** A provider by name; one of the contract that does not exist yet is refused. */
export function providerName(available: readonly string[]): Schema<string> {
  const names = [...new Set<string>([...available, ...providersOfContract])];
  const schema: Schema<string> = { ...choice(names), type: 'provider' };
  return refusedYet(schema, {
    harmless: (name) => available.includes(name),
    remedy: `use ${available.join(' or ')}`,
  });
}
