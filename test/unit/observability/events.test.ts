import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { events } from '../../../src/observability/events.ts';
import { repositoryRoot } from '../../support/repository.ts';
import { readSources } from '../../support/source-imports.ts';

const page = 'docs/reference/events.md';

/** `[event, level]` of each line of the page's table. */
function documentedEvents(): readonly (readonly [string, string])[] {
  const text = readFileSync(join(repositoryRoot, page), 'utf8');
  return [...text.matchAll(/^\| `([\w-]+)` \| (\w+) \| \S.*\|$/gm)].map(([, event = '', level = '']) => [
    event,
    level,
  ]);
}

describe('events', () => {
  it(`${page} has every event once, with its level, and no others`, () => {
    const known = Object.entries(events).map(([event, { level }]) => [event, level] as const);
    assert.deepEqual([...documentedEvents()].sort(), known.sort());
  });

  it('are all logged somewhere', () => {
    const table = 'src/observability/events.ts';
    const code = readSources('src')
      .filter(({ path }) => path !== table)
      .map(({ text }) => text)
      .join('\n');
    const logged = (event: string): boolean => new RegExp(`\\b(log|write)\\(\\s*'${event}'`).test(code);
    assert.deepEqual(
      Object.keys(events).filter((event) => !logged(event)),
      [],
    );
  });

  it('have different messages, so that people can tell them apart too', () => {
    const messages = Object.values(events).map(({ message }) => message);
    assert.equal(new Set(messages).size, messages.length);
  });
});
