/**
 * A configuration file after YAML and before the schema: texts, lists and maps, each knowing where it stands. A scalar
 * is its text and nothing else: `00123`, `no` and `null` get a meaning only from the field that reads them.
 */
export type ConfigNode = ScalarNode | ListNode | MapNode;

/** Where a value comes from: a line of a file, or an environment variable. */
export interface Origin {
  readonly file?: string;
  readonly line?: number;
  readonly variable?: string;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  /** Written without quotes: `attributes` tell `3` from `"3"` by it, and a plain empty text is no value at all. */
  readonly plain: boolean;
  readonly origin: Origin;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
  readonly origin: Origin;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, ConfigNode>;
  readonly origin: Origin;
}

/** Keys and list indexes from the top of the document. */
export type FieldPath = readonly (string | number)[];

/** `key:` with nothing behind it. */
export function isAbsent(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.plain && node.text === '';
}

export function emptyMap(origin: Origin): MapNode {
  return { kind: 'map', entries: new Map(), origin };
}

/** `listeners[0].port`; the document itself is `document`. */
export function fieldName(path: FieldPath): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text === '' ? 'document' : text.replace(/^\./, '');
}

/** The origin of the deepest value that exists on a path: for a key that is missing, its parent's. */
export function originAt(root: ConfigNode, path: FieldPath): Origin {
  let node = root;
  for (const part of path) {
    const child = childOf(node, part);
    if (child === undefined) break;
    node = child;
  }
  return node.origin;
}

function childOf(node: ConfigNode, part: string | number): ConfigNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(part));
  if (node.kind === 'list' && typeof part === 'number') return node.items[part];
  return undefined;
}
