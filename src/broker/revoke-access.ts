import { reasonCodes } from '../codec/reason-codes.ts';
import type { Broker } from './broker.ts';
import { mayUseListener } from './connection-type.ts';
import { judgeSubscriptions } from './subscription-rights.ts';

/**
 * The configuration in force has changed: every connected client, and every will that waits, gets its present rights.
 * Who would not be let in any more is disconnected; nobody else notices.
 */
export function applyRights(broker: Broker): void {
  for (const policy of broker.wills.policies()) {
    const principal = broker.authenticator.refresh(policy.principal);
    const { trustClientId } = broker.settings.policy;
    policy.replace('gone' in principal ? { ...policy.principal, permissions: [] } : principal, trustClientId);
  }
  for (const client of [...broker.connections]) {
    const { accepted } = client;
    if (accepted === undefined) continue;
    const { policy, session } = accepted;
    const principal = broker.authenticator.refresh(policy.principal);
    if ('gone' in principal) {
      broker.log('access_revoked', { ...client.logFields, cause: principal.gone });
      // Its will is judged with no rights at all: a client that is gone says nothing more.
      policy.replace({ ...policy.principal, permissions: [] });
      client.disconnect(reasonCodes.administrativeAction, `access revoked: ${principal.gone}`);
      continue;
    }
    policy.replace(principal, broker.settings.policy.trustClientId);
    judgeSubscriptions(broker, session, policy);
    if (mayUseListener(principal, client.connection.channel.peer.protocol)) continue;
    broker.log('access_revoked', { ...client.logFields, cause: 'connection-type' });
    client.disconnect(reasonCodes.notAuthorized, 'access revoked: connection-type');
  }
}
