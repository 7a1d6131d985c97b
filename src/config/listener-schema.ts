import { isIP } from 'node:net';
import { providerNames } from '../authentication/principal.ts';
import type { ListenerProtocol } from '../transport/peer.ts';
import { listenerProtocols } from '../transport/peer.ts';
import { cidr, host, webOrigin } from './network-values.ts';
import { providerName } from './provider-names.ts';
import { duration } from './quantities.ts';
import { boolean, choice, integer, path, text } from './scalars.ts';
import type { ObjectCheck } from './schema.ts';
import { defaulted, list, object, optional, refusedYet, required } from './schema.ts';

/** Row T1. */
const usualPorts: Readonly<Record<ListenerProtocol, number>> = { tcp: 1883, tls: 8883, ws: 8084, wss: 8085 };

/** The port of a listener that may leave it out. */
export function portOf(protocol: ListenerProtocol, port: number | undefined): number {
  return port ?? usualPorts[protocol];
}

const tlsKeys = {
  cert_file: required(path(), { meaning: 'Certificate chain, PEM, leaf first.', reload: 'SIGHUP' }),
  key_file: required(path(), { meaning: 'Private key, PEM.', reload: 'SIGHUP' }),
  ca_file: optional(path(), {
    meaning: 'Certificates that client certificates must chain to, PEM. Needed by `verify: yes`.',
    reload: 'SIGHUP',
  }),
  crl_file: optional(
    refusedYet(path(), { remedy: 'remove crl_file, and set enabled: no in the clients of revoked devices' }),
    {
      meaning: 'Certificate revocation list, PEM. Not available in this version.',
      reload: 'SIGHUP',
    },
  ),
  verify: defaulted(boolean(), 'no', {
    meaning: 'Require a client certificate that chains to `ca_file`.',
    reload: 'SIGHUP',
  }),
  handshake_timeout: defaulted(duration({ minimum: 10, maximum: 600_000 }), '2s', {
    meaning: 'Time for the TLS handshake.',
    reload: 'SIGHUP',
  }),
  min_version: defaulted(choice(['TLSv1.2', 'TLSv1.3']), 'TLSv1.2', {
    meaning: 'Oldest TLS version that is spoken.',
    reload: 'SIGHUP',
  }),
};

const tls = object(tlsKeys, (fields, context, given) => {
  if (fields.verify === true && !given('ca_file')) {
    context.below('ca_file').error({
      message: 'is missing, and verify: yes needs it',
      remedy: 'name the PEM file with the certificates of the authority that signs client certificates',
    });
  }
  if (fields.verify === false && given('ca_file')) {
    context.below('ca_file').warn({
      message: 'has no effect without verify: yes: client certificates are not asked for',
      remedy: 'set verify: yes, or remove ca_file',
    });
  }
});

const webSocketPath = text({
  type: 'URL path',
  example: '/mqtt',
  check: (value) =>
    /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/.test(value)
      ? undefined
      : {
          message: 'is not a URL path',
          remedy: 'begin with "/" and leave out "?", "#" and spaces, such as /mqtt',
        },
});

export const listenerKeys = {
  name: required(text({ type: 'name', example: 'a name such as tls', bytesMax: 256 }), {
    meaning: 'Name in logs and decisions, unique.',
  }),
  protocol: required(choice(listenerProtocols), {
    meaning: 'What is spoken: MQTT over TCP, TLS, WebSocket or secure WebSocket.',
  }),
  enabled: defaulted(boolean(), 'yes', { meaning: 'Whether it is opened.' }),
  host: defaulted(host(), '127.0.0.1', {
    meaning: 'Address to listen on. Without TLS, anything but loopback gives a warning.',
  }),
  port: optional(integer({ minimum: 0, maximum: 65_535 }), {
    meaning: 'Port; 0 lets the system choose. Without it 1883 (tcp), 8883 (tls), 8084 (ws), 8085 (wss).',
  }),
  path: optional(webSocketPath, { meaning: 'ws and wss: path of the WebSocket; `/mqtt` without it.' }),
  allowed_origins: optional(list(webOrigin()), {
    meaning:
      'ws and wss: origins that a browser may come from, exact, or `*`; without it every request with an Origin header is refused.',
  }),
  tls: optional(tls, { meaning: 'tls and wss: needed there and an error elsewhere.' }),
  providers: optional(list(providerName([...providerNames])), {
    meaning:
      'Providers that serve this listener, of those in `providers.order`; without it all. An empty list lets nobody in.',
  }),
  shared_client_ids: defaulted(boolean(), 'no', {
    meaning: 'Whether another principal may take over a session by its client id (turns row A8 off).',
  }),
  proxy_protocol: optional(
    object({
      trusted: required(list(cidr(), { atLeastOne: true }), {
        meaning: 'Blocks whose PROXY header is believed.',
      }),
    }),
    { meaning: 'Expect the PROXY protocol from these addresses; without it no PROXY header is read.' },
  ),
  max_connections: optional(integer({ minimum: 1, maximum: 10_000_000 }), {
    meaning: 'Connections of this listener; without it `limits.connections`.',
  }),
};

const secureProtocols: ReadonlySet<unknown> = new Set(['tls', 'wss']);
const webProtocols: ReadonlySet<unknown> = new Set(['ws', 'wss']);

const checkListener: ObjectCheck<typeof listenerKeys> = (fields, context, given) => {
  const { protocol } = fields;
  if (protocol === undefined) return;
  const secure = secureProtocols.has(protocol);
  if (secure && !given('tls')) {
    context.below('tls').error({
      message: `is missing, and protocol ${protocol} needs it`,
      remedy: 'add tls: { cert_file: FILE, key_file: FILE }',
    });
  }
  if (!secure && given('tls')) {
    const remedy = `use protocol: ${protocol === 'ws' ? 'wss' : 'tls'}, or remove tls`;
    context.below('tls').error({ message: `protocol ${protocol} has no TLS`, remedy });
  }
  for (const key of ['path', 'allowed_origins'] as const) {
    if (given(key) && !webProtocols.has(protocol)) {
      const remedy = `remove ${key}, or use protocol: ${secure ? 'wss' : 'ws'}`;
      context.below(key).error({ message: `protocol ${protocol} has none`, remedy });
    }
  }
  if (!secure && fields.enabled !== false && fields.host !== undefined && !isLoopback(fields.host)) {
    context.below('host').warn({
      value: fields.host,
      message: 'listens without TLS beyond this machine: passwords and messages can be read on the way',
      remedy: `use protocol: ${protocol === 'ws' ? 'wss' : 'tls'}, or host: 127.0.0.1`,
    });
  }
};

export const listener = object(listenerKeys, checkListener);

/** 127.0.0.0/8, ::1 (IPv4-mapped too) and `localhost`. */
export function isLoopback(address: string): boolean {
  const host = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || /^(0{1,4}:){7}0{0,3}1$/.test(host);
}
