import type { AddressInfo, DropArgument, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { ListenerSettings, TlsSettings } from '../config/configuration.ts';
import type { ListenerContext } from './listener-context.ts';
import { ListenerError } from './listener-error.ts';
import type { ListenerProtocol, Peer } from './peer.ts';
import type { Arrival } from './phase-timer.ts';
import { limitPhase } from './phase-timer.ts';
import { readProxyHeader } from './proxy-header-reader.ts';
import type { RemoteEndpoint } from './remote-address.ts';
import { addressMatcher, canonicalAddress } from './remote-address.ts';
import { SocketChannel } from './socket-channel.ts';
import { TlsTerminator } from './tls-terminator.ts';
import { WebSocketUpgrade } from './websocket-upgrade.ts';

/** A listener that accepts connections. */
export interface OpenListener {
  readonly name: string;
  readonly protocol: ListenerProtocol;
  readonly host: string;
  /** The real port, also when port 0 was asked for. */
  readonly port: number;
  /** ws and wss only. */
  readonly path?: string;
  /** Closes the listening socket and leaves the connections alone. */
  stopAccepting(): Promise<void>;
  /**
   * Reads the certificate, key, CA and CRL again, for new handshakes. Rejects with ListenerError when they cannot serve;
   * the last good ones then stay. Nothing happens on a listener without TLS.
   */
  reloadTls(): Promise<void>;
  /** As reloadTls, with other settings. */
  updateTls(settings: TlsSettings): Promise<void>;
  /** Stops accepting and destroys what is left; resolves when all of it is gone. */
  close(): Promise<void>;
}

/** Opens a listener of any of the four kinds (row T1). Rejects with ListenerError naming what is wrong and the remedy. */
export async function openListener(
  settings: ListenerSettings,
  context: ListenerContext,
): Promise<OpenListener> {
  const listener = new Listener(settings, context);
  await listener.listen();
  return listener;
}

/** accept → admission → PROXY header → TLS → HTTP upgrade → channel; each step only where its listener has it. */
class Listener implements OpenListener {
  readonly name: string;
  readonly protocol: ListenerProtocol;
  readonly host: string;
  readonly path?: string;
  readonly #settings: ListenerSettings;
  readonly #context: ListenerContext;
  readonly #server: Server;
  readonly #trustsProxy: ((address: string) => boolean) | undefined;
  readonly #tls: TlsTerminator | undefined;
  readonly #upgrade: WebSocketUpgrade | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #closed: Promise<void> | undefined;

  constructor(settings: ListenerSettings, context: ListenerContext) {
    this.name = settings.name;
    this.protocol = settings.protocol;
    this.host = settings.host;
    this.#settings = settings;
    this.#context = context;
    this.#trustsProxy =
      settings.proxyProtocol && trustedProxies(settings.name, settings.proxyProtocol.trusted);
    if (settings.protocol === 'ws' || settings.protocol === 'wss') {
      this.path = settings.path;
      this.#upgrade = new WebSocketUpgrade(settings, context);
    }
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = settings.maxConnections;
    this.#server.on('drop', (dropped) => this.#dropped(dropped));
    if (settings.protocol === 'tls' || settings.protocol === 'wss') {
      this.#tls = new TlsTerminator(this.name, settings.protocol, requiredTls(settings), context);
    }
  }

  get port(): number {
    return this.#port;
  }

  listen(): Promise<void> {
    const { host, port } = this.#settings;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const refused = (error: NodeJS.ErrnoException): void => {
      this.#tls?.close();
      reject(listenError(this.#settings, error));
    };
    this.#server.once('error', refused);
    this.#server.listen({ host, port }, () => {
      this.#server.off('error', refused);
      this.#server.on('error', (error) => this.#acceptFailed(error));
      this.#port = (this.#server.address() as AddressInfo).port;
      resolve();
    });
    return promise;
  }

  async stopAccepting(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async reloadTls(): Promise<void> {
    this.#tls?.reload();
  }

  async updateTls(settings: TlsSettings): Promise<void> {
    this.#tls?.update(settings);
  }

  async close(): Promise<void> {
    this.stopAccepting();
    this.#tls?.close();
    const gone = [...this.#sockets].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('close', () => resolve());
          socket.destroy();
        }),
    );
    await Promise.all([this.#closed, ...gone]);
  }

  #accept(socket: Socket): void {
    socket.on('error', ignore);
    const ticket = this.#context.admit();
    if (ticket === undefined) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      ticket.release();
    });
    const address = canonicalAddress(socket.remoteAddress ?? '');
    const port = socket.remotePort;
    // Without an address the peer has already gone.
    if (address === undefined || port === undefined) socket.destroy();
    else this.#readProxyHeader({ listener: this.name, socket, remote: { address, port } });
  }

  /** Row P9: only from trusted addresses, and from those always. */
  #readProxyHeader(arrival: Arrival): void {
    const { socket, remote } = arrival;
    if (this.#trustsProxy === undefined) {
      this.#secure(arrival);
      return;
    }
    if (!this.#trustsProxy(remote.address)) {
      this.#context.log('proxy_untrusted', { listener: this.name, ...remote });
      socket.destroy();
      return;
    }
    const cancelTimer = limitPhase('proxy header', this.#context.connectTimeout, arrival, this.#context);
    const finished = (source: RemoteEndpoint | undefined): void => {
      cancelTimer();
      this.#secure({ ...arrival, remote: source ?? remote });
    };
    readProxyHeader(socket, finished, (reason) => {
      this.#context.log('proxy_header_refused', { listener: this.name, ...remote, reason });
      socket.destroy();
    });
  }

  #secure(arrival: Arrival): void {
    if (this.#tls === undefined) this.#handOver(arrival, arrival.socket, undefined);
    else this.#tls.secure(arrival, (socket, certificate) => this.#handOver(arrival, socket, certificate));
  }

  /** `socket` is the arrival's own, or TLS over it. */
  #handOver(arrival: Arrival, socket: Socket, certificate: Buffer | undefined): void {
    const peer: Peer = {
      listener: this.name,
      protocol: this.protocol,
      ...arrival.remote,
      ...(certificate === undefined ? {} : { certificate }),
    };
    if (this.#upgrade === undefined) {
      const { clock, limits } = this.#context;
      this.#context.onChannel(new SocketChannel(socket, peer, clock, limits.closeLinger));
    } else {
      this.#upgrade.accept(socket, arrival, peer);
    }
  }

  #dropped(dropped: DropArgument | undefined): void {
    this.#context.log('connection_limit_reached', {
      listener: this.name,
      address: canonicalAddress(dropped?.remoteAddress ?? ''),
      port: dropped?.remotePort,
      max_connections: this.#settings.maxConnections,
    });
  }

  #acceptFailed(error: Error): void {
    this.#context.log('accept_failed', { listener: this.name, reason: error.message });
  }
}

