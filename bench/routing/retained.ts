/** Retained messages: set, get, match and delete with 100,000 topics: `node bench/routing/retained.ts`. */
import { RetainedMessages } from '../../src/routing/retained-messages.ts';
import { measure } from './measure.ts';

const topics = Array.from({ length: 100_000 }, (_, index) => `site/${index % 300}/device/${index}/state`);
const retained = new RetainedMessages<string>();
let sink = 0;

measure('set, 100,000 topics', topics.length, (index) => retained.set(topics[index]!, topics[index]!, 100));
measure('get', topics.length, (index) => {
  sink += retained.get(topics[index]!)?.length ?? 0;
});
measure('match one topic', topics.length, (index) => {
  for (const message of retained.match(topics[index]!)) sink += message.length;
});
measure('match site/N/device/+/state, 333 messages', 1000, (index) => {
  for (const message of retained.match(`site/${index % 300}/device/+/state`)) sink += message.length;
});
measure('match #, 100,000 messages', 20, () => {
  for (const message of retained.match('#')) sink += message.length;
});
measure('delete', topics.length, (index) => {
  if (retained.delete(topics[index]!)) sink += 1;
});
process.stdout.write(`heap ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB (${sink})\n`);
