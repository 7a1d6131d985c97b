/**
 * Routing by kind of filter, with 100,000 filters, over a million topics, and under subscription churn:
 * `node bench/routing/router.ts`.
 */

import type { Subscription } from '../../src/routing/router.ts';
import { Router } from '../../src/routing/router.ts';
import { measure } from './measure.ts';

const limits = { routeCacheReceivers: 1_000_000 };
const filterCount = 100_000;
let sink = 0;

function subscription(owner: number, filter: string): Subscription<number> {
  return { owner, filter, qos: 0, noLocal: false, retainAsPublished: false };
}

/** Filters of many shapes: exact, `+` at each level, `#` at each depth. */
function filterOf(number: number): string {
  const shapes = [
    `site/${number}/temperature`,
    `site/${number}/+`,
    `site/${number}/#`,
    `site/+/${number}/x/#`,
    `+/${number}/a/+`,
    `t/+/x${number}/#`,
    `line/${number % 100}/machine/${number}/+/state`,
  ];
  return shapes[number % shapes.length]!;
}

function routerWith(filters: readonly string[]): Router<number> {
  const router = new Router<number>(limits);
  for (const [owner, filter] of filters.entries()) router.subscribe(subscription(owner, filter));
  return router;
}

function measureTopics(
  title: string,
  router: Router<number>,
  topics: readonly string[],
  count: number,
): void {
  measure(title, count, (index) => {
    sink += router.route(topics[index % topics.length]!).receivers.length;
  });
}

const hot = Array.from({ length: 1000 }, (_, index) => `site/${index}/temperature`);
const oneHit = Array.from({ length: 1_000_000 }, (_, index) => `site/${index}/temperature/${index}`);
const shapes = {
  exact: hot,
  plus: hot.map((_, index) => `site/${index}/+`),
  hash: hot.map((_, index) => `site/${index}/#`),
};

for (const [shape, filters] of Object.entries(shapes)) {
  measureTopics(`1,000 ${shape} filters, 1,000 hot topics`, routerWith(filters), hot, 2_000_000);
  measureTopics(`1,000 ${shape} filters, 1,000,000 topics once each`, routerWith(filters), oneHit, 1_000_000);
}

const filters = Array.from({ length: filterCount }, (_, number) => filterOf(number));
const large = new Router<number>(limits);
measure('subscribe, 100,000 filters of 7 shapes', filterCount, (index) => {
  large.subscribe(subscription(index, filters[index]!));
});
measureTopics('100,000 filters, 1,000 hot topics', large, hot, 2_000_000);
measureTopics('100,000 filters, 1,000,000 topics once each', large, oneHit, 1_000_000);

const held = hot.map((topic) => large.route(topic));
measure('isCurrent, nothing changes', 10_000_000, (index) => {
  if (large.isCurrent(held[index % held.length]!)) sink += 1;
});

measure('subscribe and unsubscribe, exact', 500_000, (index) => {
  large.subscribe(subscription(-1, `commands/${index}/run`));
  large.unsubscribe(-1, `commands/${index}/run`);
});
measure('subscribe and unsubscribe, wildcard below a device', 500_000, (index) => {
  large.subscribe(subscription(-1, `commands/${index}/#`));
  large.unsubscribe(-1, `commands/${index}/#`);
});
measure('hot topics, a change below another device every 10 messages', 2_000_000, (index) => {
  if (index % 10 === 0) large.subscribe(subscription(-1, `site/x${index % 1000}/#`));
  sink += large.route(hot[index % hot.length]!).receivers.length;
});
measure('hot topics, a change of a "+/…" filter every 10 messages', 500_000, (index) => {
  if (index % 10 === 0) large.subscribe(subscription(-1, `+/x${index % 1000}`));
  sink += large.route(hot[index % hot.length]!).receivers.length;
});

const fanOut = routerWith(Array.from({ length: 10_000 }, () => 'all'));
measureTopics('1 topic to 10,000 receivers, cached', fanOut, ['all'], 1_000_000);
measure('1 topic to 10,000 receivers, found anew', 200, (index) => {
  fanOut.subscribe(subscription(index, 'all'));
  sink += fanOut.route('all').receivers.length;
});
process.stdout.write(
  `heap ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB (${sink} receivers)\n`,
);
