import { CodecError } from '../codec/codec-error.ts';
import type { Disconnect } from '../codec/control-packet.ts';
import { mayCarry, reasonCodes } from '../codec/reason-codes.ts';
import type { Accepted, ClientConnection } from './client-connection.ts';

const NEVER_EXPIRES = 0xffff_ffff;

/** DISCONNECT from the client: the connection ends, with reason 0 the will is discarded. */
export function handleDisconnect(client: ClientConnection, packet: Disconnect): void {
  const { session } = client.accepted as Accepted;
  if (!mayCarry('disconnect', packet.reasonCode, 'client')) {
    throw new CodecError(
      reasonCodes.protocolError,
      `DISCONNECT: reason code ${packet.reasonCode} is not a client's to send`,
    );
  }
  const seconds = packet.properties.sessionExpiryInterval;
  if (seconds !== undefined) {
    // Section 3.14.2.2.2: a session that was to end with its connection cannot be kept now.
    if (session.expiryInterval === 0 && seconds > 0) {
      throw new CodecError(
        reasonCodes.protocolError,
        'DISCONNECT: Session Expiry Interval was 0 and is raised',
      );
    }
    const asked = seconds === NEVER_EXPIRES ? Number.POSITIVE_INFINITY : seconds * 1000;
    session.expiryInterval = Math.min(asked, client.settings.mqtt.maxSessionExpiry);
  }
  client.willDiscarded = packet.reasonCode === reasonCodes.success; // [MQTT-3.14.4-3]
  client.closeReason = `DISCONNECT 0x${packet.reasonCode.toString(16).padStart(2, '0')} from the client`;
  client.connection.close(); // [MQTT-3.14.4-2]: a client that does not close is closed.
}
