import type { PermissionReference } from './decision.ts';
import type { Access, VariableBindings } from './permission.ts';
import type { BoundTree, PermissionTree } from './permission-tree.ts';
import type { TemplateLevel } from './template.ts';
import { bindLevel, boundValue, globMatches } from './template.ts';

/** A permission of a tree as diagnostics show it. */
export function referenceTo(
  tree: PermissionTree,
  index: number,
  bindings: VariableBindings,
): PermissionReference {
  const permission = tree.set.permissions[index];
  const template = tree.templates[index];
  if (permission === undefined || template === undefined) {
    throw new RangeError(`${tree.set.path} has no permission ${index}`);
  }
  const variables: Record<string, string | null> = {};
  for (const level of template) {
    if (level.kind !== 'variable') continue;
    level.variables.forEach((variable, place) => {
      variables[variable.text] = boundValue(variable, bindings, level.beginsTopic && place === 0) ?? null;
    });
  }
  const boundTopic = template.map((level) => levelText(level, bindings)).join('/');
  return { path: tree.set.path, index, permission, boundTopic, variables };
}

function levelText(level: TemplateLevel, bindings: VariableBindings): string {
  switch (level.kind) {
    case 'literal':
      return level.text;
    case 'single':
      return '+';
    case 'tail':
      return '#';
    case 'variable': {
      const bound = bindLevel(level, bindings);
      return typeof bound === 'string' ? bound : level.text;
    }
  }
}

/**
 * The allow that comes closest to a refused topic: one that matches but for its access or an unbound variable, else the
 * one that shares most leading levels. Looks at every permission: for explanations, not for the hot path.
 */
export function nearestAllow(
  trees: readonly BoundTree[],
  bindings: VariableBindings,
  access: Access,
  levels: readonly string[],
): PermissionReference | undefined {
  let best: { readonly tree: PermissionTree; readonly index: number } | undefined;
  let bestRank = 0;
  for (const { tree } of trees) {
    tree.set.permissions.forEach((permission, index) => {
      if (permission.effect !== 'allow') return;
      const shared = sharedLevels(tree.templates[index] ?? [], bindings, levels);
      // Half a level decides between equals: the one with the right access is nearer.
      const rank =
        shared +
        (shared > 0 && (permission.access === access || permission.access === 'readWrite') ? 0.5 : 0);
      if (rank > bestRank) {
        bestRank = rank;
        best = { tree, index };
      }
    });
  }
  return best && referenceTo(best.tree, best.index, bindings);
}

/** Leading levels in common, unbound variables taken as any value; one more than there are when all of it matches. */
function sharedLevels(
  template: readonly TemplateLevel[],
  bindings: VariableBindings,
  levels: readonly string[],
): number {
  for (const [at, level] of template.entries()) {
    if (level.kind === 'tail') return levels.length + 1;
    const asked = levels[at];
    if (asked === undefined) return at;
    if (!levelMatches(level, bindings, asked)) return at;
  }
  return template.length === levels.length ? levels.length + 1 : template.length;
}

function levelMatches(level: TemplateLevel, bindings: VariableBindings, asked: string): boolean {
  switch (level.kind) {
    case 'single':
    case 'tail':
      return true;
    case 'literal':
      return level.text === asked;
    case 'variable': {
      const bound = bindLevel(level, bindings);
      return typeof bound === 'string' ? bound === asked : globMatches(bound, asked);
    }
  }
}
