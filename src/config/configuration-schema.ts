import { reportRepeated } from './checks.ts';
import { address, applicationLog, loginBackoff, nats, storage } from './later-schema.ts';
import { limits } from './limits-schema.ts';
import type { listenerKeys } from './listener-schema.ts';
import { isLoopback, listener, portOf } from './listener-schema.ts';
import { mqtt } from './mqtt-schema.ts';
import { boolean, choice, integer, path, text } from './scalars.ts';
import type { DeepPartial, ObjectCheck, ObjectOf } from './schema.ts';
import {
  afterReading,
  defaulted,
  ignoredYet,
  list,
  object,
  optional,
  refusedYet,
  wordOrMap,
} from './schema.ts';

const policy = object({
  access_changes: defaulted(
    refusedYet(choice(['immediate', 'on_reconnect']), {
      harmless: (value) => value === 'immediate',
      remedy: 'use immediate',
    }),
    'immediate',
    { meaning: 'When changed rights reach live sessions (row A6). Only `immediate` in this version.' },
  ),
  subscribe_check: defaulted(
    refusedYet(choice(['covered', 'strict', 'overlap']), {
      harmless: (value) => value === 'covered',
      remedy: 'use covered',
    }),
    'covered',
    { meaning: 'What a subscription filter must fulfil (row A3). Only `covered` in this version.' },
  ),
  on_lost_subscription: defaulted(
    refusedYet(choice(['suspend', 'disconnect']), {
      harmless: (value) => value === 'suspend',
      remedy: 'use suspend',
    }),
    'suspend',
    {
      meaning:
        'What happens to a subscription that is no longer covered (row A6). Only `suspend` in this version.',
    },
  ),
  trust_client_id: defaulted(boolean(), 'no', {
    meaning:
      'Bind `${clientId}` to whatever client id a client sends (row A1). Leave it off unless ids are proven elsewhere.',
  }),
});

const anonymousMap = object(
  {
    roles: optional(list(text({ type: 'role name' })), { meaning: 'Roles of every anonymous client.' }),
    client: optional(text({ type: 'client name' }), {
      meaning: 'Client record whose rights anonymous clients have, in place of `roles`.',
    }),
    ignore_credentials: defaulted(boolean(), 'no', {
      meaning:
        'Also let in whatever name and password is sent. Only while every enabled listener is on loopback.',
    }),
  },
  (_, context, given) => {
    if (given('roles') === given('client')) {
      const message = given('roles') ? 'holds both roles and client' : 'holds neither roles nor client';
      context.error({ message, remedy: 'write { roles: [ROLE] } or { client: NAME }' });
    }
  },
);

/** `anonymous: yes` would leave open what the anonymous may do. */
const notAnonymous = afterReading({ ...boolean(), type: '`no`' }, (value, context) => {
  if (!value) return;
  const remedy = 'write { roles: [ROLE] } or { client: NAME }, or no';
  context.error({ value: 'yes', message: 'does not say what anonymous clients may do', remedy });
});

