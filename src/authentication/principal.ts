import type { AttributeValue, PermissionSet } from '../authorization/permission.ts';

export type { AttributeValue };

export const clientTypes = ['DEVICE', 'APPLICATION'] as const;
export type ClientType = (typeof clientTypes)[number];

/** The methods of row T3 that exist so far; `anonymous` stands apart from the order. */
export const providerNames = ['basic', 'anonymous'] as const;
export type ProviderName = (typeof providerNames)[number];

/** What authentication proved. Everything later (ownership, templates, conditions) rests on this and not on CONNECT. */
export interface Principal {
  /** Owner of sessions (row A8), comparable as text, never shown to the peer. */
  readonly identityKey: string;
  readonly provider: ProviderName;
  /** The name that the provider proved; absent when it proved none (row A1). */
  readonly username?: string;
  /** The client id when the credential itself names it; then `${clientId}` is bound (row A1). */
  readonly boundClientId?: string;
  /** Name of the stored client that matched. */
  readonly client?: string;
  /** Mark of the stored credential that was proven: another one when the credential is changed. Gives nothing away. */
  readonly credential?: string;
  readonly clientType: ClientType;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Connection types that the client may use; absent = all (row N10). */
  readonly allowedConnectionTypes?: readonly ConnectionType[];
  /** Roles, groups and own permissions, resolved: their union holds (row C5). */
  readonly permissions: readonly PermissionSet[];
  /** Wall-clock milliseconds after which the credential is no longer valid. */
  readonly expiresAt?: number;
}

export const connectionTypes = ['STANDARD', 'WEBSOCKET', 'LEAFNODE', 'MQTT', 'MQTT_WS'] as const;
export type ConnectionType = (typeof connectionTypes)[number];
