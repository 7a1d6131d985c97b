import type { ConnectionType, Principal } from '../authentication/principal.ts';
import type { ListenerProtocol } from '../transport/peer.ts';

/** Row N10: over TCP and TLS a client needs MQTT, over WebSocket MQTT_WS. */
const neededConnectionType: Record<ListenerProtocol, ConnectionType> = {
  tcp: 'MQTT',
  tls: 'MQTT',
  ws: 'MQTT_WS',
  wss: 'MQTT_WS',
};

/** Whether the principal may connect over this kind of listener. */
export function mayUseListener(principal: Principal, protocol: ListenerProtocol): boolean {
  return principal.allowedConnectionTypes?.includes(neededConnectionType[protocol]) ?? true;
}
