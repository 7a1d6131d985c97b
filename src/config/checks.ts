import { nearest } from './nearest.ts';
import type { ReadContext } from './schema.ts';

/** Calls `report` for each entry whose text an earlier one has, with that earlier one. */
export function reportRepeated<T>(
  entries: readonly T[],
  textOf: (entry: T) => string | undefined,
  report: (entry: T, text: string, earlier: T) => void,
): void {
  const seen = new Map<string, T>();
  for (const entry of entries) {
    const repeated = textOf(entry);
    if (repeated === undefined) continue;
    const earlier = seen.get(repeated);
    if (earlier === undefined) seen.set(repeated, entry);
    else report(entry, repeated, earlier);
  }
}

/** Reports `name` unless it is one of `known`: `what` is `role` or `client`. */
export function reportUnknownName(
  name: string | undefined,
  known: ReadonlySet<string>,
  what: string,
  context: ReadContext,
): void {
  if (name === undefined || known.has(name)) return;
  const near = nearest(name, known);
  const remedy =
    near === undefined ? `add the ${what}, or remove its name here` : `did you mean ${JSON.stringify(near)}?`;
  context.error({ value: name, message: `there is no such ${what}`, remedy });
}
