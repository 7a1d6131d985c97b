import type { Access, Effect, PermissionSet } from './permission.ts';
import type { LevelGlob, TemplateLevel, VariableLevel } from './template.ts';
import { globMatches, isAnyLevel, parseTopicTemplate } from './template.ts';

/**
 * A level of what is asked: its text, or null for a level of which nothing is known (a `+` of a requested filter, a
 * level under its `#`). Only a wildcard matches null, so what matches it matches every value of that level.
 */
export type AskedLevel = string | null;

/** Values of a tree's variable levels for one principal, by slot. */
export type BoundLevels = readonly (string | LevelGlob)[];

/** Index of the first permission for each access, or NONE. */
interface Marks {
  read: number;
  write: number;
}

export const NONE = -1;

interface VariableEdge {
  readonly slot: number;
  readonly child: PatternNode;
}

class PatternNode {
  literals: Map<string, PatternNode> | undefined = undefined;
  single: PatternNode | undefined = undefined;
  variables: VariableEdge[] | undefined = undefined;
  /** Permissions whose pattern ends with this level. */
  ends: Marks | undefined = undefined;
  /** Permissions that go on with `#`: they match this level (the parent) and all below it. */
  tails: Marks | undefined = undefined;
}

/**
 * One permission set as two trees over levels, without anybody's values in it, so that all who have the role share it.
 * Allows and denies are apart because they treat `$` topics and unbound variables differently (SPEC.md §1).
 */
export interface PermissionTree {
  readonly set: PermissionSet;
  /** Parsed topics, by the index of their permission. */
  readonly templates: readonly (readonly TemplateLevel[])[];
  readonly roots: Readonly<Record<Effect, PatternNode>>;
  readonly variableLevels: readonly VariableLevel[];
  /** Levels of the longest pattern. */
  readonly depth: number;
}

/** A shared tree with one principal's values. */
export interface BoundTree {
  readonly tree: PermissionTree;
  readonly bound: BoundLevels;
}

const trees = new WeakMap<PermissionSet, PermissionTree>();

/**
 * The tree of a permission set, made once for each set object.
 * @throws TopicTemplateError when a topic is no filter template: nobody gets a policy with a rule missing.
 */
export function permissionTreeOf(set: PermissionSet): PermissionTree {
  let tree = trees.get(set);
  if (tree === undefined) {
    tree = buildTree(set);
    trees.set(set, tree);
  }
  return tree;
}

function buildTree(set: PermissionSet): PermissionTree {
  const templates = set.permissions.map(({ topic }) => parseTopicTemplate(topic));
  const roots = { allow: new PatternNode(), deny: new PatternNode() };
  const slots = new Slots();
  set.permissions.forEach(({ effect, access }, index) => {
    let node = roots[effect];
    let marks: 'ends' | 'tails' = 'ends';
    for (const level of templates[index] ?? []) {
      if (level.kind === 'tail') marks = 'tails';
      else node = childFor(node, level, slots);
    }
    const first = node[marks] ?? { read: NONE, write: NONE };
    if (access !== 'write' && first.read === NONE) first.read = index;
    if (access !== 'read' && first.write === NONE) first.write = index;
    node[marks] = first;
  });
  const depth = templates.reduce((deepest, levels) => Math.max(deepest, levels.length), 0);
  return { set, templates, roots, variableLevels: slots.levels, depth };
}

/** Numbers the distinct variable levels of a set. */
class Slots {
  readonly levels: VariableLevel[] = [];
  readonly #bySource = new Map<string, number>();

  slotOf(level: VariableLevel): number {
    // The same text binds differently where it begins the topic.
    const key = `${level.beginsTopic ? '^' : ''}/${level.text}`;
    let slot = this.#bySource.get(key);
    if (slot === undefined) {
      slot = this.levels.push(level) - 1;
      this.#bySource.set(key, slot);
    }
    return slot;
  }
}

