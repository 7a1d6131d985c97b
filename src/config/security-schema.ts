import { clientTypes, connectionTypes } from '../authentication/principal.ts';
import { attributes } from './attribute-schema.ts';
import { reportRepeated, reportUnknownName } from './checks.ts';
import { hashProblem } from './password-hash.ts';
import type { TopicLimits } from './permission-schema.ts';
import { permissionSchema } from './permission-schema.ts';
import type { providersOfContract } from './provider-names.ts';
import { providerName } from './provider-names.ts';
import { boolean, choice, choiceInAnyCase, text } from './scalars.ts';
import type { DeepPartial, Key, ObjectCheck, ObjectOf, ReadContext, Schema } from './schema.ts';
import {
  anything,
  defaulted,
  list,
  notAvailable,
  object,
  optional,
  refusedYet,
  required,
  variants,
} from './schema.ts';

const MQTT_TEXT_BYTES_MAX = 65_535;

const name = (type: string) => text({ type, bytesMax: 256 });

const passwordKeys = {
  kind: required(choice(['password']), {
    meaning: '`password`. The kinds `certificate` and `scram` are not available in this version.',
  }),
  client_id: optional(text({ bytesMax: MQTT_TEXT_BYTES_MAX }), { meaning: 'The client id must be this.' }),
  username: optional(text({ bytesMax: MQTT_TEXT_BYTES_MAX }), { meaning: 'The username must be this.' }),
  password: optional(text({ type: 'secret', secret: true, bytesMax: MQTT_TEXT_BYTES_MAX }), {
    meaning:
      'The password must be this. Hashed when it is loaded; better is `${file:…}`, or `password_hash`.',
  }),
  password_hash: optional(
    text({
      type: 'argon2id PHC string',
      secret: true,
      example: '$argon2id$v=19$…',
      check: hashProblem,
    }),
    { meaning: 'The password must have this hash.' },
  ),
  passwordless: defaulted(boolean(), 'no', {
    meaning:
      'Must be `yes` in a record without a password, which matches only a CONNECT that brings none (row T4).',
  }),
};

/** Row T4, TH11: a record that says too little admits nobody; it is an error. */
const checkPassword: ObjectCheck<typeof passwordKeys> = (fields, context, given) => {
  const hasPassword = given('password') || given('password_hash');
  if (given('password') && given('password_hash')) {
    context.error({ message: 'holds both password and password_hash', remedy: 'keep one of them' });
  }
  if (!hasPassword && !given('client_id') && !given('username')) {
    context.error({
      message: 'says nothing that a client must bring',
      remedy: 'add username, client_id, password or password_hash',
    });
  } else if (!hasPassword && fields.passwordless === false) {
    context.error({
      message: 'has no password',
      remedy: 'add password or password_hash, or passwordless: yes to admit without one',
    });
  }
  if (hasPassword && fields.passwordless === true) {
    context.below('passwordless').error({
      value: 'yes',
      message: 'contradicts the password of this record',
      remedy: 'remove passwordless or the password',
    });
  }
};

function kindOfLater(kind: string): Schema<never> {
  return {
    ...anything,
    read: (_, context) =>
      context.below('kind').error({
        value: kind,
        message: notAvailable,
        remedy: 'use kind: password, or remove the client',
      }),
  };
}

const authentication = variants('kind', {
  password: object(passwordKeys, checkPassword),
  certificate: kindOfLater('certificate'),
  scram: kindOfLater('scram'),
});

const roleList = defaulted(list(name('role name')), '[]', { meaning: 'Roles, by name.' });

function permissionList(limits: TopicLimits) {
  return defaulted(list(permissionSchema(limits)), '[]', {
    meaning: 'What it may read and write; nothing unless stated.',
  });
}

function clientKeys(limits: TopicLimits) {
  return {
    name: required(name('name'), { meaning: 'Name of the record, unique.' }),
    authentication: required(authentication, { meaning: 'What a client must bring to be this one.' }),
    client_type: defaulted(choice(clientTypes), 'DEVICE', {
      meaning: 'Row T11. In this version an APPLICATION has the queue of a DEVICE.',
    }),
    enabled: defaulted(boolean(), 'yes', {
      meaning: 'A disabled client is refused, whatever other records say.',
    }),
    attributes: defaulted(attributes, '{}', { meaning: 'Values for `${attributes.NAME}`.' }),
    allowed_connection_types: optional(list(choiceInAnyCase(connectionTypes)), {
      meaning:
        'Row N10: TCP and TLS need `MQTT`, WebSockets `MQTT_WS`; without it all, an empty list none. Upper or lower case.',
    }),
    roles: roleList,
    permissions: permissionList(limits),
  };
}

