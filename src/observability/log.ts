import type { DestinationStream } from 'pino';
import { pino } from 'pino';
import type { Clock } from '../runtime/clock.ts';
import type { EventCode } from './events.ts';
import { events } from './events.ts';

export type EventFields = Readonly<Record<string, unknown>>;

/** Writes one event. The code decides level and text. Fields that cost something come as a function, asked only if needed. */
export type Log = (event: EventCode, fields?: EventFields | (() => EventFields)) => void;

/** Lines of one event code per second. A flood of refusals must not become a flood of log lines. */
const LINES_PER_SECOND = 100;

interface Budget {
  second: number;
  lines: number;
  dropped: number;
}

/** A log of JSON lines to `destination` (standard error in the broker), each event code bounded per second. */
export function createLog(destination: DestinationStream, clock: Clock): Log {
  const logger = pino({ base: null, formatters: { level: (label) => ({ level: label }) } }, destination);
  const budgets = new Map<EventCode, Budget>();

  const write = (event: EventCode, fields: EventFields): void => {
    const { level, message } = events[event];
    logger[level]({ event, ...fields }, message);
  };

  return (event, fields = {}) => {
    const second = Math.floor(clock.monotonic() / 1000);
    let budget = budgets.get(event);
    if (budget === undefined) {
      budget = { second, lines: 0, dropped: 0 };
      budgets.set(event, budget);
    }
    if (budget.second !== second) {
      if (budget.dropped > 0) write('events_dropped', { dropped_event: event, count: budget.dropped });
      budget.second = second;
      budget.lines = 0;
      budget.dropped = 0;
    }
    if (budget.lines < LINES_PER_SECOND) {
      budget.lines++;
      write(event, typeof fields === 'function' ? fields() : fields);
    } else {
      budget.dropped++;
    }
  };
}
