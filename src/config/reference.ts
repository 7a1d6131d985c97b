import { limitDefinitions, limitsWith } from '../runtime/limits.ts';
import { configurationSchema } from './configuration-schema.ts';
import { limitText } from './limits-schema.ts';
import type { Key, Schema } from './schema.ts';
import { securitySchema } from './security-schema.ts';

/** Lines of the tables in docs/reference, from the tables that read the files: a test holds the pages to them. */
export function configurationTable(): readonly string[] {
  const header = ['| key | value | default | meaning | takes effect |', '|---|---|---|---|---|'];
  const rows = rowsBelow(configurationSchema, '', undefined).map(
    ({ path, key, reload }) =>
      `| ${[`\`${path}\``, key.schema.type, defaultOf(key), key.meaning, reload ?? ''].join(' | ')} |`,
  );
  return [...header, ...rows];
}

/** security.yaml is replaced as a whole, so there is no column for when a key takes effect. */
export function securityTable(): readonly string[] {
  const header = ['| key | value | default | meaning |', '|---|---|---|---|'];
  const rows = rowsBelow(securitySchema(limitsWith()), '', undefined).map(
    ({ path, key }) => `| ${[`\`${path}\``, key.schema.type, defaultOf(key), key.meaning].join(' | ')} |`,
  );
  return [...header, ...rows];
}

export function limitsTable(): readonly string[] {
  const header = ['| limit | default | smallest | largest | what happens |', '|---|---|---|---|---|'];
  const rows = Object.values(limitDefinitions).map((limit) => {
    const [usual, least, most] = [limit.default, limit.minimum, limit.maximum].map((value) =>
      limitText(limit.unit, value),
    );
    return `| \`${limit.key}\` | ${usual} | ${least} | ${most} | ${limit.description} |`;
  });
  return [...header, ...rows];
}

interface Row {
  readonly path: string;
  readonly key: Key<unknown, boolean>;
  readonly reload: string | undefined;
}

function rowsBelow({ shape }: Schema<unknown>, path: string, reload: string | undefined): readonly Row[] {
  switch (shape.kind) {
    case 'list':
      return rowsBelow(shape.item, `${path}[]`, reload);
    case 'map':
    case 'word or map':
      return Object.entries(shape.keys).flatMap(([name, key]) =>
        rowsOf(path === '' ? name : `${path}.${name}`, key, reload),
      );
    case 'variants':
      return Object.values(shape.variants).flatMap((variant) => rowsBelow(variant, path, reload));
    case 'scalar':
    case 'any':
      return [];
  }
}

function rowsOf(path: string, key: Key<unknown, boolean>, inherited: string | undefined): readonly Row[] {
  const reload = key.reload ?? inherited;
  // The limits have a page of their own.
  const below = path === 'limits' ? [] : rowsBelow(key.schema, path, reload);
  return [{ path, key, reload }, ...below];
}

function defaultOf({ defaultText, optional }: Key<unknown, boolean>): string {
  if (defaultText === undefined) return optional ? '' : 'required';
  return defaultText === '{}' ? '' : `\`${defaultText}\``;
}
