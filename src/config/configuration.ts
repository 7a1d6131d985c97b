import type { AttributeValue, ClientType, ConnectionType } from '../authentication/principal.ts';
import type { Permission } from '../authorization/permission.ts';
import type { Limits } from '../runtime/limits.ts';
import type { ListenerProtocol } from '../transport/peer.ts';

/** portcullis.yaml after validation. Durations are milliseconds, sizes bytes, paths absolute. */
export interface Configuration {
  readonly serverName: string;
  readonly dataDir: string;
  readonly listeners: readonly ListenerSettings[];
  readonly mqtt: MqttSettings;
  readonly anonymous: AnonymousSettings | false;
  readonly useMutualTls: boolean;
  readonly policy: PolicySettings;
  readonly securityFile?: string;
  readonly limits: Limits;
  /** Keys accepted although their feature has not come yet, and other things an operator should know. */
  readonly warnings: readonly ConfigurationNotice[];
}

export interface ListenerSettings {
  readonly name: string;
  readonly protocol: ListenerProtocol;
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  /** ws and wss only. */
  readonly path: string;
  /** Origins a browser may come from; empty = every Origin header is refused. Entries are exact origins, or `*`. */
  readonly allowedOrigins: readonly string[];
  /** tls and wss only. */
  readonly tls?: TlsSettings;
  /** Of those enabled; absent = all. */
  readonly providers?: readonly string[];
  readonly sharedClientIds: boolean;
  /** CIDR blocks whose PROXY header is believed; absent = no PROXY protocol on this listener. */
  readonly proxyProtocol?: { readonly trusted: readonly string[] };
  readonly maxConnections: number;
}

export interface TlsSettings {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile?: string;
  readonly crlFile?: string;
  /** Require a client certificate that chains to caFile. */
  readonly verify: boolean;
  readonly handshakeTimeout: number;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

export interface MqttSettings {
  /** 3.x resend interval. */
  readonly ackWait: number;
  /** From accept (after TLS) to a complete CONNECT. */
  readonly connectTimeout: number;
  readonly maxPacketSize: number;
  readonly receiveMaximum: number;
  readonly topicAliasMaximum: number;
  /** Seconds, or undefined for off. */
  readonly maxKeepAlive?: number;
  /** Milliseconds; Infinity = no cap. */
  readonly maxSessionExpiry: number;
  readonly maxQueuedMessages: number;
  readonly maxQueuedAge: number;
  /** Unset: 1024 per subscription and no sum is checked (row N6). */
  readonly maxAckPending?: number;
  readonly onDeniedPublish: 'disconnect' | 'drop';
}

export type AnonymousSettings = {
  readonly ignoreCredentials: boolean;
} & ({ readonly roles: readonly string[] } | { readonly client: string });

export interface PolicySettings {
  readonly accessChanges: 'immediate' | 'on_reconnect';
  readonly subscribeCheck: 'covered' | 'strict' | 'overlap';
  readonly onLostSubscription: 'suspend' | 'disconnect';
  readonly trustClientId: boolean;
}

/** security.yaml after validation. */
export interface SecurityDocument {
  readonly clients: readonly ClientRecord[];
  readonly roles: readonly RoleRecord[];
  readonly providers: {
    readonly order: readonly string[];
    readonly basic: { readonly stopOnReject: boolean };
  };
}

export interface ClientRecord {
  readonly name: string;
  readonly enabled: boolean;
  readonly authentication: PasswordAuthentication;
  readonly clientType: ClientType;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly allowedConnectionTypes?: readonly ConnectionType[];
  readonly roles: readonly string[];
  readonly permissions: readonly Permission[];
}

/** Row T4: what the record has must match. */
export interface PasswordAuthentication {
  readonly kind: 'password';
  readonly clientId?: string;
  readonly username?: string;
  /** Plain text of the file, in memory only until src/authentication has hashed it; never beside `passwordHash`. */
  readonly password?: string;
  /** Argon2id PHC string. */
  readonly passwordHash?: string;
  readonly passwordless: boolean;
}

export interface RoleRecord {
  readonly name: string;
  readonly permissions: readonly Permission[];
}

/** Something about the configuration that an operator should know or must mend. */
export interface ConfigurationNotice {
  readonly file?: string;
  readonly line?: number;
  /** The environment variable that gave the value; then there is no file and no line. */
  readonly variable?: string;
  /** Dotted path: `listeners[0].port`. */
  readonly field: string;
  /** The offending text; never a secret. */
  readonly value?: string;
  readonly message: string;
  readonly remedy: string;
}

/** Thrown by the loaders with everything that is wrong, in order of appearance. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly notices: readonly ConfigurationNotice[];
  /** What would have been announced without the errors. */
  readonly warnings: readonly ConfigurationNotice[];

  constructor(notices: readonly ConfigurationNotice[], warnings: readonly ConfigurationNotice[] = []) {
    super(notices.map(noticeText).join('\n'));
    this.notices = notices;
    this.warnings = warnings;
  }
}

/** `portcullis.yaml:12: listeners[0].port: "99999": must be 0..65535; give a free port, or 0 to let the system choose`. */
export function noticeText(notice: ConfigurationNotice): string {
  const place = notice.variable === undefined ? filePlace(notice) : `${notice.variable}: `;
  const value = notice.value === undefined ? '' : `: ${JSON.stringify(notice.value)}`;
  return `${place}${notice.field}${value}: ${notice.message}; ${notice.remedy}`;
}

function filePlace({ file, line }: ConfigurationNotice): string {
  if (file === undefined) return '';
  return line === undefined ? `${file}: ` : `${file}:${line}: `;
}
