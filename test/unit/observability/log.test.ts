import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventCode } from '../../../src/observability/events.ts';
import { events } from '../../../src/observability/events.ts';
import type { Log } from '../../../src/observability/log.ts';
import { createLog } from '../../../src/observability/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

type Line = Readonly<Record<string, unknown>>;

/** A log into memory: its text, its lines as objects, and the clock that it goes by. */
function loggedInMemory(): { log: Log; clock: FakeClock; text: () => string; lines: () => readonly Line[] } {
  const written: string[] = [];
  const clock = new FakeClock();
  const log = createLog({ write: (text: string) => void written.push(text) }, clock);
  const text = (): string => written.join('');
  const lines = (): readonly Line[] =>
    text()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  return { log, clock, text, lines };
}

function logTimes(log: Log, event: EventCode, count: number): void {
  for (let number = 1; number <= count; number++) log(event, { number });
}

describe('the log', () => {
  it('writes an event as one line of JSON: level by its name, time, code, fields, message', () => {
    const { log, lines } = loggedInMemory();
    log('publish_denied', { topic: 'a/b', qos: 1, retain: false });
    const [{ time, ...rest } = {}] = lines();
    assert.equal(typeof time, 'number');
    assert.deepEqual(rest, {
      level: 'warn',
      event: 'publish_denied',
      topic: 'a/b',
      qos: 1,
      retain: false,
      msg: 'publish denied',
    });
  });

  it('writes each event with the level and the message of the table', () => {
    const { log, lines } = loggedInMemory();
    const codes = Object.keys(events) as EventCode[];
    for (const code of codes) log(code);
    assert.deepEqual(
      lines().map(({ event, level, msg }) => [event, level, msg]),
      codes.map((code) => [code, events[code].level, events[code].message]),
    );
  });

  it('leaves out fields without a value', () => {
    const { log, lines } = loggedInMemory();
    log('client_disconnected', { client_id: 'c', error: undefined });
    assert.deepEqual(Object.keys(lines()[0] ?? {}).sort(), ['client_id', 'event', 'level', 'msg', 'time']);
  });

  it('keeps what a peer sends within its line and its field', () => {
    const { log, text, lines } = loggedInMemory();
    const hostile = 'a\n{"event":"broker_stopped"}\r\n\u0000\u2028"';
    log('connect_refused', { username: hostile });
    assert.equal(text().split('\n').length, 2);
    assert.deepEqual(
      lines().map(({ event, username }) => [event, username]),
      [['connect_refused', hostile]],
    );
  });
});

describe('a flood of one event', () => {
  it('is cut at 100 lines a second', () => {
    const { log, lines } = loggedInMemory();
    logTimes(log, 'publish_denied', 250);
    assert.deepEqual(
      lines().map(({ number }) => number),
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
  });

  it('does not cut other events', () => {
    const { log, lines } = loggedInMemory();
    logTimes(log, 'publish_denied', 101);
    logTimes(log, 'subscribe_denied', 100);
    assert.equal(lines().filter(({ event }) => event === 'subscribe_denied').length, 100);
  });

  it('is counted: the next line of the event, in a later second, comes behind the number left out', () => {
    const { log, clock, lines } = loggedInMemory();
    logTimes(log, 'publish_denied', 250);
    clock.advance(999);
    log('publish_denied');
    assert.equal(lines().length, 100, 'the second is not over');
    clock.advance(1);
    log('publish_denied', { number: 'next' });
    const [dropped, next, ...more] = lines().slice(100);
    assert.deepEqual(
      [dropped?.['event'], dropped?.['level'], dropped?.['dropped_event'], dropped?.['count']],
      ['events_dropped', 'warn', 'publish_denied', 151],
    );
    assert.deepEqual([next?.['event'], next?.['number'], more], ['publish_denied', 'next', []]);
  });

  it('starts a new hundred every second, and says nothing when nothing was left out', () => {
    const { log, clock, lines } = loggedInMemory();
    for (let second = 0; second < 3; second++) {
      logTimes(log, 'publish_denied', 100);
      clock.advance(1000);
    }
    assert.equal(lines().length, 300);
    assert.ok(lines().every(({ event }) => event === 'publish_denied'));
  });
});
