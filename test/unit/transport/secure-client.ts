import { readFileSync } from 'node:fs';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import type { SecureProtocol } from '../../../src/transport/tls-terminator.ts';
import type { Certificate } from '../../support/certificates.ts';
import { testCertificates } from '../../support/certificates.ts';
import type { ListenerFixture, ReadChannel } from './listener-fixture.ts';

export interface SecureClient {
  /** Sends the text as the protocol's bytes. */
  send(text: string): void;
  destroy(): void;
  /** With the reason that ended it, if one was heard. */
  readonly closed: Promise<string | undefined>;
  /** Resolves when the client takes the connection for open. In TLS 1.3 a server may still refuse its certificate. */
  readonly opened: Promise<void>;
  /** After `opened`. */
  tls(): TLSSocket;
}

/** Connects to a tls or wss listener. */
export async function secureClient(
  protocol: SecureProtocol,
  port: number,
  options: ConnectionOptions = {},
): Promise<SecureClient> {
  const { authority } = await testCertificates();
  const all = { ca: readFileSync(authority.caFile), servername: 'localhost', ...options };
  return protocol === 'tls' ? tlsClient(port, all) : wssClient(port, all);
}

export function keyPair({ certFile, keyFile }: Certificate): Pick<ConnectionOptions, 'cert' | 'key'> {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** The channel that comes of a client, or undefined when it is closed instead. */
export async function channelOf(
  fixture: ListenerFixture,
  client: SecureClient,
): Promise<ReadChannel | undefined> {
  const before = fixture.channels.length;
  return Promise.race([fixture.channel(before), client.closed.then(() => undefined)]);
}

function tlsClient(port: number, options: ConnectionOptions): SecureClient {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  let reason: string | undefined;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.code;
  });
  // The tests read by themselves what they expect; the rest may go.
  socket.resume();
  return {
    send: (text) => socket.write(text),
    destroy: () => socket.destroy(),
    closed: new Promise((resolve) => socket.once('close', () => resolve(reason))),
    opened: new Promise((resolve) => socket.once('secureConnect', () => resolve())),
    tls: () => socket,
  };
}

function wssClient(port: number, options: ConnectionOptions): SecureClient {
  const webSocket = new WebSocket(`wss://127.0.0.1:${port}/mqtt`, ['mqtt'], options);
  let reason: string | undefined;
  let socket: TLSSocket | undefined;
  webSocket.on('upgrade', (response) => {
    socket = response.socket as TLSSocket;
  });
  webSocket.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.code;
  });
  return {
    send: (text) => webSocket.send(Buffer.from(text)),
    destroy: () => webSocket.terminate(),
    closed: new Promise((resolve) => webSocket.once('close', () => resolve(reason))),
    opened: new Promise((resolve) => webSocket.once('open', () => resolve())),
    tls: () => socket as TLSSocket,
  };
}
