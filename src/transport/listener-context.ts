import type { Clock } from '../runtime/clock.ts';
import type { Limits } from '../runtime/limits.ts';
import type { ByteChannel } from './byte-channel.ts';

/** Event codes of this folder, as they stand in the log; docs/reference/transports.md explains each. */
export const transportEvents = [
  'accept_failed',
  'connection_limit_reached',
  'proxy_untrusted',
  'proxy_header_refused',
  'handshake_timeout',
  'tls_handshake_failed',
  'websocket_refused',
  'tls_reloaded',
  'tls_reload_failed',
  'tls_certificate_invalid_now',
  'tls_watch_failed',
] as const;
export type TransportEvent = (typeof transportEvents)[number];

export type TransportLog = (event: TransportEvent, fields: Readonly<Record<string, unknown>>) => void;

/** A connection's place among those that the broker admits. */
export interface AdmissionTicket {
  /** Called exactly once, when the connection is gone. */
  release(): void;
}

/** What a listener needs from the broker. */
export interface ListenerContext {
  /** A connection that has passed PROXY header, TLS and HTTP upgrade, as far as its listener has them. */
  onChannel(channel: ByteChannel): void;
  /** Called at accept, before anything is read; undefined closes the connection at once. */
  admit(): AdmissionTicket | undefined;
  readonly clock: Clock;
  readonly log: TransportLog;
  readonly limits: Limits;
  /** Milliseconds for the PROXY header, and again for the HTTP upgrade. */
  readonly connectTimeout: number;
  /** Bytes of the largest MQTT packet; a WebSocket message may be a little larger, or 1 MiB. */
  readonly maxPacketSize: number;
}