export const configurationKeys = {
  server_name: optional(text({ type: 'name', bytesMax: 255 }), {
    meaning: 'Name of this node; without it the host name (row N7).',
    reload: 'restart',
  }),
  data_dir: defaulted(path(), './data', {
    meaning: 'Folder for what must outlive the process.',
    reload: 'restart',
  }),
  listeners: defaulted(
    list(listener, { atLeastOne: true }),
    '[{ name: tcp, protocol: tcp, port: 1883 }, { name: ws, protocol: ws, port: 8084 }]',
    { meaning: 'Where clients connect. A given list replaces the default.', reload: 'restart' },
  ),
  mqtt: defaulted(mqtt, '{}', { meaning: 'The protocol.', reload: 'SIGHUP, new connections' }),
  login_backoff: optional(loginBackoff, {
    meaning: 'Delay after failed logins (row P2). Not available in this version: only `off`.',
    reload: 'restart',
  }),
  application_log: optional(applicationLog, {
    meaning: 'Log per APPLICATION client (row T11). No effect in this version.',
    reload: 'restart',
  }),
  use_mutual_tls: defaulted(
    refusedYet(boolean({ withoutOnOff: 'in the environment' }), {
      harmless: (value) => !value,
      remedy: 'write no; a tls listener with verify: yes asks for certificates beside passwords',
    }),
    'no',
    {
      meaning: 'Certificates in place of the provider chain (row C2). Only `no` in this version.',
      reload: 'restart',
    },
  ),
  anonymous: defaulted(wordOrMap(notAnonymous, anonymousMap), 'no', {
    meaning: 'Who sends no name and no password: refused (`no`), or in with these rights.',
    reload: 'SIGHUP',
  }),
  policy: defaulted(policy, '{}', { meaning: 'How rights are applied.', reload: 'SIGHUP' }),
  security_file: optional(path(), {
    meaning: 'security.yaml: clients, roles, providers. Without it nobody is known.',
    reload: 'SIGHUP',
  }),
  admin: optional(ignoredYet(object(address(18083)), 'remove admin until then'), {
    meaning: 'Address of the administration API. No effect in this version.',
    reload: 'restart',
  }),
  observability: optional(ignoredYet(object(address(9464)), 'remove observability until then'), {
    meaning: 'Address of `/livez`, `/readyz`, `/metrics`. No effect in this version.',
    reload: 'restart',
  }),
  storage: optional(storage, {
    meaning: 'Stores. No effect in this version: everything is kept in memory.',
    reload: 'restart',
  }),
  nats: optional(nats, { meaning: 'NATS as the engine. Not available in this version.', reload: 'restart' }),
  workers: defaulted(
    refusedYet(integer({ minimum: 1, maximum: 256 }), {
      harmless: (value) => value === 1,
      remedy: 'write 1',
    }),
    '1',
    { meaning: 'Broker processes. Only `1` in this version.', reload: 'restart' },
  ),
  limits: defaulted(limits, '{}', {
    meaning: 'Every bound of the broker: see [limits](limits.md).',
    reload: 'restart',
  }),
};

const checkConfiguration: ObjectCheck<typeof configurationKeys> = (fields, context) => {
  const listeners = (fields.listeners ?? []).map((entry, index) => ({
    ...entry,
    context: context.below('listeners').below(index),
  }));
  const enabled = listeners.filter((entry) => entry.enabled !== false);
  reportRepeated(
    listeners,
    (entry) => entry.name,
    (entry, name) => {
      const remedy = 'give each listener its own';
      entry.context.below('name').error({ value: name, message: 'another listener has this name', remedy });
    },
  );
  reportRepeated(enabled, endpointOf, (entry, endpoint) => {
    const remedy = 'give each its own port, or 0 to let the system choose';
    entry.context.below('port').error({ message: `another listener has ${endpoint}`, remedy });
  });
  if (listeners.length > 0 && enabled.length === 0) {
    context.below('listeners').error({ message: 'no listener is enabled', remedy: 'enable one' });
  }
  const open = enabled.find((entry) => entry.host !== undefined && !isLoopback(entry.host));
  const { anonymous } = fields;
  if (typeof anonymous === 'object' && anonymous.ignoreCredentials === true && open !== undefined) {
    context
      .below('anonymous')
      .below('ignore_credentials')
      .error({
        value: 'yes',
        message: `listener ${JSON.stringify(open.name ?? '')} can be reached from other machines`,
        remedy: 'write no, or give every enabled listener host: 127.0.0.1',
      });
  }
};

/** Undefined where nothing can be said, or where the system chooses the port. */
function endpointOf(entry: DeepPartial<ObjectOf<typeof listenerKeys>>): string | undefined {
  if (entry.protocol === undefined || entry.host === undefined) return undefined;
  const port = portOf(entry.protocol, entry.port);
  return port === 0 ? undefined : `${entry.host.toLowerCase()} port ${port}`;
}

export const configurationSchema = object(configurationKeys, checkConfiguration);
