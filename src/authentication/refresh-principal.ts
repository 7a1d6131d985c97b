import type { AnonymousSettings } from '../config/configuration.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Principal } from './principal.ts';
import { anonymousPrincipal } from './providers/anonymous/anonymous-provider.ts';

/** Why a live principal is one no more. */
export type GoneReason = 'deleted' | 'disabled' | 'credential-changed' | 'provider-off';

/**
 * A live session's principal under a newer directory (row A6): with its permissions of now, or the reason why it would
 * not be let in again. The client type stays what it was until the next CONNECT (row T11).
 */
export function refreshPrincipal(
  principal: Principal,
  directory: ClientDirectory,
  anonymous: AnonymousSettings | false,
): Principal | { readonly gone: GoneReason } {
  const now =
    principal.provider === 'anonymous'
      ? currentAnonymous(directory, anonymous)
      : currentClient(principal, directory);
  return typeof now === 'string' ? { gone: now } : { ...now, clientType: principal.clientType };
}

function currentAnonymous(
  directory: ClientDirectory,
  settings: AnonymousSettings | false,
): Principal | GoneReason {
  return settings === false ? 'provider-off' : anonymousPrincipal(settings, directory);
}

function currentClient(principal: Principal, directory: ClientDirectory): Principal | GoneReason {
  const client = principal.client === undefined ? undefined : directory.clients.get(principal.client);
  if (client === undefined) return 'deleted';
  if (!client.enabled) return 'disabled';
  if (!directory.providerOrder.includes(principal.provider)) return 'provider-off';
  return client.principal.credential === principal.credential ? client.principal : 'credential-changed';
}
