const SLASH = '/';

/** Levels of a topic name or filter: one more than its slashes, so `a//b` has three and `/` two. */
export function levelCount(text: string): number {
  let count = 1;
  for (let slash = text.indexOf(SLASH); slash !== -1; slash = text.indexOf(SLASH, slash + 1)) count += 1;
  return count;
}

/**
 * Whether the text can be published to: not empty [MQTT-4.7.3-1], without U+0000 [MQTT-4.7.3-2] and without wildcards
 * [MQTT-3.3.2-2]. Length and well-formed UTF-8 are the decoder's and the limits' business.
 */
export function isTopicName(text: string): boolean {
  return text !== '' && !text.includes('+') && !text.includes('#') && !text.includes('\0');
}

/**
 * Topics that begin with `$` are the server's own: filters that begin with a wildcard do not see them [MQTT-4.7.2-1].
 * Trees keep the two kinds under different roots, so that no walk can cross over.
 */
export function isSystemTopic(topicOrFilter: string): boolean {
  return topicOrFilter.startsWith('$');
}
