import type { Peer } from '../transport/peer.ts';
import type { Principal, ProviderName } from './principal.ts';

/** What a CONNECT brings to prove who sends it. Nothing here is proven. */
export interface Credentials {
  /** As sent; empty when the client asks for an assigned one. */
  readonly clientId: string;
  readonly username?: string;
  readonly password?: Buffer;
  /** MQTT 5 Authentication Method and Data. */
  readonly authenticationMethod?: string;
  readonly authenticationData?: Buffer;
  readonly peer: Peer;
  /** False once nobody waits for the answer: long work need not begin. Absent = always. */
  readonly isWanted?: () => boolean;
}

/** Why a rejection ends the chain whatever `stop_on_reject` says (SPEC.md §1). */
export type FinalRejection = 'disabled' | 'revoked' | 'expired' | 'banned' | 'not-owner';

/**
 * The five ways a provider can answer. `detail` is for the operator's log; it never reaches the peer and holds no secret.
 */
export type AuthenticationResult =
  | { readonly kind: 'authenticated'; readonly principal: Principal }
  | { readonly kind: 'not-applicable'; readonly detail: string }
  | { readonly kind: 'rejected'; readonly detail: string; readonly final?: FinalRejection }
  | { readonly kind: 'challenge'; readonly data: Buffer; readonly exchange: AuthenticationExchange }
  /** `overload`: not a backend is down but we have too much to do; refused whatever `on_unavailable` says (row P10). */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly overload?: boolean };

/** A challenge under way: the client's next AUTH data gives the next result. */
export interface AuthenticationExchange {
  answer(data: Buffer): Promise<AuthenticationResult>;
}

/** One authentication method. */
export interface AuthenticationProvider {
  readonly name: ProviderName;
  /** Never throws for anything the peer sent; a thrown error counts as `unavailable`. */
  authenticate(credentials: Credentials): Promise<AuthenticationResult>;
}
