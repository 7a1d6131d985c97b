import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { transportEvents } from '../../../src/transport/listener-context.ts';

test('docs/reference/transports.md explains each log event, and no other', () => {
  const page = readFileSync(new URL('../../../docs/reference/transports.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('## Log events'));
  const explained = [...table.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, event]) => event);
  assert.deepEqual(explained, [...transportEvents]);
});
