import type { ConfigNode, FieldPath } from './config-node.ts';
import { isAbsent } from './config-node.ts';
import { nearest, suggestion } from './nearest.ts';
import type { Problem, Problems } from './problems.ts';
import type { ValueSources } from './value-sources.ts';
import { parseYaml, showableKey } from './yaml-document.ts';

/**
 * One table says what a document may hold: it reads the values, knows where an environment variable belongs, and is the
 * reference that docs/reference/configuration.md is held against.
 */
export interface Schema<T> {
  /** As the reference writes it: `duration`, `list of text`. */
  readonly type: string;
  readonly shape: Shape;
  /** No message repeats the value. */
  readonly secret?: boolean;
  /**
   * The value, or undefined after reporting a problem. After a problem further down, an object lacks that part; the
   * loaders throw before such a value gets out, and checks take `DeepPartial` for it.
   */
  read(node: ConfigNode, context: ReadContext): T | undefined;
}

/** What stands below a value. */
export type Shape =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'list'; readonly item: Schema<unknown> }
  | { readonly kind: 'map'; readonly keys: Keys }
  /** A word (`off`, `false`) or a map. */
  | { readonly kind: 'word or map'; readonly keys: Keys }
  /** Maps told apart by one key. */
  | { readonly kind: 'variants'; readonly variants: Readonly<Record<string, Schema<unknown>>> }
  | { readonly kind: 'any' };

export type Keys = Readonly<Record<string, Key<unknown, boolean>>>;

/** When a changed value takes effect. */
export type Reload = 'restart' | 'SIGHUP' | 'SIGHUP, new connections';

export interface Key<T, Optional extends boolean> {
  readonly schema: Schema<T>;
  readonly optional: Optional;
  /** YAML text of the default, read by the schema itself. */
  readonly defaultText?: string;
  readonly meaning: string;
  /** Absent = as the key above it. */
  readonly reload?: Reload;
}

export interface Description {
  readonly meaning: string;
  readonly reload?: Reload;
}

export function required<T>(schema: Schema<T>, description: Description): Key<T, false> {
  return { schema, optional: false, ...description };
}

export function optional<T>(schema: Schema<T>, description: Description): Key<T, true> {
  return { schema, optional: true, ...description };
}

export function defaulted<T>(
  schema: Schema<T>,
  defaultText: string,
  description: Description,
): Key<T, false> {
  return { schema, optional: false, defaultText, ...description };
}

/** `ack_wait` in the file is `ackWait` in code. */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type ValueOf<K> = K extends Key<infer T, boolean> ? T : never;
type OptionalNames<K extends Keys> = {
  [Name in keyof K]: K[Name]['optional'] extends true ? Name : never;
}[keyof K];

/** The object that a table of keys reads. */
export type ObjectOf<K extends Keys> = {
  readonly [Name in Exclude<keyof K, OptionalNames<K>> & string as CamelCase<Name>]: ValueOf<K[Name]>;
} & {
  readonly [Name in OptionalNames<K> & string as CamelCase<Name>]?: ValueOf<K[Name]>;
};

/** What checks see: any part may be missing, because it was not given or because it is wrong and already reported. */
export type DeepPartial<T> = T extends readonly (infer Item)[]
  ? readonly (DeepPartial<Item> | undefined)[]
  : T extends object
    ? { readonly [Name in keyof T]?: DeepPartial<T[Name]> | undefined }
    : T;

/** Where a value stands and where its problems go. */
export class ReadContext {
  readonly problems: Problems;
  readonly sources: ValueSources;
  readonly path: FieldPath;

  constructor(problems: Problems, sources: ValueSources, path: FieldPath = []) {
    this.problems = problems;
    this.sources = sources;
    this.path = path;
  }

  below(part: string | number): ReadContext {
    return new ReadContext(this.problems, this.sources, [...this.path, part]);
  }

  error(problem: Problem): undefined {
    this.problems.error(this.path, problem);
    return undefined;
  }

  warn(problem: Problem): void {
    this.problems.warn(this.path, problem);
  }
}

/** What a check of an object gets besides the values: which keys stand in the file, right or wrong. */
export type ObjectCheck<K extends Keys> = (
  fields: DeepPartial<ObjectOf<K>>,
  context: ReadContext,
  given: (key: keyof K & string) => boolean,
) => void;

/** A map with known keys. `check` sees what could be read and reports what does not fit together. */
export function object<K extends Keys>(keys: K, check?: ObjectCheck<K>): Schema<ObjectOf<K>> {
  return {
    type: 'map',
    shape: { kind: 'map', keys },
    read(node, context) {
      const entries = mapEntries(node, context);
      if (entries === undefined) return undefined;
      reportUnknownKeys(entries, keys, context);
      const fields: Record<string, unknown> = {};
      for (const [name, key] of Object.entries(keys)) {
        const value = readKey(entries.get(name), name, key, context);
        if (value !== undefined) fields[camelCase(name)] = value;
      }
      check?.(fields as DeepPartial<ObjectOf<K>>, context, (name) => entries.has(name));
      return fields as ObjectOf<K>;
    },
  };
}

function mapEntries(node: ConfigNode, context: ReadContext): ReadonlyMap<string, ConfigNode> | undefined {
  if (node.kind === 'map') return node.entries;
  if (isAbsent(node)) return new Map();
  return context.error({
    message: `must be a map, not a ${kindName(node)}`,
    remedy: 'write "key: value" below it',
  });
}

function readKey(
  node: ConfigNode | undefined,
  name: string,
  key: Key<unknown, boolean>,
  context: ReadContext,
): unknown {
  const below = context.below(name);
  if (node !== undefined) return key.schema.read(node, below);
  if (key.defaultText !== undefined) return key.schema.read(defaultNode(key.defaultText), below);
  if (!key.optional) below.error({ message: 'is missing', remedy: `add ${name}: ${key.meaning}` });
  return undefined;
}

