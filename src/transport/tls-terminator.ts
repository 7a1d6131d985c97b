import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server, TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import type { TlsSettings } from '../config/configuration.ts';
import type { CancelTimer } from '../runtime/clock.ts';
import { FileWatcher } from './file-watcher.ts';
import type { ListenerContext } from './listener-context.ts';
import type { ListenerProtocol } from './peer.ts';
import type { Arrival } from './phase-timer.ts';
import { limitPhase } from './phase-timer.ts';
import type { TlsMaterial } from './tls-files.ts';
import { loadTlsMaterial, tlsFingerprint, tlsPaths } from './tls-files.ts';

export type SecureProtocol = Extract<ListenerProtocol, 'tls' | 'wss'>;

/** A client that offers application protocols must offer this one (RFC 7301, 3.2). */
const applicationProtocol = { tls: 'mqtt', wss: 'http/1.1' } as const satisfies Record<
  SecureProtocol,
  string
>;

/** What comes out of a handshake; the certificate only when the listener verifies and this one has been verified. */
export type Secured = (socket: TLSSocket, certificate: Buffer | undefined) => void;

interface Handshake {
  readonly arrival: Arrival;
  readonly cancelTimer: CancelTimer;
  readonly secured: Secured;
}

/**
 * Emptied when the handshake is over: whatever starts later on this connection (a session's timer of days, say) keeps
 * the asynchronous context, and must not keep the socket with it.
 */
interface HandshakeSlot {
  handshake: Handshake | undefined;
}

/** The TLS side of a tls or wss listener: handshakes, and the files that they rest on. */
export class TlsTerminator {
  readonly #listener: string;
  readonly #protocol: SecureProtocol;
  readonly #context: ListenerContext;
  readonly #watcher: FileWatcher;
  /** tls.Server reports a handshake's end without saying which socket it was given; the asynchronous context knows. */
  readonly #handshakes = new AsyncLocalStorage<HandshakeSlot>();
  #settings: TlsSettings;
  /** Never listens. A reload makes a new one, ticket keys included; handshakes under way go on with the old. */
  #server: Server;
  /** Of the files as they were last tried, good or bad. */
  #triedFingerprint: string | undefined;

  /** Throws ListenerError when the files cannot serve. */
  constructor(listener: string, protocol: SecureProtocol, settings: TlsSettings, context: ListenerContext) {
    this.#listener = listener;
    this.#protocol = protocol;
    this.#context = context;
    this.#settings = settings;
    this.#server = this.#serverFor(settings, this.#load(settings));
    this.#watcher = new FileWatcher(context.clock, {
      changed: () => this.#filesMayHaveChanged(),
      failed: (folder, error) => this.#watchFailed(folder, error),
    });
    this.#watcher.follow(tlsPaths(settings));
  }

  /** Hands the socket to TLS. `secured` is called when the handshake is good; otherwise the connection is destroyed. */
  secure(arrival: Arrival, secured: Secured): void {
    const cancelTimer = limitPhase('tls handshake', this.#settings.handshakeTimeout, arrival, this.#context);
    const slot: HandshakeSlot = { handshake: { arrival, cancelTimer, secured } };
    // A certificate that Node refuses is reported from the raw socket's close, outside the handshake's own context.
    arrival.socket.once('close', () => this.#handshakes.enterWith(slot));
    this.#handshakes.run(slot, () => this.#server.emit('connection', arrival.socket));
  }

  /** Reads the files again. Throws ListenerError, and keeps what it has, when they cannot serve. */
  reload(): void {
    this.update(this.#settings);
  }

  /** Takes other settings; all or nothing, as `reload`. */
  update(settings: TlsSettings): void {
    try {
      this.#server = this.#serverFor(settings, this.#load(settings));
      this.#settings = settings;
      this.#context.log('tls_reloaded', { listener: this.#listener, files: tlsPaths(settings) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.log('tls_reload_failed', {
        listener: this.#listener,
        reason,
        kept: 'the last good files',
      });
      throw error;
    } finally {
      this.#watcher.follow(tlsPaths(this.#settings));
    }
  }

  close(): void {
    this.#watcher.close();
  }

  #filesMayHaveChanged(): void {
    if (tlsFingerprint(this.#settings) === this.#triedFingerprint) {
      this.#watcher.follow(tlsPaths(this.#settings));
      return;
    }
    try {
      this.reload();
    } catch {
      // It is in the log, and the last good files serve on.
    }
  }

  #watchFailed(folder: string, error: Error): void {
    this.#context.log('tls_watch_failed', {
      listener: this.#listener,
      folder,
      reason: error.message,
      remedy: 'reload with SIGHUP after the files have changed',
    });
  }

  #load(settings: TlsSettings): TlsMaterial {
    this.#triedFingerprint = tlsFingerprint(settings);
    const material = loadTlsMaterial(this.#listener, settings);
    const { validFrom, validTo } = material;
    const now = this.#context.clock.now();
    if (now < validFrom.getTime() || now > validTo.getTime()) {
      this.#context.log('tls_certificate_invalid_now', {
        listener: this.#listener,
        file: settings.certFile,
        valid_from: validFrom,
        valid_to: validTo,
        remedy: 'clients that check will refuse it: issue a new certificate',
      });
    }
    return material;
  }

  #serverFor({ verify }: TlsSettings, { options }: TlsMaterial): Server {
    const server = createServer({ ...options, ALPNProtocols: [applicationProtocol[this.#protocol]] });
    server.on('secureConnection', (socket) => this.#finished(socket, verify));
    server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
    return server;
  }

  #finished(socket: TLSSocket, verify: boolean): void {
    socket.on('error', ignore);
    const handshake = this.#takeHandshake();
    if (handshake === undefined) {
      socket.destroy();
      return;
    }
    handshake.cancelTimer();
    if (!verify) {
      handshake.secured(socket, undefined);
      return;
    }
    // Node has refused what does not verify; this is the line that nothing unverified passes, resumed sessions included.
    const certificate =
      socket.authorized && !socket.isSessionReused() ? socket.getPeerX509Certificate()?.raw : undefined;
    if (certificate === undefined) {
      this.#logFailure(handshake, 'the session shows no verified client certificate');
      socket.destroy();
    } else {
      handshake.secured(socket, certificate);
    }
  }

  #failed(error: Error, socket: TLSSocket): void {
    const refusal: unknown = socket.authorizationError;
    const code = 'code' in error ? String(error.code) : error.message;
    const reason = refusal == null ? code : `client certificate refused: ${String(refusal)}`;
    this.#logFailure(this.#takeHandshake(), reason);
  }

  /** The one that the event at hand ends. */
  #takeHandshake(): Handshake | undefined {
    const slot = this.#handshakes.getStore();
    const handshake = slot?.handshake;
    if (slot !== undefined) slot.handshake = undefined;
    return handshake;
  }

  #logFailure(handshake: Handshake | undefined, reason: string): void {
    this.#context.log('tls_handshake_failed', {
      listener: this.#listener,
      ...handshake?.arrival.remote,
      reason,
    });
  }
}

/** An error is followed by 'close', which says all there is to say. */
function ignore(): void {}
