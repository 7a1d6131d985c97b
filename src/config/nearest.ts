/**
 * The candidate that a mistyped word most likely means: `ack_wiat`, `ackWait` → `ack_wait`. Undefined when none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plainForm(word);
  const threshold = Math.max(2, Math.floor(wanted.length / 3));
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plainForm(candidate));
    if (distance <= threshold && (best === undefined || distance < best.distance))
      best = { candidate, distance };
  }
  return best?.candidate;
}

/** `did you mean "ack_wait"?`, or the list of what there is. */
export function suggestion(word: string, candidates: readonly string[], what: string): string {
  const near = nearest(word, candidates);
  return near === undefined ? `${what}: ${candidates.join(', ')}` : `did you mean ${JSON.stringify(near)}?`;
}

/** Long words are never typing mistakes of short keys; their length bounds the work below. */
const COMPARED_CHARACTERS_MAX = 64;

function plainForm(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, '').slice(0, COMPARED_CHARACTERS_MAX);
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
