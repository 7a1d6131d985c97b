import type { ConfigNode, FieldPath, Origin } from './config-node.ts';
import { fieldName, originAt } from './config-node.ts';
import type { ConfigurationNotice } from './configuration.ts';

/** More than these are not collected: a file of garbage has one mistake, not a million. */
const ERRORS_MAX = 200;
const SHOWN_CHARACTERS_MAX = 120;

/** What is wrong and what to do about it. `value` is the text as written, never a secret. */
export interface Problem {
  readonly value?: string | undefined;
  readonly message: string;
  readonly remedy: string;
}

/** The parts of `what is wrong; what to do about it`, as the stages that own a rule say it. */
export function fromSentence(sentence: string): Omit<Problem, 'value'> {
  const end = sentence.lastIndexOf('; ');
  return { message: sentence.slice(0, end), remedy: sentence.slice(end + 2) };
}

/** Collects everything that is wrong with one document, so that it is reported at once. */
export class Problems {
  readonly #root: ConfigNode;
  readonly #errors: ConfigurationNotice[] = [];
  readonly #warnings: ConfigurationNotice[] = [];
  #leftOut = 0;

  constructor(root: ConfigNode) {
    this.#root = root;
  }

  error(path: FieldPath, problem: Problem): void {
    if (this.#errors.length === ERRORS_MAX) this.#leftOut += 1;
    else this.#errors.push(this.#notice(path, problem));
  }

  warn(path: FieldPath, problem: Problem): void {
    if (this.#warnings.length < ERRORS_MAX) this.#warnings.push(this.#notice(path, problem));
  }

  /** In order of appearance; what environment variables gave comes last. */
  get errors(): readonly ConfigurationNotice[] {
    const errors = inOrder(this.#errors);
    if (this.#leftOut === 0) return errors;
    const message = `${this.#leftOut} more errors are not listed`;
    return [...errors, { field: 'document', message, remedy: 'mend the ones above and check again' }];
  }

  get warnings(): readonly ConfigurationNotice[] {
    return inOrder(this.#warnings);
  }

  #notice(path: FieldPath, problem: Problem): ConfigurationNotice {
    return noticeAt(originAt(this.#root, path), fieldName(path), problem);
  }
}

/** A notice for a field whose origin is known. */
export function noticeAt(
  origin: Origin,
  field: string,
  { value, message, remedy }: Problem,
): ConfigurationNotice {
  const shown = value === undefined ? {} : { value: shortened(value) };
  return { ...origin, field, ...shown, message, remedy };
}

function shortened(text: string): string {
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}

function inOrder(notices: readonly ConfigurationNotice[]): readonly ConfigurationNotice[] {
  const line = (notice: ConfigurationNotice): number =>
    notice.variable === undefined ? (notice.line ?? 0) : Number.MAX_SAFE_INTEGER;
  return notices.toSorted((a, b) => line(a) - line(b));
}
