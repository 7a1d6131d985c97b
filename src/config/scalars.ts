import { isAbsolute, resolve } from 'node:path';
import type { ScalarNode } from './config-node.ts';
import { isAbsent } from './config-node.ts';
import { suggestion } from './nearest.ts';
import type { Problem } from './problems.ts';
import type { ReadContext, Schema } from './schema.ts';
import { kindName } from './schema.ts';
import { resolveReferences } from './secret-reference.ts';

/** Why a text is no value of its field; shown with the text as written, unless that is secret. */
export class Wrong {
  readonly message: string;
  readonly remedy: string;
  /** What to show instead of the text. */
  readonly value: string | undefined;

  constructor({ message, remedy, value }: Problem) {
    this.message = message;
    this.remedy = remedy;
    this.value = value;
  }
}

type Reader<T> = (text: string, node: ScalarNode, context: ReadContext) => T | Wrong;

interface ScalarOptions {
  readonly secret?: boolean;
  /** What `key:` with nothing behind it should have been. */
  readonly example: string;
}

/** A field that is one text, read by `reader`. */
export function scalar<T>(type: string, options: ScalarOptions, reader: Reader<T>): Schema<T> {
  const secret = options.secret === true;
  return {
    type,
    shape: { kind: 'scalar' },
    ...(secret ? { secret } : {}),
    read(node, context) {
      if (node.kind !== 'scalar') {
        return context.error({
          message: `must be one ${type}, not a ${kindName(node)}`,
          remedy: `write ${options.example}`,
        });
      }
      if (isAbsent(node))
        return context.error({ message: 'has no value', remedy: `write ${options.example}` });
      const result = reader(node.text, node, context);
      if (!(result instanceof Wrong)) return result;
      const value = result.value ?? (secret ? undefined : node.text);
      return context.error({ value, message: result.message, remedy: result.remedy });
    },
  };
}

export function wrong(message: string, remedy: string): Wrong {
  return new Wrong({ message, remedy });
}

export interface TextOptions {
  readonly type?: string;
  readonly secret?: boolean;
  readonly example?: string;
  /** In UTF-8 bytes. */
  readonly bytesMax?: number;
  /** Whether `${env:X}` and `${file:X}` are looked up; topics have variables of their own. */
  readonly references?: boolean;
  /** A further rule; sees the text after references. */
  readonly check?: (text: string) => Omit<Problem, 'value'> | undefined;
}

const TEXT_BYTES_MAX = 4096;

/** Any text that is not blank, as written: `00123`, `1e5`, `no`, `null` and `~` are texts like others. */
export function text(options: TextOptions = {}): Schema<string> {
  const { type = 'text', example = 'a text', secret = false, bytesMax = TEXT_BYTES_MAX } = options;
  return scalar(type, { secret, example }, (written, _, context) => {
    const resolved =
      options.references === false ? { text: written } : resolveReferences(written, context.sources);
    if ('problem' in resolved) return new Wrong(resolved.problem);
    const problem = textProblem(resolved.text, bytesMax) ?? options.check?.(resolved.text);
    return problem === undefined ? resolved.text : new Wrong(problem);
  });
}

function textProblem(value: string, bytesMax: number): Omit<Problem, 'value'> | undefined {
  if (value.trim() === '') return { message: 'is blank', remedy: 'write a text, or remove the key' };
  if (!value.isWellFormed() || value.includes('\0')) {
    return {
      message: 'holds U+0000 or half a surrogate pair',
      remedy: 'remove the character: MQTT forbids it',
    };
  }
  if (Buffer.byteLength(value) > bytesMax) {
    return { message: `is longer than ${bytesMax} bytes`, remedy: 'shorten it' };
  }
  return undefined;
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]): Schema<Word> {
  return scalar(words.map((word) => `\`${word}\``).join(', '), { example: words[0] ?? '' }, (written) => {
    const word = words.find((candidate) => candidate === written);
    return word ?? wrong('is not known', suggestion(written, words, 'known'));
  });
}

/** One of a few words in upper or lower case. */
export function choiceInAnyCase<const Word extends string>(words: readonly Word[]): Schema<Word> {
  return scalar(words.map((word) => `\`${word}\``).join(', '), { example: words[0] ?? '' }, (written) => {
    const word = words.find((candidate) => candidate.toUpperCase() === written.toUpperCase());
    return word ?? wrong('is not known', suggestion(written, words, 'known'));
  });
}

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['no', false],
  ['on', true],
  ['off', false],
  ['true', true],
  ['false', false],
]);

/** `withoutOnOff`: an environment variable may not say on or off (row C1). */
export function boolean(options: { readonly withoutOnOff?: 'in the environment' } = {}): Schema<boolean> {
  return scalar('`yes` or `no`', { example: 'yes or no' }, (written, node) => {
    const word = written.toLowerCase();
    const value = booleanWords.get(word);
    const onOff = word === 'on' || word === 'off';
    if (
      options.withoutOnOff !== undefined &&
      node.origin.variable !== undefined &&
      (onOff || value === undefined)
    ) {
      return wrong('must be yes, no, true or false', 'write yes or no');
    }
    return value ?? wrong('must be yes or no (or on, off, true, false)', 'write yes or no');
  });
}

export interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
}

export function integer({ minimum, maximum }: Bounds): Schema<number> {
  return scalar(`${minimum}..${maximum}`, { example: `a number of ${minimum}..${maximum}` }, (written) => {
    const value = /^-?\d{1,15}$/.test(written) ? Number(written) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    return wrong(
      `must be a whole number of ${minimum}..${maximum}`,
      `write decimal digits, ${minimum}..${maximum}`,
    );
  });
}

/** An absolute path; relative ones start at the configuration file's folder. */
export function path(): Schema<string> {
  const plain = text({ type: 'path', example: 'a path' });
  return {
    ...plain,
    read(node, context) {
      const written = plain.read(node, context);
      if (written === undefined) return undefined;
      return isAbsolute(written) ? written : resolve(context.sources.folder, written);
    },
  };
}
