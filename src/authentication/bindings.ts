import type { VariableBindings } from '../authorization/permission.ts';
import type { Principal } from './principal.ts';

/**
 * What topic templates may use of a principal (row A1): only what is proven. `clientId` is the one in use, as sent or
 * assigned; it counts only when the credential itself names it or the operator chose to trust it (TH27).
 */
export function bindingsOf(
  principal: Principal,
  clientId: string,
  policy: { readonly trustClientId: boolean },
): VariableBindings {
  const { username, boundClientId, attributes } = principal;
  const provenClientId = boundClientId ?? (policy.trustClientId ? clientId : undefined);
  return {
    ...(username !== undefined && { username }),
    ...(provenClientId !== undefined && { clientId: provenClientId }),
    attributes,
  };
}
