import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerOptions } from 'ws';
import { WebSocketServer } from 'ws';
import type { ListenerSettings } from '../config/configuration.ts';
import type { CancelTimer } from '../runtime/clock.ts';
import type { ListenerContext } from './listener-context.ts';
import type { Peer } from './peer.ts';
import type { Arrival } from './phase-timer.ts';
import { limitPhase } from './phase-timer.ts';
import { WebSocketChannel } from './websocket-channel.ts';

const KIB = 1024;
const HEADER_BYTES_MAX = 16 * KIB;
/** A message may hold several packets: room for small ones beside the largest, and never less than this. */
const MESSAGE_BYTES_MIN = KIB * KIB;
const MESSAGE_EXTRA_BYTES = 64 * KIB;

/** Offered by the client, chosen by us, in our order of preference. */
const subprotocols = ['mqtt', 'mqttv3.1'] as const;

interface HttpRefusal {
  readonly status: 400 | 403 | 404 | 426;
  /** For the peer: the minimum. */
  readonly text: string;
}

interface Upgrade {
  readonly arrival: Arrival;
  readonly peer: Peer;
  readonly cancelTimer: CancelTimer;
}

/** Turns connections into WebSocket channels by the HTTP/1.1 upgrade (RFC 6455, section 4.2). */
export class WebSocketUpgrade {
  readonly #settings: ListenerSettings;
  readonly #context: ListenerContext;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  /** The connections whose upgrade is awaited. */
  readonly #upgrades = new WeakMap<Duplex, Upgrade>();

  constructor(settings: ListenerSettings, context: ListenerContext) {
    this.#settings = settings;
    this.#context = context;
    // It listens on nothing: the listener hands it connections that have passed PROXY header and TLS.
    this.#http = createServer({ maxHeaderSize: HEADER_BYTES_MAX });
    this.#http.on('request', (request, response) => this.#plainRequest(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#upgradeRequest(request, socket, head));
    this.#webSockets = new WebSocketServer(webSocketOptions(context));
  }

  /** Awaits the upgrade on `socket`, which is the arrival's own or TLS over it. */
  accept(socket: Socket, arrival: Arrival, peer: Peer): void {
    const cancelTimer = limitPhase('http upgrade', this.#context.connectTimeout, arrival, this.#context);
    this.#upgrades.set(socket, { arrival, peer, cancelTimer });
    this.#http.emit('connection', socket);
  }

  #plainRequest(request: IncomingMessage, response: ServerResponse): void {
    const refusal: HttpRefusal = this.#pathRefusal(request) ?? {
      status: 426,
      text: 'This is MQTT over WebSocket; upgrade to websocket with the subprotocol mqtt.',
    };
    response.writeHead(refusal.status, {
      ...refusalHeaders(refusal),
      Connection: refusal.status === 426 ? 'close, upgrade' : 'close',
      ...(refusal.status === 426 ? { Upgrade: 'websocket' } : {}),
    });
    response.end(refusal.text);
  }

  #upgradeRequest(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const upgrade = this.#upgrades.get(stream);
    if (upgrade === undefined) {
      stream.destroy();
      return;
    }
    const refusal = this.#pathRefusal(request) ?? this.#originRefusal(request) ?? subprotocolRefusal(request);
    if (refusal !== undefined) {
      this.#refuse(stream, upgrade, request, refusal);
      return;
    }
    this.#webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      upgrade.cancelTimer();
      const { clock, limits } = this.#context;
      const channel = new WebSocketChannel(webSocket, stream as Socket, upgrade.peer, {
        clock,
        unansweredBytesMax: limits.connectPacketBytes + limits.pipelinedBytes,
        violationLinger: limits.closeLinger,
      });
      this.#context.onChannel(channel);
    });
  }

  #pathRefusal(request: IncomingMessage): HttpRefusal | undefined {
    const [path] = (request.url ?? '').split('?', 1);
    return path === this.#settings.path ? undefined : { status: 404, text: 'No MQTT here.' };
  }

  /**
   * Browsers say which site a script came from, and send the same request for any site. So an Origin is let in only
   * when it is on the list; programs that are no browsers send none.
   */
  #originRefusal(request: IncomingMessage): HttpRefusal | undefined {
    const origin = request.headers.origin;
    const allowed = this.#settings.allowedOrigins;
    if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return undefined;
    return { status: 403, text: 'This origin may not connect.' };
  }

  /** The peer may be slow to take the answer: the upgrade's timer stays. */
  #refuse(stream: Duplex, { arrival, peer }: Upgrade, request: IncomingMessage, refusal: HttpRefusal): void {
    this.#context.log('websocket_refused', {
      listener: arrival.listener,
      address: peer.address,
      port: peer.port,
      status: refusal.status,
      reason: refusal.text,
      origin: request.headers.origin,
    });
    const headers = Object.entries({ ...refusalHeaders(refusal), Connection: 'close' });
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    stream.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines}\r\n${refusal.text}`);
    stream.resume();
  }
}

function webSocketOptions({ limits, maxPacketSize }: ListenerContext): ServerOptions {
  // closeTimeout: ws itself gives up on a peer that does not finish the closing handshake.
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // Text is refused whatever it holds.
    skipUTF8Validation: true,
    maxPayload: Math.max(MESSAGE_BYTES_MIN, maxPacketSize + MESSAGE_EXTRA_BYTES),
    closeTimeout: limits.closeLinger,
    // [MQTT-6.0.0-4]
    handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? false,
  };
  return options;
}

/** [MQTT-6.0.0-3]: a client that offers no MQTT subprotocol is refused. */
function subprotocolRefusal(request: IncomingMessage): HttpRefusal | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (subprotocols.some((name) => offered.includes(name))) return undefined;
  return { status: 400, text: `Offer the WebSocket subprotocol ${subprotocols.join(' or ')}.` };
}

function refusalHeaders({ text }: HttpRefusal): Record<string, string> {
  return { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(Buffer.byteLength(text)) };
}