function childFor(
  node: PatternNode,
  level: Exclude<TemplateLevel, { kind: 'tail' }>,
  slots: Slots,
): PatternNode {
  switch (level.kind) {
    case 'single':
      node.single ??= new PatternNode();
      return node.single;
    case 'literal': {
      node.literals ??= new Map();
      const child = node.literals.get(level.text) ?? new PatternNode();
      node.literals.set(level.text, child);
      return child;
    }
    case 'variable': {
      node.variables ??= [];
      const slot = slots.slotOf(level);
      const known = node.variables.find((edge) => edge.slot === slot);
      if (known !== undefined) return known.child;
      const child = new PatternNode();
      node.variables.push({ slot, child });
      return child;
    }
  }
}

/**
 * Index of a permission of that effect and access which matches every topic that `asked` stands for, or NONE; the more
 * specific first. Visits only the branches that the levels select, so its cost follows the topic and not the number of
 * permissions.
 */
export function findPermission(
  tree: PermissionTree,
  bound: BoundLevels,
  effect: Effect,
  access: Access,
  asked: readonly AskedLevel[],
): number {
  return findBelow(tree.roots[effect], bound, effect, access, asked, 0);
}

function findBelow(
  node: PatternNode,
  bound: BoundLevels,
  effect: Effect,
  access: Access,
  asked: readonly AskedLevel[],
  at: number,
): number {
  let found = NONE;
  const level = asked[at];
  if (level === undefined) {
    found = node.ends?.[access] ?? NONE;
  } else {
    const literal = level === null ? undefined : node.literals?.get(level);
    if (literal !== undefined) found = findBelow(literal, bound, effect, access, asked, at + 1);
    if (found === NONE && node.variables !== undefined) {
      for (const { slot, child } of node.variables) {
        if (!variableMatches(bound[slot], effect, level)) continue;
        found = findBelow(child, bound, effect, access, asked, at + 1);
        if (found !== NONE) break;
      }
    }
  }
  // `$` topics: no wildcard of an allow covers them in the first level, every one of a deny does (section 4.7.2).
  if (found !== NONE || (at === 0 && effect === 'allow' && level?.startsWith('$'))) return found;
  if (level !== undefined && node.single !== undefined) {
    found = findBelow(node.single, bound, effect, access, asked, at + 1);
  }
  return found === NONE ? (node.tails?.[access] ?? NONE) : found;
}

/** Unbound, a variable level matches nothing in an allow and any value of its level in a deny (DESIGN.md, decision 1). */
function variableMatches(bound: string | LevelGlob | undefined, effect: Effect, level: AskedLevel): boolean {
  if (typeof bound === 'string') return bound === level;
  if (bound === undefined || effect === 'allow') return false;
  return level === null ? isAnyLevel(bound) : globMatches(bound, level);
}

/**
 * Whether some deny for reading has a topic in common with a filter: its levels, null for `+`, and whether `#` follows.
 * May say yes once too often, never no.
 */
export function denyOverlaps(
  tree: PermissionTree,
  bound: BoundLevels,
  levels: readonly AskedLevel[],
  tail: boolean,
): boolean {
  return overlapsBelow(tree.roots.deny, bound, levels, tail, 0);
}

function overlapsBelow(
  node: PatternNode,
  bound: BoundLevels,
  levels: readonly AskedLevel[],
  tail: boolean,
  at: number,
): boolean {
  if (marksReading(node.tails)) return true;
  if (at >= levels.length && marksReading(node.ends)) return true;
  if (at >= levels.length && !tail) return false;
  // Under the filter's `#` any level fits.
  const level = levels[at] ?? null;
  if (node.single !== undefined && overlapsBelow(node.single, bound, levels, tail, at + 1)) return true;
  for (const { slot, child } of node.variables ?? []) {
    const fits = level === null || variableMatches(bound[slot], 'deny', level);
    if (fits && overlapsBelow(child, bound, levels, tail, at + 1)) return true;
  }
  if (level !== null) {
    const literal = node.literals?.get(level);
    return literal !== undefined && overlapsBelow(literal, bound, levels, tail, at + 1);
  }
  for (const [text, child] of node.literals ?? []) {
    const reserved = at === 0 && text.startsWith('$'); // A leading wildcard of a filter never matches these.
    if (!reserved && overlapsBelow(child, bound, levels, tail, at + 1)) return true;
  }
  return false;
}

function marksReading(marks: Marks | undefined): boolean {
  return marks !== undefined && marks.read !== NONE;
}