function roleKeys(limits: TopicLimits) {
  return {
    name: required(name('name'), { meaning: 'Name of the role, unique.' }),
    permissions: permissionList(limits),
  };
}

/** A list whose entries nothing here would enforce. */
function laterList(what: string, meaning: string): Key<readonly unknown[], true> {
  const schema = refusedYet(list(anything), { harmless: (items) => items.length === 0, remedy: what });
  return optional(schema, { meaning: `${meaning} Not available in this version: only \`[]\`.` });
}

function laterProvider(provider: string): Key<unknown, true> {
  const schema = refusedYet(anything, { remedy: `remove ${provider}: only basic exists` });
  return optional(schema, { meaning: 'Not available in this version.' });
}

const order: Schema<readonly string[]> = list(providerName(['basic']));

const providers = object(
  {
    order: defaulted(order, '[basic]', {
      meaning: 'Providers that are asked, in this order; one not named is off. `[]` lets nobody in.',
    }),
    basic: defaulted(
      object({
        stop_on_reject: defaulted(boolean(), 'no', { meaning: 'A wrong password ends the chain.' }),
      }),
      '{}',
      { meaning: 'Clients of kind password.' },
    ),
    x509: laterProvider('x509'),
    jwt: laterProvider('jwt'),
    scram: laterProvider('scram'),
    http: laterProvider('http'),
    nats_operator: laterProvider('nats_operator'),
    ldap: laterProvider('ldap'),
  } satisfies Record<'order' | (typeof providersOfContract)[number], Key<unknown, boolean>>,
  (fields, context) => {
    const entries = (fields.order ?? []).map((provider, index) => ({ provider, index }));
    reportRepeated(
      entries,
      ({ provider }) => provider,
      ({ index }, provider) => {
        context
          .below('order')
          .below(index)
          .error({ value: provider, message: 'stands twice', remedy: 'remove one' });
      },
    );
  },
);

function securityKeys(limits: TopicLimits) {
  return {
    clients: defaulted(list(object(clientKeys(limits))), '[]', { meaning: 'Who may connect.' }),
    roles: defaulted(list(object(roleKeys(limits))), '[]', { meaning: 'Named permissions.' }),
    groups: laterList('use roles', 'Row G2.'),
    group_rules: laterList('name roles in the clients', 'Row G2.'),
    bans: laterList('set enabled: no in the client, or block the address in front of the broker', 'Row P1.'),
    providers: defaulted(providers, '{}', { meaning: 'How clients prove who they are.' }),
  };
}

export type SecurityFields = ObjectOf<ReturnType<typeof securityKeys>>;

export function securitySchema(limits: TopicLimits): Schema<SecurityFields> {
  return object(securityKeys(limits), checkSecurity);
}

function checkSecurity(fields: DeepPartial<SecurityFields>, context: ReadContext): void {
  const clients = placed(fields.clients ?? [], context.below('clients'));
  const roles = placed(fields.roles ?? [], context.below('roles'));
  for (const [entries, what] of [
    [clients, 'client'],
    [roles, 'role'],
  ] as const) {
    reportRepeated<Placed<{ readonly name?: string | undefined }>>(
      entries,
      ({ record }) => record.name,
      ({ at }, value) => {
        at.below('name').error({
          value,
          message: `another ${what} has this name`,
          remedy: 'give each its own',
        });
      },
    );
  }
  const roleNames = new Set(roles.flatMap(({ record }) => record.name ?? []));
  for (const { record, at } of clients) {
    record.roles?.forEach((role, index) => {
      reportUnknownName(role, roleNames, 'role', at.below('roles').below(index));
    });
  }
  reportAmbiguous(clients);
}

interface Placed<T> {
  readonly record: T;
  readonly at: ReadContext;
}

/** The records that could be read, each with its place. */
function placed<T>(records: readonly (T | undefined)[], context: ReadContext): readonly Placed<T>[] {
  return records.flatMap((record, index) =>
    record === undefined ? [] : { record, at: context.below(index) },
  );
}

/**
 * Two records that ask for the same would leave to chance who a client is. A record with neither name is told apart by
 * its password alone.
 */
function reportAmbiguous(clients: readonly Placed<DeepPartial<SecurityFields['clients'][number]>>[]): void {
  const asksFor = ({ record: { authentication } }: (typeof clients)[number]): string | undefined => {
    const { clientId, username, passwordless = false } = authentication ?? {};
    return clientId === undefined && username === undefined
      ? undefined
      : JSON.stringify([clientId, username, passwordless]);
  };
  reportRepeated(clients, asksFor, ({ at }, _, earlier) => {
    at.below('authentication').error({
      message: `asks for the same client_id and username as client ${JSON.stringify(earlier.record.name ?? '')}`,
      remedy: 'give one of them another username or a client_id',
    });
  });
}