const defaultNodes = new Map<string, ConfigNode>();

/** The default as it would stand in the file. */
export function defaultNode(text: string): ConfigNode {
  const known = defaultNodes.get(text);
  if (known !== undefined) return known;
  const node = parseYaml(text, {}).root;
  defaultNodes.set(text, node);
  return node;
}

function reportUnknownKeys(entries: ReadonlyMap<string, ConfigNode>, keys: Keys, context: ReadContext): void {
  const names = Object.keys(keys);
  const besideSecrets = Object.values(keys).some((key) => key.schema.secret === true);
  for (const [name, value] of entries) {
    if (Object.hasOwn(keys, name)) continue;
    // `{ password: ab,cd }` makes `cd` a key without a value, `{ password: ab, cd: ef }` one with: part of a secret.
    const guarded = isAbsent(value) || (besideSecrets && nearest(name, names) === undefined);
    if (guarded || !showableKey(name)) {
      context.error({
        message: 'holds a key that is not known (not shown: it may be part of a secret)',
        remedy: `put a text with special characters in single quotes; known keys: ${names.join(', ')}`,
      });
    } else {
      const remedy = suggestion(name, names, 'known keys');
      context.below(name).error({ message: 'unknown key', remedy });
    }
  }
}

export function list<T>(
  item: Schema<T>,
  options: { readonly atLeastOne?: boolean } = {},
): Schema<readonly T[]> {
  return {
    type: `list of ${item.type}`,
    shape: { kind: 'list', item },
    read(node, context) {
      if (node.kind !== 'list' && !isAbsent(node)) {
        const remedy = 'write [ brackets ] around it, or one line with "- " for each';
        return context.error({ message: `must be a list, not a ${kindName(node)}`, remedy });
      }
      const items = node.kind === 'list' ? node.items : [];
      if (options.atLeastOne === true && items.length === 0) {
        context.error({ message: 'is an empty list', remedy: `give at least one ${item.type}` });
      }
      // An item that is wrong stays in its place, so that checks name the others by their index.
      return items.map((child, index) => item.read(child, context.below(index))) as readonly T[];
    },
  };
}

/** A word such as `off`, or a map. */
export function wordOrMap<Word, K extends Keys>(
  word: Schema<Word>,
  map: Schema<ObjectOf<K>> & { readonly shape: Shape },
): Schema<Word | ObjectOf<K>> {
  return {
    type: `${word.type} or map`,
    shape: map.shape.kind === 'map' ? { kind: 'word or map', keys: map.shape.keys } : map.shape,
    read: (node, context) => (node.kind === 'scalar' ? word.read(node, context) : map.read(node, context)),
  };
}

/** Maps told apart by the value of `selector`, which each of them has among its keys. */
export function variants<V extends Readonly<Record<string, Schema<unknown>>>>(
  selector: string,
  schemas: V,
): Schema<V[keyof V] extends Schema<infer T> ? T : never> {
  type Value = V[keyof V] extends Schema<infer T> ? T : never;
  return {
    type: 'map',
    shape: { kind: 'variants', variants: schemas },
    read(node, context) {
      const chosen = mapEntries(node, context)?.get(selector);
      if (node.kind !== 'map') {
        return isAbsent(node) ? context.error(missingSelector(selector, schemas)) : undefined;
      }
      const name = chosen?.kind === 'scalar' ? chosen.text : undefined;
      if (name === undefined || name === '') {
        return context.below(selector).error(missingSelector(selector, schemas));
      }
      const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
      if (schema !== undefined) return schema.read(node, context) as Value | undefined;
      const remedy = suggestion(name, Object.keys(schemas), 'known');
      return context.below(selector).error({ value: name, message: 'is not known', remedy });
    },
  };
}

function missingSelector(selector: string, schemas: Readonly<Record<string, unknown>>): Problem {
  return { message: 'is missing', remedy: `add ${selector}: one of ${Object.keys(schemas).join(', ')}` };
}

/** For keys that are refused whatever they hold: nothing below is looked at. */
export const anything: Schema<ConfigNode> = {
  type: 'any',
  shape: { kind: 'any' },
  read: (node) => node,
};

export interface Unavailable<T> {
  /** Values that mean the same with and without the feature. */
  readonly harmless?: (value: T) => boolean;
  readonly remedy: string;
}

/**
 * A key of the contract whose feature bears on security and has not come yet: better no broker than one that seems
 * protected.
 */
export function refusedYet<T>(schema: Schema<T>, { harmless, remedy }: Unavailable<T>): Schema<T> {
  return afterReading(schema, (value, context, node) => {
    const shown = node.kind === 'scalar' && schema.secret !== true ? { value: node.text } : {};
    if (harmless?.(value) !== true) context.error({ ...shown, message: notAvailable, remedy });
  });
}

/** A key of the contract whose feature has not come yet and that nobody's safety rests on. */
export function ignoredYet<T>(schema: Schema<T>, remedy: string): Schema<T> {
  return afterReading(schema, (_, context) =>
    context.warn({ message: 'has no effect in this version', remedy }),
  );
}

export const notAvailable = 'is not available in this version';

/** Runs `then` on each value that was read without a problem of its own. */
export function afterReading<T>(
  schema: Schema<T>,
  then: (value: T, context: ReadContext, node: ConfigNode) => void,
): Schema<T> {
  return {
    ...schema,
    read(node, context) {
      const value = schema.read(node, context);
      if (value !== undefined) then(value, context, node);
      return value;
    },
  };
}

export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function kindName(node: ConfigNode): string {
  return { scalar: 'single value', list: 'list', map: 'map' }[node.kind];
}
