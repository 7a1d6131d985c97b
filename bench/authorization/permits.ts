/**
 * Uncached decisions per second with 10 and 1,000 permissions of one client. Run: `node bench/authorization/permits.ts`.
 */

import type { CompiledPolicy } from '../../src/authorization/compile-policy.ts';
import { compilePolicy } from '../../src/authorization/compile-policy.ts';
import type { Permission } from '../../src/authorization/permission.ts';

const DECISIONS = 500_000;

function policyOf(count: number): CompiledPolicy {
  const permissions = Array.from({ length: count }, (_, index): Permission => {
    const topic = index % 10 === 9 ? `site/+/line${index}/secret` : `site/\${username}/line${index}/+/#`;
    return { effect: index % 10 === 9 ? 'deny' : 'allow', access: 'readWrite', topic };
  });
  return compilePolicy([{ path: 'client bench', permissions }], { username: 'u1' });
}

function measure(title: string, policy: CompiledPolicy, topics: readonly string[]): void {
  let allowed = 0;
  const run = (decisions: number): void => {
    for (let turn = 0; turn < decisions; turn++) {
      if (policy.permits('write', topics[turn % topics.length] ?? '')) allowed++;
    }
  };
  run(DECISIONS / 10);
  const start = performance.now();
  run(DECISIONS);
  const seconds = (performance.now() - start) / 1000;
  console.log(`${title}: ${Math.round(DECISIONS / seconds / 1000)} k decisions/s (${allowed} allowed)`);
}

for (const count of [10, 1000]) {
  const policy = policyOf(count);
  const topics = Array.from({ length: 100 }, (_, index) => `site/u1/line${index % count}/temperature`);
  measure(`permits, ${count} permissions`, policy, topics);
  measure(
    `refuses, ${count} permissions`,
    policy,
    topics.map((topic) => `other/${topic}`),
  );
}
for (const count of [10, 1000]) {
  const policy = policyOf(count);
  const start = performance.now();
  for (let turn = 0; turn < 1000; turn++) policy.decide('write', `site/nobody/${turn}`);
  console.log(
    `decide without permission, ${count} permissions: ${(performance.now() - start).toFixed(1)} µs each`,
  );
}
