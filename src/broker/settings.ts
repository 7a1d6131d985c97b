import type { MqttSettings, PolicySettings } from '../config/configuration.ts';

/** The part of the configuration that handlers read. Replaced as a whole on reload; connections keep what they began with. */
export interface BrokerSettings {
  readonly serverName: string;
  readonly mqtt: MqttSettings;
  readonly policy: PolicySettings;
}

/** Most unacknowledged messages towards one client where nothing is configured (row N6). */
export const DEFAULT_ACK_PENDING = 1024;
