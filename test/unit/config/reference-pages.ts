import { configurationTable, limitsTable, securityTable } from '../../../src/config/reference.ts';

const reference = new URL('../../../docs/reference/', import.meta.url);

/** The pages with a table that comes from the schema, between `<!-- table: NAME -->` and `<!-- end -->`. */
export const pages = [
  { page: new URL('configuration.md', reference), table: 'portcullis.yaml', lines: configurationTable() },
  { page: new URL('configuration.md', reference), table: 'security.yaml', lines: securityTable() },
  { page: new URL('limits.md', reference), table: 'limits', lines: limitsTable() },
] as const;

/** The lines between a table's marks. */
export function tableOf(page: string, table: string): readonly string[] {
  const [, rest = ''] = page.split(`<!-- table: ${table} -->\n`);
  const [lines = ''] = rest.split('<!-- end -->');
  return lines.split('\n').filter((line) => line !== '');
}

export function replaceTable(page: string, table: string, lines: readonly string[]): string {
  const mark = `<!-- table: ${table} -->\n`;
  const start = page.indexOf(mark) + mark.length;
  const end = page.indexOf('<!-- end -->', start);
  return `${page.slice(0, start)}\n${lines.join('\n')}\n\n${page.slice(end)}`;
}
