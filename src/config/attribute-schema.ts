import type { AttributeValue } from '../authentication/principal.ts';
import type { ConfigNode } from './config-node.ts';
import { isAbsent } from './config-node.ts';
import type { ReadContext, Schema } from './schema.ts';
import { kindName } from './schema.ts';

export type Attributes = Readonly<Record<string, AttributeValue>>;

/**
 * Free names with values that conditions compare: a plain `3` is a number and a plain `true` a boolean; everything else,
 * `00123`, `1e5`, `no`, `null` and whatever stands in quotes, is text.
 */
export const attributes: Schema<Attributes> = {
  type: 'map of texts, numbers, `true`, `false` and lists',
  shape: { kind: 'any' },
  read(node, context) {
    if (isAbsent(node)) return {};
    if (node.kind !== 'map') {
      return context.error({
        message: `must be a map, not a ${kindName(node)}`,
        remedy: 'write { name: value }',
      });
    }
    const values: [string, AttributeValue][] = [];
    for (const [name, child] of node.entries) {
      // Names stand in `${attributes.NAME}`, and in messages.
      if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(name)) {
        context.error({
          message: 'holds a name that is not letters, digits, "_", "-" and "." (64 at most)',
          remedy: 'rename it, such as floor',
        });
        continue;
      }
      const value = attributeValue(child, context.below(name));
      if (value !== undefined) values.push([name, value]);
    }
    return Object.fromEntries(values);
  },
};

function attributeValue(node: ConfigNode, context: ReadContext): AttributeValue | undefined {
  if (node.kind === 'map') {
    return context.error({ message: 'must be one value or a list, not a map', remedy: 'write name: value' });
  }
  if (node.kind === 'list') {
    const items = node.items.map((item, index) => attributeValue(item, context.below(index)));
    return items.filter((item) => item !== undefined);
  }
  if (isAbsent(node))
    return context.error({ message: 'has no value', remedy: 'write a value, or "" for empty text' });
  return node.plain ? plainValue(node.text) : node.text;
}

function plainValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  const isNumber = /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(text);
  return isNumber ? Number(text) : text;
}
