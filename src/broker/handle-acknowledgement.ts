import type { PublishAcknowledgement } from '../codec/control-packet.ts';
import { reasonCodes } from '../codec/reason-codes.ts';
import type { ClientConnection } from './client-connection.ts';

/** PUBACK, PUBREC and PUBCOMP: the client's part of a delivery to it. */
export function handleAcknowledgement(client: ClientConnection, packet: PublishAcknowledgement): void {
  const outbox = client.session?.outbox;
  if (outbox === undefined) return;
  const { packetId, reasonCode } = packet;
  switch (packet.type) {
    case 'puback':
      outbox.puback(packetId);
      break;
    case 'pubrec':
      if (!outbox.pubrec(packetId, reasonCode)) answerUnknownPubrec(client, packetId, reasonCode);
      break;
    case 'pubcomp':
      outbox.pubcomp(packetId);
      break;
    case 'pubrel':
      break; // handle-pubrel.ts
    default:
      packet.type satisfies never;
  }
  client.proceed();
}

/** 5.0 is told that its identifier is not known; in 3.x the flow is brought to its end. */
function answerUnknownPubrec(client: ClientConnection, packetId: number, reasonCode: number): void {
  if (reasonCode >= 0x80) return;
  if (client.connection.version !== 5) {
    client.connection.sendAcknowledgement('pubrel', packetId);
    return;
  }
  const { packetIdentifierNotFound } = reasonCodes;
  // No properties [MQTT-3.6.2-2] [MQTT-3.6.2-3].
  client.connection.send({ type: 'pubrel', packetId, reasonCode: packetIdentifierNotFound, properties: {} });
}
