import type { ConfigNode, MapNode, Origin } from './config-node.ts';
import { emptyMap } from './config-node.ts';
import type { ConfigurationNotice } from './configuration.ts';
import { nearest, suggestion } from './nearest.ts';
import type { Problem } from './problems.ts';
import { noticeAt } from './problems.ts';
import type { Key, Keys, Schema } from './schema.ts';
import { defaultNode } from './schema.ts';
import { parseYaml } from './yaml-document.ts';

const PREFIX = 'PORTCULLIS_';
const SEPARATOR = '__';

export interface Overridden {
  readonly root: ConfigNode;
  readonly errors: readonly ConfigurationNotice[];
  readonly warnings: readonly ConfigurationNotice[];
}

/**
 * Puts the values of `PORTCULLIS_MQTT__ACK_WAIT=10s` and the like in the place of the file's. A single value is taken
 * as it is, without quotes; a list or map is written as in YAML: `PORTCULLIS_ANONYMOUS='{ roles: [guest] }'`. A variable
 * below a known top key that leads nowhere is an error; others (Kubernetes sets `PORTCULLIS_SERVICE_HOST`) are not ours.
 */
export function overrideFromEnvironment(
  root: ConfigNode,
  keys: Keys,
  env: Readonly<Record<string, string | undefined>>,
): Overridden {
  const variables = Object.entries(env)
    .filter((entry): entry is [string, string] => entry[0].startsWith(PREFIX) && entry[1] !== undefined)
    // Parents before what is below them, index 2 before index 10.
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const errors: ConfigurationNotice[] = [];
  const warnings: ConfigurationNotice[] = [];
  // A document that is no map stays what it is: the schema says what is wrong with it.
  if (root.kind !== 'map') return { root, errors, warnings };
  let result = root;
  for (const [variable, value] of variables) {
    const segments = variable.slice(PREFIX.length).split(SEPARATOR);
    if (keyOf(keys, segments[0]!) === undefined) {
      warnings.push(...almostOurs(variable, keys));
      continue;
    }
    try {
      result = setInMap(result, keys, segments, { variable, value, path: [] });
    } catch (error) {
      if (!(error instanceof OverrideError)) throw error;
      errors.push(...error.notices);
    }
  }
  return { root: result, errors, warnings };
}

interface Override {
  readonly variable: string;
  readonly value: string;
  /** Names of the levels already passed. */
  readonly path: readonly string[];
}

class OverrideError extends Error {
  override readonly name = 'OverrideError';
  readonly notices: readonly ConfigurationNotice[];

  constructor(notices: readonly ConfigurationNotice[]) {
    super();
    this.notices = notices;
  }
}

function failure({ variable, path }: Override, problem: Problem): OverrideError {
  return new OverrideError([noticeAt({ variable }, path.join('.') || variable, problem)]);
}

function originOf({ variable }: Override): Origin {
  return { variable };
}

function setValue(
  node: ConfigNode | undefined,
  schema: Schema<unknown>,
  segments: readonly string[],
  override: Override,
): ConfigNode {
  const { shape } = schema;
  if (segments.length === 0) return newValue(schema, override);
  switch (shape.kind) {
    case 'map':
    case 'word or map':
      return setInMap(node, shape.keys, segments, override);
    case 'list':
      return setInList(node, shape.item, segments, override);
    case 'scalar':
    case 'any':
    case 'variants':
      throw failure(override, {
        message: 'has nothing below it',
        remedy: `set ${PREFIX}${override.path.map((part) => part.toUpperCase()).join(SEPARATOR)}`,
      });
  }
}

/** A variable names a whole value: a single one as it stands, a list or map as YAML. */
function newValue(schema: Schema<unknown>, override: Override): ConfigNode {
  const { kind } = schema.shape;
  const isText = kind === 'scalar' || (kind === 'word or map' && !override.value.trimStart().startsWith('{'));
  if (isText) {
    return { kind: 'scalar', text: override.value, plain: true, origin: originOf(override) };
  }
  const { root, notices } = parseYaml(override.value, originOf(override));
  if (notices.length > 0) {
    throw new OverrideError(notices.map((notice) => ({ ...notice, field: override.path.join('.') })));
  }
  return root;
}

function setInMap(
  node: ConfigNode | undefined,
  keys: Keys,
  segments: readonly string[],
  override: Override,
): MapNode {
  const [segment = '', ...rest] = segments;
  const found = keyOf(keys, segment);
  if (found === undefined) {
    const path = [...override.path, segment.toLowerCase()];
    const names = Object.keys(keys).map((key) => key.toUpperCase());
    throw failure(
      { ...override, path },
      { message: 'unknown key', remedy: suggestion(segment, names, 'known') },
    );
  }
  const [name, key] = found;
  const map = node?.kind === 'map' ? node : emptyMap(originOf(override));
  const current = map.entries.get(name) ?? startingValue(key);
  const value = setValue(current, key.schema, rest, { ...override, path: [...override.path, name] });
  return { ...map, entries: new Map(map.entries).set(name, value) };
}

function setInList(
  node: ConfigNode | undefined,
  item: Schema<unknown>,
  [segment = '', ...rest]: readonly string[],
  override: Override,
): ConfigNode {
  const list: ConfigNode =
    node?.kind === 'list' ? node : { kind: 'list', items: [], origin: originOf(override) };
  const index = /^\d{1,6}$/.test(segment) ? Number(segment) : Number.NaN;
  if (!(index <= list.items.length)) {
    throw failure(override, {
      value: segment,
      message: `must be the number of an entry, 0..${list.items.length}`,
      remedy: `count from 0; ${list.items.length} adds an entry`,
    });
  }
  const path = [...override.path, segment];
  const value = setValue(list.items[index], item, rest, { ...override, path });
  return { ...list, items: list.items.toSpliced(index, 1, value) };
}

/** An override below a key that the file leaves out changes the default: `PORTCULLIS_LISTENERS__0__PORT`. */
function startingValue(key: Key<unknown, boolean>): ConfigNode | undefined {
  return key.defaultText === undefined ? undefined : defaultNode(key.defaultText);
}

function keyOf(keys: Keys, segment: string): readonly [string, Key<unknown, boolean>] | undefined {
  return Object.entries(keys).find(([name]) => name.toUpperCase() === segment);
}

/** `PORTCULLIS_USE_MUTUAL_TSL`, `PORTCULLIS_MQTT_ACK_WAIT`: not ours, but so near that somebody meant us. */
function almostOurs(variable: string, keys: Keys): readonly ConfigurationNotice[] {
  const names = Object.entries(keys).flatMap(([name, key]) => variableNames(name, key.schema));
  const near = nearest(variable.slice(PREFIX.length), names);
  if (near === undefined) return [];
  const remedy = `did you mean ${PREFIX}${near}?`;
  return [noticeAt({ variable }, 'environment', { message: 'is no setting and has no effect', remedy })];
}

function variableNames(name: string, { shape }: Schema<unknown>): readonly string[] {
  const own = name.toUpperCase();
  if (shape.kind !== 'map' && shape.kind !== 'word or map') return [own];
  const below = Object.keys(shape.keys).map((key) => `${own}${SEPARATOR}${key.toUpperCase()}`);
  return [own, ...below];
}
