export interface ListenerProblem {
  /** Key below the listener: `tls.cert_file`. */
  readonly field: string;
  /** The offending value; never a secret. */
  readonly value: string;
  readonly message: string;
  readonly remedy: string;
}

/** A listener that cannot be opened or reloaded; the message names listener, field, value and remedy. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError';
  readonly listener: string;
  readonly problem: ListenerProblem;

  constructor(listener: string, problem: ListenerProblem, options?: ErrorOptions) {
    const { field, value, message, remedy } = problem;
    super(
      `listener ${JSON.stringify(listener)}: ${field} ${JSON.stringify(value)}: ${message}; ${remedy}`,
      options,
    );
    this.listener = listener;
    this.problem = problem;
  }
}
