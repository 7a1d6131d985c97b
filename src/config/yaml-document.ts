import type { Document, ErrorCode, Node, Pair } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ConfigNode, Origin } from './config-node.ts';
import { emptyMap, isAbsent } from './config-node.ts';
import type { ConfigurationNotice } from './configuration.ts';
import { noticeAt } from './problems.ts';

/** Values below values; no key of ours needs a tenth of it. */
const DEPTH_MAX = 64;
/** Values that aliases may add to those written: enough for shared permissions, too few for a bomb. */
const ALIASED_NODES_MAX = 10_000;
const SYNTAX_ERRORS_MAX = 20;

/** `root` is an empty map for an empty document. With notices the document is not to be used. */
export interface ParsedYaml {
  readonly root: ConfigNode;
  readonly notices: readonly ConfigurationNotice[];
}

/**
 * Reads one YAML 1.2 document without giving any scalar a meaning. Nothing of the text is repeated in a notice: with a
 * syntax error there is no telling which part is a password.
 */
export function parseYaml(text: string, origin: Origin): ParsedYaml {
  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      schema: 'failsafe',
      lineCounter: lines,
      prettyErrors: false,
      // Ours is linear, and says which key.
      uniqueKeys: false,
      // 'silent' would also hide that a second document follows.
      logLevel: 'error',
    });
  } catch (error) {
    // The library recurses; a text that is nothing but brackets exhausts the stack.
    if (!(error instanceof RangeError)) throw error;
    return {
      root: emptyMap(origin),
      notices: [noticeAt(origin, 'yaml', syntaxProblems.RESOURCE_EXHAUSTION)],
    };
  }
  const originOf = (offset: number): Origin =>
    origin.file === undefined ? origin : { ...origin, line: lines.linePos(offset).line };
  const syntaxErrors = document.errors
    .slice(0, SYNTAX_ERRORS_MAX)
    .map((error) => noticeAt(originOf(error.pos[0]), 'yaml', syntaxProblems[error.code]));
  if (syntaxErrors.length > 0) return { root: emptyMap(origin), notices: onePerLine(syntaxErrors) };
  return new TreeBuilder(originOf).build(document);
}

interface SizedNode {
  readonly node: ConfigNode;
  /** Values in it, itself included. */
  readonly size: number;
}

/** Turns the library's tree into ours: aliases resolved within a bound, keys unique and plain texts, no tags. */
class TreeBuilder {
  readonly #originOf: (offset: number) => Origin;
  readonly #anchors = new Map<string, SizedNode>();
  readonly #notices: ConfigurationNotice[] = [];
  #aliasedNodes = 0;

  constructor(originOf: (offset: number) => Origin) {
    this.#originOf = originOf;
  }

  build(document: Document.Parsed): ParsedYaml {
    const start = this.#originOf(0);
    const root = document.contents === null ? emptyMap(start) : this.#value(document.contents, start, 0).node;
    return { root, notices: this.#notices };
  }

  #value(node: Node | null, origin: Origin, depth: number): SizedNode {
    if (node === null) return scalar('', true, origin);
    if (depth > DEPTH_MAX) return this.#refuse(origin, syntaxProblems.RESOURCE_EXHAUSTION);
    if (isAlias(node)) return this.#alias(node.source, origin);
    if (node.tag !== undefined) this.#refuse(origin, syntaxProblems.TAG_RESOLVE_FAILED);
    const anchor = 'anchor' in node && typeof node.anchor === 'string' ? node.anchor : undefined;
    // A value cannot hold itself: while it is being built its anchor means nothing.
    if (anchor !== undefined) this.#anchors.delete(anchor);
    const value = this.#content(node, origin, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, value);
    return value;
  }

  #content(node: Node, origin: Origin, depth: number): SizedNode {
    if (isScalar(node)) return scalar(String(node.value ?? ''), node.type === 'PLAIN', origin);
    if (isMap(node)) return this.#map(node.items, origin, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => {
        const child = item as Node;
        return this.#value(child, this.#originOf(child.range?.[0] ?? 0), depth + 1);
      });
      return { node: { kind: 'list', items: items.map((item) => item.node), origin }, size: sizeOf(items) };
    }
    return this.#refuse(origin, syntaxProblems.IMPOSSIBLE);
  }

  #map(pairs: readonly Pair[], origin: Origin, depth: number): SizedNode {
    const entries = new Map<string, ConfigNode>();
    const values: SizedNode[] = [];
    for (const pair of pairs) {
      const key = pair.key as Node | null;
      const keyOrigin = this.#originOf(key?.range?.[0] ?? 0);
      const value = this.#value(pair.value as Node | null, keyOrigin, depth + 1);
      if (!isScalar(key) || key.tag !== undefined) {
        this.#refuse(keyOrigin, syntaxProblems.NON_STRING_KEY);
      } else if (entries.has(String(key.value))) {
        this.#refuse(keyOrigin, duplicateKey(String(key.value), value.node));
      } else {
        entries.set(String(key.value), value.node);
        values.push(value);
      }
    }
    return { node: { kind: 'map', entries, origin }, size: sizeOf(values) };
  }

  #alias(name: string, origin: Origin): SizedNode {
    const target = this.#anchors.get(name);
    if (target === undefined) return this.#refuse(origin, syntaxProblems.BAD_ALIAS);
    this.#aliasedNodes += target.size;
    if (this.#aliasedNodes > ALIASED_NODES_MAX) {
      return this.#refuse(origin, {
        message: `aliases add more than ${ALIASED_NODES_MAX} values`,
        remedy: 'write the values out, or give them to a role',
      });
    }
    // The line of the alias: what is wrong with the value here need not be wrong where it was written.
    return { node: { ...target.node, origin }, size: target.size };
  }

  #refuse(origin: Origin, problem: SyntaxProblem): SizedNode {
    if (this.#notices.length < SYNTAX_ERRORS_MAX) this.#notices.push(noticeAt(origin, 'yaml', problem));
    return scalar('', true, origin);
  }
}

