import { bindingsOf } from '../authentication/bindings.ts';
import type { Principal } from '../authentication/principal.ts';
import type { CompiledPolicy } from '../authorization/compile-policy.ts';
import { compilePolicy } from '../authorization/compile-policy.ts';

let lastEpoch = 0;

/**
 * The rights of one connected principal. Whenever they change the epoch does: decisions remembered under another epoch
 * are void. Epochs are never shared, so a decision cannot be mistaken for another client's.
 */
export class PrincipalPolicy {
  principal: Principal;
  compiled: CompiledPolicy;
  epoch: number;
  readonly #clientId: string;
  #trustClientId: boolean;

  /** `clientId` fills `${clientId}` only where the principal binds it or `trustClientId` says so (row A1). */
  constructor(principal: Principal, clientId: string, trustClientId: boolean) {
    this.#clientId = clientId;
    this.#trustClientId = trustClientId;
    this.principal = principal;
    this.compiled = this.#compile();
    this.epoch = ++lastEpoch;
  }

  /** The same client with other rights. */
  replace(principal: Principal, trustClientId = this.#trustClientId): void {
    this.#trustClientId = trustClientId;
    this.principal = principal;
    this.compiled = this.#compile();
    this.epoch = ++lastEpoch;
  }

  #compile(): CompiledPolicy {
    const bindings = bindingsOf(this.principal, this.#clientId, { trustClientId: this.#trustClientId });
    return compilePolicy(this.principal.permissions, bindings);
  }
}
