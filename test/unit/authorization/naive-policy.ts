import type { Access, Permission, VariableBindings } from '../../../src/authorization/permission.ts';

/**
 * The definition of a decision, written as plainly as can be and sharing nothing with the implementation: each topic
 * template becomes a regular expression.
 */
export interface NaivePolicy {
  permits(access: Access, topic: string): boolean;
  allows(access: Access, topic: string): boolean;
}

export function naivePolicy(permissions: readonly Permission[], bindings: VariableBindings): NaivePolicy {
  const rules = permissions.map((permission) => ({
    ...permission,
    matches: naiveMatcher(permission, bindings),
  }));
  const some = (effect: string, access: Access, topic: string): boolean =>
    rules.some(
      (rule) =>
        rule.effect === effect &&
        (rule.access === access || rule.access === 'readWrite') &&
        rule.matches(topic),
    );
  return {
    allows: (access, topic) => some('allow', access, topic),
    permits: (access, topic) => some('allow', access, topic) && !some('deny', access, topic),
  };
}

function naiveMatcher(
  { effect, topic: template }: Permission,
  bindings: VariableBindings,
): (topic: string) => boolean {
  let unbound = false;
  const parts = template.split(/(\$\{\w+\}|\/#$|^#$|\+)/).map((part, index, all) => {
    if (part === '/#') return '(/.*)?';
    if (part === '#') return '.*';
    if (part === '+') return '[^/]*';
    const name = /^\$\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return escaped(part);
    const value = bindings[name as 'username' | 'clientId'];
    const begins = all.slice(0, index).join('') === '';
    const usable =
      value !== undefined && value !== '' && !/[/+#\0]/.test(value) && !(begins && value.startsWith('$'));
    if (usable) return escaped(value);
    unbound = true;
    return '[^/]*';
  });
  if (unbound && effect === 'allow') return () => false;
  const pattern = new RegExp(`^${parts.join('')}$`, 's');
  const reachesSystemTopics = effect === 'deny' || /^\$(?!\{)/.test(template);
  return (topic) => (reachesSystemTopics || !topic.startsWith('$')) && pattern.test(topic);
}

/** Whether a filter matches a topic by the definition of MQTT 5.0, 4.7. */
export function naiveFilterMatches(filter: string, topic: string): boolean {
  return naiveMatcher({ effect: 'allow', access: 'read', topic: filter }, {})(topic);
}

function escaped(text: string): string {
  return text.replace(/[$.*+?^(){}|[\]\\]/g, '\\$&');
}
