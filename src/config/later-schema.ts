/** Keys of the contract whose features have not come yet. They are read in full, so that mistakes show now. */

import { host } from './network-values.ts';
import { duration, size } from './quantities.ts';
import { choice, integer, text } from './scalars.ts';
import type { Schema } from './schema.ts';
import {
  afterReading,
  defaulted,
  ignoredYet,
  list,
  notAvailable,
  object,
  refusedYet,
  required,
  wordOrMap,
} from './schema.ts';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;

export const loginBackoff = refusedYet(
  wordOrMap(
    choice(['off']),
    object({
      failures: defaulted(integer({ minimum: 1, maximum: 1_000_000 }), '10', {
        meaning: 'Failures that are free.',
      }),
      within: defaulted(duration({ minimum: SECOND, maximum: DAY }), '1m', {
        meaning: 'Time in which they are counted.',
      }),
      delay: defaulted(duration({ minimum: 1, maximum: DAY }), '1s', {
        meaning: 'First delay, doubled by each further failure.',
      }),
      max_delay: defaulted(duration({ minimum: 1, maximum: DAY }), '5m', { meaning: 'Longest delay.' }),
    }),
  ),
  {
    harmless: (value) => value === 'off',
    remedy: 'write off, and limit attempts in front of the broker until then',
  },
);

/** Of a service that has not come yet. */
export const address = (port: number) => ({
  host: defaulted(host(), '127.0.0.1', { meaning: 'Address to listen on.' }),
  port: defaulted(integer({ minimum: 0, maximum: 65_535 }), String(port), { meaning: 'Port.' }),
});

/** An embedded store by its word, or a server by its URL, which may hold a password. */
function backend(words: readonly string[], servers: readonly string[]): Schema<string> {
  const plain = text({ type: [...words, ...servers].map((name) => `\`${name}\``).join(', '), secret: true });
  return afterReading(plain, (value, context) => {
    if (words.includes(value)) return;
    const server = servers.find(
      (name) => value === name || (name.endsWith('…') && value.startsWith(name.slice(0, -1))),
    );
    if (server !== undefined)
      context.error({ value: server, message: notAvailable, remedy: `use ${words.join(' or ')}` });
    else context.error({ message: 'is not a known store', remedy: `use ${words.join(' or ')}` });
  });
}

export const storage = ignoredYet(
  object({
    security: defaulted(backend(['sqlite'], ['postgres://…', 'postgresql://…']), 'sqlite', {
      meaning: 'Store of clients, roles and rules.',
    }),
    cache: defaulted(backend(['memory'], ['redis://…', 'rediss://…']), 'memory', {
      meaning: 'Cache in front of it.',
    }),
    messages: defaulted(backend(['sqlite'], ['nats', 'postgres://…', 'postgresql://…']), 'sqlite', {
      meaning: 'Store of sessions, queues and retained messages.',
    }),
    durability: defaulted(choice(['disk', 'os', 'memory']), 'disk', {
      meaning: 'What an acknowledgement waits for.',
    }),
    max_staleness: defaulted(duration({ minimum: SECOND, maximum: 30 * DAY }), '1h', {
      meaning: 'How old cached security data may be while its store is away.',
    }),
  }),
  'sessions and messages are kept in memory and end with the process; remove storage until then',
);

const natsServer = text({ type: 'NATS URL', secret: true });
export const nats = refusedYet(
  object({
    servers: required(list(natsServer, { atLeastOne: true }), { meaning: 'NATS servers.' }),
    replicas: defaulted(integer({ minimum: 1, maximum: 5 }), '3', { meaning: 'Copies of each stream.' }),
    max_staleness: defaulted(duration({ minimum: SECOND, maximum: DAY }), '10s', {
      meaning: 'How long a node cut off from NATS goes on admitting.',
    }),
  }),
  { remedy: 'remove nats: this version runs on one node' },
);

export const applicationLog = ignoredYet(
  object({
    max_bytes: defaulted(size({ minimum: 1024 ** 2, maximum: 1024 ** 5 }), '1GiB', {
      meaning: 'Bytes kept per client.',
    }),
    max_age: defaulted(duration({ minimum: SECOND, maximum: 3650 * DAY }), '30d', {
      meaning: 'Age of what is kept.',
    }),
  }),
  'APPLICATION clients have the queue of a DEVICE until then; remove application_log',
);