function scalar(text: string, plain: boolean, origin: Origin): SizedNode {
  return { node: { kind: 'scalar', text, plain, origin }, size: 1 };
}

function sizeOf(children: readonly SizedNode[]): number {
  return children.reduce((sum, child) => sum + child.size, 1);
}

/** One mistake makes the parser stumble several times on the same line. */
function onePerLine(notices: readonly ConfigurationNotice[]): readonly ConfigurationNotice[] {
  const seen = new Set<string>();
  return notices.filter((notice) => {
    const place = `${notice.line}`;
    if (notice.line !== undefined && seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}

interface SyntaxProblem {
  readonly message: string;
  readonly remedy: string;
}

/** What may be shown of a key: a name that could be one of ours, not a secret that lost its quotes. */
export function showableKey(key: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(key);
}

function duplicateKey(key: string, value: ConfigNode): SyntaxProblem {
  const which = showableKey(key) && !isAbsent(value) ? `the key ${JSON.stringify(key)}` : 'a key';
  return { message: `${which} stands twice in the same map`, remedy: 'keep one of them' };
}

const quoteIt = 'put a text with special characters in single quotes';
const unexpected: SyntaxProblem = { message: 'something stands where YAML expects nothing', remedy: quoteIt };
const badAlias: SyntaxProblem = {
  message: 'an alias (*) or anchor (&) that leads nowhere',
  remedy:
    'define the anchor above and outside of its use, or put a text that begins with * or & in single quotes',
};
const badIndent: SyntaxProblem = {
  message: 'the indentation does not fit',
  remedy: 'give the keys of one map the same column, and what is below them more; close each bracket',
};
const nestedOnOneLine: SyntaxProblem = {
  message: 'a second "key: value" on one line',
  remedy: 'begin a new line, use { braces }, or put a text that holds ": " in single quotes',
};
const tag: SyntaxProblem = {
  message: 'tags (!) are not used here',
  remedy: 'remove the tag, or put a text that begins with ! in single quotes',
};

/** The library's own messages repeat the text, which may be a secret; these do not. */
const syntaxProblems: Readonly<Record<ErrorCode, SyntaxProblem>> = {
  ALIAS_PROPS: badAlias,
  BAD_ALIAS: badAlias,
  BAD_COLLECTION_TYPE: tag,
  BAD_DIRECTIVE: { message: 'an unknown directive (%)', remedy: 'remove the line' },
  BAD_DQ_ESCAPE: {
    message: 'an unknown escape sequence in double quotes',
    remedy: 'write \\\\ for a backslash, or use single quotes',
  },
  BAD_INDENT: badIndent,
  BAD_PROP_ORDER: { message: 'an anchor or tag in the wrong place', remedy: 'put it right before the value' },
  BAD_SCALAR_START: {
    message: 'a text may not begin with @, ` or %',
    remedy: 'put it in single quotes',
  },
  BLOCK_AS_IMPLICIT_KEY: nestedOnOneLine,
  BLOCK_IN_FLOW: {
    message: 'an indented list or map inside brackets',
    remedy: 'use brackets inside brackets',
  },
  DUPLICATE_KEY: { message: 'a key stands twice in the same map', remedy: 'keep one of them' },
  IMPOSSIBLE: unexpected,
  KEY_OVER_1024_CHARS: { message: 'a key of more than 1024 characters', remedy: 'write "key: value"' },
  MISSING_CHAR: {
    message: 'a quote, a bracket or a ":" is missing',
    remedy: 'close each quote and bracket, and write "key: value"',
  },
  MULTILINE_IMPLICIT_KEY: nestedOnOneLine,
  MULTIPLE_ANCHORS: badAlias,
  MULTIPLE_DOCS: {
    message: 'a second document begins',
    remedy: 'keep one document per file: remove the line ---',
  },
  MULTIPLE_TAGS: tag,
  NON_STRING_KEY: { message: 'a key is not a plain text', remedy: 'write "key: value"' },
  RESOURCE_EXHAUSTION: { message: 'too many levels of nesting', remedy: `nest at most ${DEPTH_MAX} deep` },
  TAB_AS_INDENT: { message: 'a tab in the indentation', remedy: 'use spaces' },
  TAG_RESOLVE_FAILED: tag,
  UNEXPECTED_TOKEN: unexpected,
};
