// `npm run fuzz -- --seconds 60`: fuzzes a broker for so long. A fault is reported with the seed that shows it again:
// `npm run fuzz -- --seed SEED --seconds 1`.

import { parseArgs } from 'node:util';
import { startBroker } from '../support/broker-process.ts';
import { fuzzedBroker } from './support/fuzz-connection.ts';
import { fuzz, processTarget } from './support/fuzz-run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    seconds: { type: 'string', default: '60' },
  },
});
const seed = Number(values.seed);
const seconds = Number(values.seconds);
if (!Number.isSafeInteger(seed) || !(seconds > 0)) {
  process.stderr.write('--seed takes an integer, --seconds a number above 0\n');
  process.exit(2);
}

const cleanUps: (() => Promise<void>)[] = [];
const broker = await startBroker({ name: 'fuzz', after: (cleanUp) => cleanUps.push(cleanUp) }, fuzzedBroker);
process.stdout.write(`seed ${seed}, ${seconds} s\n`);
const end = performance.now() + seconds * 1_000;
try {
  const connections = await fuzz(processTarget(broker), seed, () => performance.now() < end);
  process.stdout.write(`${connections} connections, no fault\n`);
} finally {
  for (const cleanUp of cleanUps) await cleanUp();
}
