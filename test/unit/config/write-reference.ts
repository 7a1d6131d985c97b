// Brings the tables of docs/reference up to date: node test/unit/config/write-reference.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { pages, replaceTable } from './reference-pages.ts';

for (const { page, table, lines } of pages) {
  writeFileSync(page, replaceTable(readFileSync(page, 'utf8'), table, lines));
}
