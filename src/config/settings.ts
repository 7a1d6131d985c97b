import type {
  AnonymousSettings,
  ClientRecord,
  Configuration,
  ConfigurationNotice,
  ListenerSettings,
  MqttSettings,
  SecurityDocument,
  TlsSettings,
} from './configuration.ts';
import type { configurationKeys } from './configuration-schema.ts';
import type { listenerKeys } from './listener-schema.ts';
import { portOf } from './listener-schema.ts';
import { toPermission } from './permission-schema.ts';
import type { ObjectOf } from './schema.ts';
import type { SecurityFields } from './security-schema.ts';

type ConfigurationFields = ObjectOf<typeof configurationKeys>;
type ListenerFields = ObjectOf<typeof listenerKeys>;

/** Row N5: 0 stands for this. */
const ACK_WAIT_OF_ZERO = 30_000;
/** Row N6: 0 stands for this. */
const ACK_PENDING_OF_ZERO = 1024;

/** What was read, as the broker takes it: fields of features that have not come yet are gone. */
export function toConfiguration(
  fields: ConfigurationFields,
  hostname: string,
  warnings: readonly ConfigurationNotice[],
): Configuration {
  const named = fields.serverName === undefined ? [hostNameNotice(hostname)] : [];
  return {
    serverName: fields.serverName ?? hostname,
    dataDir: fields.dataDir,
    listeners: fields.listeners.map((listener) => toListener(listener, fields.limits.connections)),
    mqtt: toMqtt(fields.mqtt),
    anonymous: toAnonymous(fields.anonymous),
    useMutualTls: fields.useMutualTls,
    policy: fields.policy,
    ...(fields.securityFile === undefined ? {} : { securityFile: fields.securityFile }),
    limits: fields.limits,
    warnings: [...named, ...warnings],
  };
}

/** Row N7. */
function hostNameNotice(hostname: string): ConfigurationNotice {
  const message = 'is not set: the host name is used';
  return {
    field: 'server_name',
    value: hostname,
    message,
    remedy: 'set server_name to keep it when the host is renamed',
  };
}

function toListener(fields: ListenerFields, connections: number): ListenerSettings {
  const { port, path, allowedOrigins, maxConnections, tls, ...rest } = fields;
  return {
    ...rest,
    port: portOf(fields.protocol, port),
    path: path ?? '/mqtt',
    allowedOrigins: allowedOrigins ?? [],
    maxConnections: maxConnections ?? connections,
    ...(tls === undefined ? {} : { tls: tls satisfies TlsSettings }),
  };
}

function toMqtt({
  ackWait,
  maxKeepAlive,
  maxAckPending,
  ...rest
}: ConfigurationFields['mqtt']): MqttSettings {
  return {
    ...rest,
    ackWait: ackWait === 0 ? ACK_WAIT_OF_ZERO : ackWait,
    ...(maxKeepAlive === Number.POSITIVE_INFINITY ? {} : { maxKeepAlive: maxKeepAlive / 1000 }),
    ...(maxAckPending === undefined
      ? {}
      : { maxAckPending: maxAckPending === 0 ? ACK_PENDING_OF_ZERO : maxAckPending }),
  };
}

function toAnonymous(fields: ConfigurationFields['anonymous']): AnonymousSettings | false {
  if (typeof fields === 'boolean') return false;
  const { ignoreCredentials, client, roles = [] } = fields;
  return client === undefined ? { ignoreCredentials, roles } : { ignoreCredentials, client };
}

export function toSecurityDocument({ clients, roles, providers }: SecurityFields): SecurityDocument {
  return {
    clients: clients.map(
      (client): ClientRecord => ({ ...client, permissions: client.permissions.map(toPermission) }),
    ),
    roles: roles.map((role) => ({ name: role.name, permissions: role.permissions.map(toPermission) })),
    providers: { order: providers.order, basic: providers.basic },
  };
}
