/** The four kinds of listener (row T1). */
export const listenerProtocols = ['tcp', 'tls', 'ws', 'wss'] as const;
export type ListenerProtocol = (typeof listenerProtocols)[number];

/** What the transport has proven about the other end, and nothing else. */
export interface Peer {
  /** Name of the listener that accepted the connection. */
  readonly listener: string;
  readonly protocol: ListenerProtocol;
  /** Remote address in canonical text form (IPv4-mapped IPv6 as IPv4); behind a trusted proxy the address it announced. */
  readonly address: string;
  readonly port: number;
  /** The verified leaf certificate, DER. Absent when none was presented or `verify` is off: unverified is nothing. */
  readonly certificate?: Buffer;
}
