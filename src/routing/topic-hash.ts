/**
 * FNV-1a over UTF-16 units, one unit at a time, so that one pass over a topic gives the hash of each of its prefixes.
 * It spreads counters over slots; whoever makes topics collide only causes needless look-ups.
 */
export const EMPTY_HASH = 0x811c9dc5 | 0;

export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

export function hashText(text: string): number {
  let hash = EMPTY_HASH;
  for (let index = 0; index < text.length; index += 1) hash = hashUnit(hash, text.charCodeAt(index));
  return hash;
}
