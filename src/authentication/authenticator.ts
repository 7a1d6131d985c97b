import type { AnonymousSettings, SecurityDocument } from '../config/configuration.ts';
import type { ChainOutcome } from './chain.ts';
import { authenticateThroughChain } from './chain.ts';
import type { ClientDirectory } from './client-directory.ts';
import { buildDirectory } from './client-directory.ts';
import type { PasswordHasher } from './password-hashing.ts';
import type { Principal, ProviderName } from './principal.ts';
import type { AuthenticationProvider, Credentials } from './provider.ts';
import { anonymousProvider } from './providers/anonymous/anonymous-provider.ts';
import { basicProvider } from './providers/basic/basic-provider.ts';
import type { GoneReason } from './refresh-principal.ts';
import { refreshPrincipal } from './refresh-principal.ts';

/** Who may come in, under one configuration. Immutable: a reload makes another one. */
export class Authenticator {
  readonly directory: ClientDirectory;
  readonly #anonymous: AnonymousSettings | false;
  readonly #providers: readonly AuthenticationProvider[];
  readonly #anonymousProvider: AuthenticationProvider | undefined;
  readonly #stopOnReject: ReadonlySet<ProviderName>;
  readonly #onListener: ReadonlyMap<string, readonly string[]>;

  private constructor(directory: ClientDirectory, options: AuthenticatorOptions) {
    const { security, anonymous, hasher, listenerProviders } = options;
    this.directory = directory;
    this.#anonymous = anonymous;
    // Row T3: in the configured order; what is not named is off, and an empty order lets nobody in.
    this.#providers = security.providers.order
      .filter((name) => name === 'basic')
      .map(() => basicProvider(() => directory, hasher));
    this.#anonymousProvider = anonymous === false ? undefined : anonymousProvider(anonymous, () => directory);
    this.#stopOnReject = new Set<ProviderName>(security.providers.basic.stopOnReject ? ['basic'] : []);
    this.#onListener = listenerProviders;
  }

  /**
   * Hashes the plain passwords of the document, except those that `previous` has hashed already.
   * @throws DirectoryError with every record that could admit somebody it should not
   */
  static async create(options: AuthenticatorOptions, previous?: Authenticator): Promise<Authenticator> {
    const directory = await buildDirectory(options.security, options.hasher, previous?.directory);
    return new Authenticator(directory, options);
  }

  /** Asks the providers that serve the listener on which the credentials came. */
  authenticate(credentials: Credentials): Promise<ChainOutcome> {
    const onListener = this.#onListener.get(credentials.peer.listener);
    return authenticateThroughChain(
      this.#providers,
      {
        stopOnReject: this.#stopOnReject,
        ...(this.#anonymousProvider && { anonymous: this.#anonymousProvider }),
        ...(onListener && { onListener }),
      },
      credentials,
    );
  }

  /** The same principal with its present rights, or why it would not be let in now. */
  refresh(principal: Principal): Principal | { readonly gone: GoneReason } {
    return refreshPrincipal(principal, this.directory, this.#anonymous);
  }
}

export interface AuthenticatorOptions {
  readonly security: SecurityDocument;
  readonly anonymous: AnonymousSettings | false;
  readonly hasher: PasswordHasher;
  /** `providers` of each listener that names some. */
  readonly listenerProviders: ReadonlyMap<string, readonly string[]>;
}