function requiredTls({ name, tls }: ListenerSettings): TlsSettings {
  if (tls !== undefined) return tls;
  throw new ListenerError(name, {
    field: 'tls',
    value: '',
    message: 'is missing on a secure listener',
    remedy: 'give tls.cert_file and tls.key_file',
  });
}

function trustedProxies(listener: string, trusted: readonly string[]): (address: string) => boolean {
  try {
    return addressMatcher(trusted);
  } catch (error) {
    throw new ListenerError(listener, {
      field: 'proxy_protocol.trusted',
      value: error instanceof RangeError ? error.message : '',
      message: 'is neither an address nor a CIDR block',
      remedy: 'write it as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
    });
  }
}

const listenRemedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop the program that has this port, or give another port (0 lets the system choose)',
  EACCES: 'give a port above 1023, or grant the right to bind low ports',
  EADDRNOTAVAIL: 'give an address of this machine, or 0.0.0.0 for all',
  ENOTFOUND: 'give an address of this machine, or 0.0.0.0 for all',
};

function listenError({ name, host, port }: ListenerSettings, error: NodeJS.ErrnoException): ListenerError {
  const code = error.code ?? error.message;
  const problem = {
    field: 'host and port',
    value: `${host}:${port}`,
    message: `cannot be listened on (${code})`,
    remedy: listenRemedies[code] ?? 'give another host or port',
  };
  return new ListenerError(name, problem, { cause: error });
}

/** An error is followed by 'close', which says all there is to say. */
function ignore(): void {}
