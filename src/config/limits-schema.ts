import type { LimitDefinition, LimitUnit } from '../runtime/limits.ts';
import { limitDefinitions, limitsWith } from '../runtime/limits.ts';
import { duration, formatDuration, formatSize, size } from './quantities.ts';
import type { Bounds } from './scalars.ts';
import { integer } from './scalars.ts';
import type { Keys, ReadContext, Schema } from './schema.ts';
import { defaulted, object } from './schema.ts';

function limitSchema({ unit, minimum, maximum }: LimitDefinition): Schema<number> {
  const bounds: Bounds = { minimum, maximum };
  return { count: integer, bytes: size, duration }[unit](bounds);
}

/** A limit's value as it is written: `1MiB`, `5s`, `1000`. */
export function limitText(unit: LimitUnit, value: number): string {
  return { count: String, bytes: formatSize, duration: formatDuration }[unit](value);
}

const limitKeys: Keys = Object.fromEntries(
  Object.values(limitDefinitions).map((limit) => [
    limit.key,
    defaulted(limitSchema(limit), limitText(limit.unit, limit.default), { meaning: limit.description }),
  ]),
);

/** The table has a key for each limit, and `camelCase` turns the keys into their names: a test holds it to that. */
export const limits = { ...object(limitKeys), read: readLimits(object(limitKeys)) };

function readLimits(schema: Schema<object>) {
  return (node: Parameters<typeof schema.read>[0], context: ReadContext) => {
    const values = schema.read(node, context);
    return values === undefined ? undefined : limitsWith(values);
  };
}
