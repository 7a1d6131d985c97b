import type { Socket } from 'node:net';
import type { CancelTimer } from '../runtime/clock.ts';
import type { ListenerContext } from './listener-context.ts';
import type { RemoteEndpoint } from './remote-address.ts';

/** What a peer must have finished in time before its bytes count as MQTT. */
export type HandshakePhase = 'proxy header' | 'tls handshake' | 'http upgrade';

/** A connection on its way to MQTT. */
export interface Arrival {
  /** Name of the listener. */
  readonly listener: string;
  /** The accepted socket; what TLS or HTTP make of it ends with it. */
  readonly socket: Socket;
  readonly remote: RemoteEndpoint;
}

/**
 * Destroys the connection unless the returned function is called within so many milliseconds. A peer that drips bytes
 * gains nothing by it (TH19).
 */
export function limitPhase(
  phase: HandshakePhase,
  milliseconds: number,
  { listener, socket, remote }: Arrival,
  { clock, log }: Pick<ListenerContext, 'clock' | 'log'>,
): CancelTimer {
  const cancel = clock.after(milliseconds, () => {
    log('handshake_timeout', { listener, ...remote, phase, milliseconds });
    socket.destroy();
  });
  socket.once('close', cancel);
  return () => {
    socket.off('close', cancel);
    cancel();
  };
}
