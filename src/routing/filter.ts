import { isSystemTopic } from './topic.ts';

export type ParsedFilter =
  | { readonly kind: 'plain'; readonly filter: string }
  /** `filter` is the inner one: what is authorized, matched and stored in the tree. */
  | { readonly kind: 'shared'; readonly group: string; readonly filter: string }
  | { readonly kind: 'invalid'; readonly reason: string };

const SHARE = '$share';
const LONGEST_QUOTE = 80;

/**
 * Reads the text of SUBSCRIBE and UNSUBSCRIBE in every version: syntax of wildcards [5.0 section 4.7.1] and of shared
 * subscriptions [5.0 section 4.8.2]. `reason` names the filter and the remedy.
 */
export function parseFilter(text: string): ParsedFilter {
  if (text !== SHARE && !text.startsWith(`${SHARE}/`)) {
    const problem = syntaxProblem(text);
    return problem === undefined ? { kind: 'plain', filter: text } : invalid(text, problem);
  }
  const groupEnd = text.indexOf('/', SHARE.length + 1);
  // [MQTT-4.8.2-2] the share name is followed by a slash and a filter, and holds none of "/", "+" and "#".
  if (groupEnd === -1) return invalid(text, 'has no filter behind the group; write $share/GROUP/FILTER');
  const group = text.slice(SHARE.length + 1, groupEnd);
  // [MQTT-4.8.2-1] at least one character.
  if (group === '') return invalid(text, 'has an empty group; write $share/GROUP/FILTER');
  if (hasWildcard(group)) return invalid(text, 'has a wildcard in its group; use a name without "+" and "#"');
  const filter = text.slice(groupEnd + 1);
  const problem = group.includes('\0') ? NUL_PROBLEM : syntaxProblem(filter);
  return problem === undefined ? { kind: 'shared', group, filter } : invalid(text, problem);
}

/** Whether a valid filter holds a wildcard; without one it matches the topic that reads the same, and no other. */
export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/**
 * Whether a valid (inner) filter matches a topic name, level by level as section 4.7 defines it. The router is held to
 * this definition; use the router where speed matters.
 */
export function matchesFilter(filter: string, topic: string): boolean {
  // [MQTT-4.7.2-1] a leading wildcard does not see `$` topics.
  if (isSystemTopic(topic) && !isSystemTopic(filter)) return false;
  const filterLevels = filter.split('/');
  const topicLevels = topic.split('/');
  for (const [index, level] of filterLevels.entries()) {
    if (level === '#') return true; // the parent level is included [section 4.7.1.2]
    const topicLevel = topicLevels[index];
    if (topicLevel === undefined) return false;
    if (level !== '+' && level !== topicLevel) return false;
  }
  return filterLevels.length === topicLevels.length;
}

const NUL_PROBLEM = 'holds the character U+0000; leave it out';

function syntaxProblem(filter: string): string | undefined {
  // [MQTT-4.7.3-1]
  if (filter === '') return 'is empty; write at least one character';
  // [MQTT-4.7.3-2]
  if (filter.includes('\0')) return NUL_PROBLEM;
  const hash = filter.indexOf('#');
  // [MQTT-4.7.1-1] alone in its level, and in the last one.
  if (hash !== -1 && (hash !== filter.length - 1 || !standsAlone(filter, hash))) {
    return 'has "#" elsewhere than alone in the last level; write "#" or end with "/#"';
  }
  // [MQTT-4.7.1-2] alone in its level, in any of them.
  for (let plus = filter.indexOf('+'); plus !== -1; plus = filter.indexOf('+', plus + 1)) {
    if (!standsAlone(filter, plus))
      return 'has "+" beside other characters; let it fill its level, as in "a/+/b"';
  }
  return undefined;
}

function standsAlone(filter: string, index: number): boolean {
  return (
    (index === 0 || filter[index - 1] === '/') && (index === filter.length - 1 || filter[index + 1] === '/')
  );
}

function invalid(text: string, problem: string): ParsedFilter {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return { kind: 'invalid', reason: `filter ${JSON.stringify(shown)} ${problem}` };
}
