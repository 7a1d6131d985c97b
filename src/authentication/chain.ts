import type { Principal, ProviderName } from './principal.ts';
import type {
  AuthenticationExchange,
  AuthenticationProvider,
  AuthenticationResult,
  Credentials,
  FinalRejection,
} from './provider.ts';

export interface ChainOptions {
  /** Providers whose rejection ends the chain. */
  readonly stopOnReject?: ReadonlySet<ProviderName>;
  /** Providers that are passed over while they are unavailable. */
  readonly nextOnUnavailable?: ReadonlySet<ProviderName>;
  /** Stands behind the order and apart from it. */
  readonly anonymous?: AuthenticationProvider;
  /** The listener's `providers`: those that serve it, `anonymous` included; absent = all. */
  readonly onListener?: readonly string[];
}

/** Why a CONNECT is refused. The peer learns less: every failed credential has one code (row P4). */
export type RefusalCause = 'bad-credentials' | 'unavailable' | 'overload' | 'unknown-method' | FinalRejection;

/** What one provider said, for the operator's log. */
export interface AuthenticationAttempt {
  readonly provider: ProviderName;
  readonly result: AuthenticationResult['kind'];
  readonly detail: string;
}

export type ChainOutcome =
  | { readonly kind: 'authenticated'; readonly principal: Principal }
  | {
      readonly kind: 'challenge';
      readonly provider: ProviderName;
      readonly data: Buffer;
      readonly exchange: AuthenticationExchange;
    }
  | {
      readonly kind: 'refused';
      readonly cause: RefusalCause;
      readonly attempts: readonly AuthenticationAttempt[];
    };

/** The result of one provider, as far as it leaves the chain a choice. */
type Failure = Exclude<AuthenticationResult, { kind: 'authenticated' | 'challenge' }>;

/**
 * Asks the providers in order (SPEC.md §1): `authenticated` and `challenge` end the chain, `not-applicable` and
 * `rejected` go on unless the rejection is final or the provider stops on it, `unavailable` refuses unless it is to be
 * passed over. Whoever is left at the end is refused; an empty order lets nobody in. Never throws for what a provider
 * does: a thrown error counts as unavailable.
 */
export async function authenticateThroughChain(
  providers: readonly AuthenticationProvider[],
  options: ChainOptions,
  credentials: Credentials,
): Promise<ChainOutcome> {
  // A method concerns only its own provider, and none of those that exist speaks one [MQTT-4.12.0-1].
  if (credentials.authenticationMethod !== undefined)
    return { kind: 'refused', cause: 'unknown-method', attempts: [] };
  const everyone = options.anonymous === undefined ? providers : [...providers, options.anonymous];
  const chain = everyone.filter(({ name }) => options.onListener?.includes(name) ?? true);
  const attempts: AuthenticationAttempt[] = [];
  for (const provider of chain) {
    const result = await ask(provider, credentials);
    if (result.kind === 'authenticated') return { kind: 'authenticated', principal: result.principal };
    if (result.kind === 'challenge') {
      return { kind: 'challenge', provider: provider.name, data: result.data, exchange: result.exchange };
    }
    attempts.push({ provider: provider.name, result: result.kind, detail: result.detail });
    const cause = endingCause(result, provider.name, options);
    if (cause !== undefined) return { kind: 'refused', cause, attempts };
  }
  return { kind: 'refused', cause: 'bad-credentials', attempts };
}

async function ask(
  provider: AuthenticationProvider,
  credentials: Credentials,
): Promise<AuthenticationResult> {
  try {
    return await provider.authenticate(credentials);
  } catch (error) {
    const text =
      error instanceof Error ? `${error.name}: ${error.message}` : 'threw something that is no error';
    return { kind: 'unavailable', detail: `the provider failed: ${text}` };
  }
}

/** Why the chain ends with this result, or undefined when the next provider is asked. */
function endingCause(result: Failure, name: ProviderName, options: ChainOptions): RefusalCause | undefined {
  switch (result.kind) {
    case 'not-applicable':
      return undefined;
    case 'rejected':
      return result.final ?? (options.stopOnReject?.has(name) ? 'bad-credentials' : undefined);
    case 'unavailable':
      if (result.overload) return 'overload';
      return options.nextOnUnavailable?.has(name) ? undefined : 'unavailable';
  }
}
