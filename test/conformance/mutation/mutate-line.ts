import { enclosingHead, endOf, maskCode, matchingBracket } from './masked-code.ts';

/** A change of a source that takes away what one line does. */
export interface Mutation {
  /** What was done, such as `condition is never true`. */
  readonly what: string;
  /** The line that was changed, counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** There is nothing to take away, and why. */
export interface Immutable {
  readonly immutable: string;
}

interface Change {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

type Rule = (text: string, masked: string, start: number) => Change | Immutable | undefined;

/**
 * Disables the code that a citation at `line` stands for: the code of that line, or the next code below a comment. The
 * first rule that fits decides:
 *
 * - `if`: its condition is never true; `for`, `while` and `switch` are skipped
 * - `throw`: removed
 * - `return`, `const`, `let`, a property: a decision in its value (`?:`, a comparison, `!`, `&&`, `||`) is turned around;
 *   without one, a `return` returns nothing, a property of an object is undefined and a constant number is doubled
 * - a function: its only decision is turned around, or it returns at once
 * - `true` and `false` as arguments: the other one
 * - a call or an assignment: removed
 *
 * Types, fields, classes, other constants and parts of an expression cannot be disabled.
 */
export function mutateLine(text: string, line: number): Mutation | Immutable {
  const masked = maskCode(text);
  const start = targetOf(masked, line);
  if (start < 0) return { immutable: 'no code below' };
  for (const rule of rules) {
    const change = rule(text, masked, start);
    if (change === undefined) continue;
    if ('immutable' in change) return change;
    const { what, from, to, by } = change;
    return {
      what,
      line: text.slice(0, start).split('\n').length,
      text: text.slice(0, from) + by + text.slice(to),
    };
  }
  return { immutable: 'part of an expression' };
}

/** Where the code of the line begins, or the next code below it. Labels of a `switch` stand for what follows them. */
function targetOf(masked: string, line: number): number {
  const lineStart =
    masked
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length + (line > 1 ? 1 : 0);
  let start = masked.slice(lineStart).search(/\S/);
  if (start < 0) return -1;
  start += lineStart;
  for (let label = labelAt(masked, start); label > 0; label = labelAt(masked, start)) {
    start += label + masked.slice(start + label).search(/\S/);
  }
  return start;
}

function labelAt(masked: string, start: number): number {
  return /^(?:case\b[^:;{]*|default\s*):/.exec(masked.slice(start))?.[0].length ?? 0;
}

const declaration: Rule = (_text, masked, start) => {
  const code = masked.slice(start);
  if (/^(?:export\s+)?(?:declare\s+)?(?:interface|type|class|abstract|import)\b/.test(code))
    return { immutable: 'a type or a class' };
  const head = enclosingHead(masked, start);
  if (/\b(?:interface|type)\b[^()]*[{(]$/.test(head)) return { immutable: 'part of a type' };
  if (/\bclass\b[^()]*\{$/.test(head) && !isFunction(masked, start)) return { immutable: 'a field' };
  return /^constructor\b/.test(code) ? { immutable: 'a constructor' } : undefined;
};

const condition: Rule = (text, masked, start) => {
  const found = /^(?:\}\s*)?(?:else\s+)?if\s*\(/.exec(masked.slice(start));
  if (found === null) return undefined;
  const open = start + found[0].length - 1;
  const close = matchingBracket(masked, open);
  const by = `(false && ${text.slice(open, close + 1)})`;
  return { what: 'condition is never true', from: open, to: close + 1, by };
};

const loop: Rule = (_text, masked, start) => {
  if (!/^(?:for|while|switch)\b/.test(masked.slice(start))) return undefined;
  return { what: 'skipped', from: start, to: start, by: 'if (false) ' };
};

const thrown: Rule = (_text, masked, start) => {
  if (!/^throw\b/.test(masked.slice(start))) return undefined;
  return { what: 'throw removed', from: start, to: endOf(masked, start, ';'), by: '' };
};

const valued: Rule = (text, masked, start) => {
  const found = /^(?:(return)\b\s*|(?:export\s+)?(?:const|let)\s[^=;]*=\s*)/.exec(masked.slice(start));
  if (found === null) return undefined;
  const from = start + found[0].length;
  const isReturn = found[1] !== undefined;
  return (
    turned(text, masked, from, endOf(masked, from, ';')) ??
    (isReturn ? nothing(masked, from) : constant(masked, from))
  );
};

function nothing(masked: string, from: number): Change | Immutable {
  const to = endOf(masked, from, ';');
  return to === from
    ? { immutable: 'a bare return' }
    : { what: 'returns nothing', from, to, by: 'undefined' };
}

/** A function in a constant returns at once, a number is another one; any other value is no decision. */
function constant(masked: string, from: number): Change | Immutable {
  const number = /^[\d._]+(?=;)/.exec(masked.slice(from))?.[0];
  if (number !== undefined) {
    return { what: 'number doubled', from, to: from + number.length, by: `2 * ${number}` };
  }
  const arrow = /^(?:async\s+)?\([^;]*?=>\s*\{/.exec(masked.slice(from));
  if (arrow === null) return { immutable: 'a value without a decision' };
  const body = from + arrow[0].length;
  return { what: 'function returns at once', from: body, to: body, by: ' return;' };
}

const property: Rule = (text, masked, start) => {
  const found = /^(?:[\w$]+|'[^']*'|\[[^\]]*\]):\s/.exec(masked.slice(start));
  if (found === null) return undefined;
  const from = start + found[0].length;
  const to = endOf(masked, from, ',');
  return turned(text, masked, from, to) ?? { what: 'property is undefined', from, to, by: 'undefined' };
};

/** Turns a decision around; undefined when the value between the positions is none. */
function turned(text: string, masked: string, from: number, to: number): Change | undefined {
  const question = endOf(masked.slice(0, to).replace(/\?[.?]/g, '  '), from, '?');
  const isChoice = question > from && masked[question] === '?';
  const end = isChoice ? question : to;
  const top = topLevel(masked.slice(from, end));
  if (!isChoice && (/=>/.test(top) || !/^!|&&|\|\||[=!]==?|\s[<>]=?\s|\binstanceof\b|\sin\s/.test(top)))
    return undefined;
  return { what: 'decision turned around', from, to: end, by: `!(${text.slice(from, end).trim()}) ` };
}

/** Masked code without what stands in brackets. */
function topLevel(masked: string): string {
  let depth = 0;
  let outside = '';
  for (const character of masked) {
    if ('([{'.includes(character)) depth++;
    if (depth === 0) outside += character;
    if (')]}'.includes(character)) depth--;
  }
  return outside;
}

const functionHead =
  /^(?:export\s+)?(?:(?:async|static|private|protected|public|override|get|set)\s+)*(?:function\b\s*\*?\s*)?\*?#?[\w$]+\s*(?:<[^()]*>)?\(/;
const keywords = /^(?:if|for|while|switch|return|throw|await|new|void|typeof|super|catch)\b/;

function bodyOf(masked: string, start: number): number {
  const code = masked.slice(start);
  const head = functionHead.exec(code);
  if (head === null || keywords.test(code)) return -1;
  const close = matchingBracket(masked, start + head[0].length - 1);
  const behind = /^\s*(?::[^;=]*?)?\{(?=[ \t]*(?:\n|return\b))/.exec(masked.slice(close + 1));
  return close < 0 || behind === null ? -1 : close + 1 + behind[0].length;
}

function isFunction(masked: string, start: number): boolean {
  return bodyOf(masked, start) > 0;
}

/** A function that is a single decision has it turned around: `return;` would be one of its answers. */
const callable: Rule = (text, masked, start) => {
  const body = bodyOf(masked, start);
  if (body < 0) return undefined;
  const first = body + masked.slice(body).search(/\S/);
  const only = /^return\b/.test(masked.slice(first)) ? valued(text, masked, first) : undefined;
  if (only !== undefined && 'what' in only) return only;
  return { what: 'function returns at once', from: body, to: body, by: ' return;' };
};

const literal: Rule = (_text, masked, start) => {
  const found = /^(true|false)(?=,?\s)/.exec(masked.slice(start))?.[1];
  if (found === undefined) return undefined;
  const by = found === 'true' ? 'false' : 'true';
  return { what: `${found} is ${by}`, from: start, to: start + found.length, by };
};

const effect: Rule = (_text, masked, start) => {
  const code = masked.slice(start);
  if (!/^(?:await\s+|void\s+|delete\s+|\+\+|--)?[#\w$.]+/.test(code) || keywordsOfNoEffect.test(code))
    return undefined;
  const to = endOf(masked, start, ';');
  const isStatement = masked[to] === ';' && /[({]$|^[^,]*$/.test(enclosingHead(masked, start).at(-1) ?? '');
  return isStatement ? { what: 'statement removed', from: start, to, by: '' } : undefined;
};

const keywordsOfNoEffect = /^(?:else|try|do|break|continue|function|export|const|let)\b/;

const rules: readonly Rule[] = [
  declaration,
  condition,
  loop,
  thrown,
  valued,
  property,
  literal,
  callable,
  effect,
];
