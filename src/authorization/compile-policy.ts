import type { Decision, FilterDecision, PermissionReference } from './decision.ts';
import { nearestAllow, referenceTo } from './diagnostics.ts';
import type { Access, Effect, PermissionSet, VariableBindings } from './permission.ts';
import type { AskedLevel, BoundLevels, BoundTree } from './permission-tree.ts';
import { denyOverlaps, findPermission, NONE, permissionTreeOf } from './permission-tree.ts';
import { bindLevel } from './template.ts';

/** What one principal may do. Immutable; a changed principal gets a new one. */
export interface CompiledPolicy {
  /** Default deny; any matching deny wins. `topic` is a valid topic name. */
  permits(access: Access, topic: string): boolean;
  /** The same decision with its diagnostics (row A5). */
  decide(access: Access, topic: string): Decision;
  /**
   * Whether a SUBSCRIBE may be granted: the allows together cover every topic that the filter can match, levels of `+`
   * and of the tail of `#` taken as non-empty and the parent of `…/#` left aside, and the denies leave something of it
   * (row A3). `filter` is the inner filter of a shared subscription (row A10).
   */
  covers(filter: string): FilterDecision;
}

const NOTHING_BOUND: BoundLevels = [];

/**
 * The policy of a principal: the union of its permission sets under what is proven about it.
 * @throws TopicTemplateError when a topic is no filter template; configuration refuses such a permission before.
 */
export function compilePolicy(sets: readonly PermissionSet[], bindings: VariableBindings): CompiledPolicy {
  return new TreePolicy(sets, bindings);
}

class TreePolicy implements CompiledPolicy {
  readonly #trees: readonly BoundTree[];
  readonly #bindings: VariableBindings;

  constructor(sets: readonly PermissionSet[], bindings: VariableBindings) {
    this.#bindings = bindings;
    this.#trees = sets.map((set) => {
      const tree = permissionTreeOf(set);
      const levels = tree.variableLevels;
      return {
        tree,
        bound: levels.length === 0 ? NOTHING_BOUND : levels.map((level) => bindLevel(level, bindings)),
      };
    });
  }

  permits(access: Access, topic: string): boolean {
    const levels = topic.split('/');
    return !this.#any('deny', access, levels) && this.#any('allow', access, levels);
  }

  decide(access: Access, topic: string): Decision {
    const levels = topic.split('/');
    const denied = this.#find('deny', access, levels);
    const allowed = this.#find('allow', access, levels);
    if (denied !== undefined) {
      return {
        access,
        topic,
        allowed: false,
        reason: 'denied',
        by: denied,
        ...(allowed && { nearest: allowed }),
      };
    }
    if (allowed !== undefined) return { access, topic, allowed: true, reason: 'allowed', by: allowed };
    const nearest = nearestAllow(this.#trees, this.#bindings, access, levels);
    return { access, topic, allowed: false, reason: 'no-permission', ...(nearest && { nearest }) };
  }

  covers(filter: string): FilterDecision {
    const asked = askedFilter(filter);
    if (asked === undefined) return { filter, granted: false, complete: false, reason: 'not-covered' };
    let allow: PermissionReference | undefined;
    let deny: PermissionReference | undefined;
    let readable = false;
    let last: readonly AskedLevel[] = asked.levels;
    for (const levels of this.#lengthsOf(asked)) {
      allow = this.#find('allow', 'read', levels);
      if (allow === undefined) return this.#notCovered(filter, levels);
      const denied = this.#find('deny', 'read', levels);
      deny = denied ?? deny;
      readable ||= denied === undefined;
      last = levels;
    }
    const parent = hasParent(asked);
    const parentAllowed = parent && this.#any('allow', 'read', asked.levels);
    readable ||= parentAllowed && !this.#any('deny', 'read', asked.levels);
    if (!readable && deny !== undefined) {
      return {
        filter,
        granted: false,
        complete: false,
        reason: 'denied',
        by: deny,
        witness: this.#witness(last),
      };
    }
    if (allow === undefined) return this.#notCovered(filter, asked.levels);
    const exact = !parent || parentAllowed;
    return {
      filter,
      granted: true,
      complete: exact && !this.#denyOverlaps(asked),
      reason: 'covered',
      by: allow,
    };
  }

  /**
   * What a filter asks for, one entry for each length of topic that patterns can tell apart. A topic of unknown levels
   * is matched only by wildcards, so what covers it covers all topics of that length: this makes covering by several
   * allows together a few plain look-ups. Beyond the longest pattern only `#` matches, for every length alike.
   */
  *#lengthsOf({ levels, tail }: AskedFilter): Generator<readonly AskedLevel[]> {
    if (!tail) {
      yield levels;
      return;
    }
    const depth = this.#trees.reduce((deepest, { tree }) => Math.max(deepest, tree.depth), 0);
    const asked = [...levels];
    do {
      asked.push(null);
      yield [...asked];
    } while (asked.length <= depth);
  }

  #notCovered(filter: string, levels: readonly AskedLevel[]): FilterDecision {
    return { filter, granted: false, complete: false, reason: 'not-covered', witness: this.#witness(levels) };
  }

  /** A topic of these levels that may not be read: some name in the unknown levels that no permission names. */
  #witness(levels: readonly AskedLevel[]): string {
    for (let attempt = 1; ; attempt++) {
      const name = attempt === 1 ? 'any' : `any${attempt}`;
      const topic = levels.map((level) => level ?? name).join('/');
      if (!this.permits('read', topic)) return topic;
    }
  }

  #denyOverlaps({ levels, tail }: AskedFilter): boolean {
    return this.#trees.some(({ tree, bound }) => denyOverlaps(tree, bound, levels, tail));
  }

  #any(effect: Effect, access: Access, levels: readonly AskedLevel[]): boolean {
    for (const { tree, bound } of this.#trees) {
      if (findPermission(tree, bound, effect, access, levels) !== NONE) return true;
    }
    return false;
  }

  #find(effect: Effect, access: Access, levels: readonly AskedLevel[]): PermissionReference | undefined {
    for (const { tree, bound } of this.#trees) {
      const index = findPermission(tree, bound, effect, access, levels);
      if (index !== NONE) return referenceTo(tree, index, this.#bindings);
    }
    return undefined;
  }
}

interface AskedFilter {
  /** Without the `#`; null for `+`. */
  readonly levels: readonly AskedLevel[];
  readonly tail: boolean;
}

/** Whether `…/#` matches a topic without its last level: `#` has no such, and that of `/#` is empty (section 4.7.3). */
function hasParent({ levels, tail }: AskedFilter): boolean {
  return tail && (levels.length > 1 || (levels.length === 1 && levels[0] !== ''));
}

/**
 * A requested filter by its levels. Undefined where text could be taken for something else than it is: a wildcard that
 * is no level of its own (TH08), or a `$share` that the caller has not taken off (row A10, TH05).
 */
function askedFilter(filter: string): AskedFilter | undefined {
  const levels = filter.split('/');
  const tail = levels[levels.length - 1] === '#';
  if (tail) levels.pop();
  if (levels[0] === '$share' || levels.some((level) => level !== '+' && /[+#]/.test(level))) return undefined;
  return { levels: levels.map((level) => (level === '+' ? null : level)), tail };
}
