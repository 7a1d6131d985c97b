import type { Socket } from 'node:net';
import { parseProxyHeader } from './proxy-protocol.ts';
import type { RemoteEndpoint } from './remote-address.ts';

/**
 * Takes the PROXY header off a fresh connection and leaves every later byte in the socket, for TLS, HTTP or MQTT.
 * Calls one of the two functions once, or none when the peer closes first. The caller bounds the time.
 */
export function readProxyHeader(
  socket: Socket,
  finished: (source: RemoteEndpoint | undefined) => void,
  refused: (reason: string) => void,
): void {
  let received: Buffer = Buffer.alloc(0);
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const header = parseProxyHeader(received);
    if (header.kind === 'incomplete') return;
    socket.off('readable', onReadable);
    if (header.kind === 'malformed') {
      refused(header.reason);
      return;
    }
    const rest = received.subarray(header.byteLength);
    if (rest.length > 0) socket.unshift(rest);
    finished(header.source);
  };
  socket.on('readable', onReadable);
}
