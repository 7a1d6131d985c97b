import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { configurationKeys } from '../../../src/config/configuration-schema.ts';
import { camelCase } from '../../../src/config/schema.ts';
import { limitDefinitions } from '../../../src/runtime/limits.ts';
import { pages, tableOf } from './reference-pages.ts';

describe('docs/reference says what the schema says', () => {
  for (const { page, table, lines } of pages) {
    it(`${table}: every key has its line, and every line its key`, () => {
      assert.deepEqual(
        tableOf(readFileSync(page, 'utf8'), table),
        lines,
        'run: node test/unit/config/write-reference.ts',
      );
    });
  }

  it('the tables hold every top key of the contract', () => {
    const text = pages.flatMap(({ lines }) => lines).join('\n');
    for (const key of [
      ...Object.keys(configurationKeys),
      'listeners[].tls.handshake_timeout',
      'mqtt.max_queued_age',
      'clients[].authentication.password_hash',
      'roles[].permissions[].topic',
      'providers.basic.stop_on_reject',
      ...Object.values(limitDefinitions).map(({ key: limit }) => limit),
    ]) {
      assert.ok(text.includes(`| \`${key}\` |`), key);
    }
  });
});

it('the keys of limits become their names', () => {
  for (const [name, { key }] of Object.entries(limitDefinitions)) assert.equal(camelCase(key), name);
});
