import type { Session } from '../session/session.ts';
import type { Broker } from './broker.ts';
import type { PrincipalPolicy } from './policy.ts';

/**
 * Row A6: holds a session's subscriptions against its present rights. One that is no longer covered is suspended: kept,
 * and without effect until the right returns. One that is proven whole needs no check at delivery.
 */
export function judgeSubscriptions(broker: Broker, session: Session, policy: PrincipalPolicy): void {
  for (const subscription of session.subscriptions.values()) {
    const decision = policy.compiled.covers(subscription.filter);
    subscription.provenEpoch = decision.granted && decision.complete ? policy.epoch : -1;
    if (decision.granted === !subscription.suspended) continue;
    subscription.suspended = !decision.granted;
    const fields = { client_id: session.clientId, filter: subscription.requested };
    if (subscription.suspended) {
      broker.router.unsubscribe(session, subscription.filter, subscription.group);
      broker.log('subscription_suspended', fields);
    } else {
      broker.router.subscribe(subscription);
      broker.log('subscription_resumed', fields);
    }
  }
}
