/** Time per call in nanoseconds: the best of several rounds after a warm-up, which is steadier than their mean. */
const ROUNDS = 7;
const ROUND_MILLISECONDS = 150;

/** Runs `batch`, which handles `size` packets, over and over; nanoseconds per packet. */
export function nanosecondsPerPacket(batch: () => void, size: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    let batches = 0;
    const start = performance.now();
    let elapsed = 0;
    while (elapsed < ROUND_MILLISECONDS) {
      batch();
      batches++;
      elapsed = performance.now() - start;
    }
    best = Math.min(best, (elapsed * 1e6) / (batches * size));
  }
  return best;
}

/** Prints a line: our time, mqtt-packet's, and how many times as fast we are. */
export function report(name: string, ours: number, theirs?: number): void {
  const ratio =
    theirs === undefined ? '' : `${theirs.toFixed(0).padStart(8)} ${(theirs / ours).toFixed(1).padStart(7)}`;
  process.stdout.write(`${name.padEnd(44)} ${ours.toFixed(0).padStart(8)} ${ratio}\n`);
}

export function heading(title: string): void {
  process.stdout.write(
    `${title.padEnd(44)} ${'ns'.padStart(8)} ${'oracle'.padStart(8)} ${'ratio'.padStart(7)}\n`,
  );
}
