/** Times `count` calls after a warm-up of a tenth of them and prints one line. */
export function measure(title: string, count: number, call: (index: number) => void): void {
  for (let index = 0; index < count / 10; index += 1) call(index);
  const start = performance.now();
  for (let index = 0; index < count; index += 1) call(index);
  const milliseconds = performance.now() - start;
  const nanoseconds = ((milliseconds * 1e6) / count).toFixed(0).padStart(8);
  const perSecond = Math.round(count / (milliseconds / 1000))
    .toLocaleString('en')
    .padStart(14);
  process.stdout.write(`${title.padEnd(64)} ${nanoseconds} ns/op ${perSecond} /s\n`);
}
