import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { compilePolicy } from '../../src/authorization/compile-policy.ts';
import type { Access, Permission, VariableBindings } from '../../src/authorization/permission.ts';

interface CaseGroup {
  readonly title: string;
  readonly permissions: readonly (Omit<Permission, 'effect'> & Partial<Pick<Permission, 'effect'>>)[];
  readonly bindings: VariableBindings;
  readonly cases: readonly PolicyCase[];
}

interface PolicyCase {
  readonly request: { readonly access: Access; readonly topic: string } | { readonly filter: string };
  readonly expected: string;
  readonly complete?: boolean;
  readonly witness?: string;
  readonly why: string;
}

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

for (const file of files) {
  describe(file, () => {
    const groups = parse(readFileSync(join(folder, file), 'utf8')) as readonly CaseGroup[];
    for (const group of groups) test(group.title, () => runGroup(group));
  });
}

function runGroup(group: CaseGroup): void {
  const permissions = group.permissions.map((permission) => ({ effect: 'allow' as const, ...permission }));
  const policy = compilePolicy([{ path: 'client test', permissions }], group.bindings);
  for (const { request, expected, complete, witness, why } of group.cases) {
    const what = `${JSON.stringify(request)}: ${why}`;
    if ('topic' in request) {
      const decision = policy.decide(request.access, request.topic);
      assert.equal(decision.reason, expected, what);
      assert.equal(decision.allowed, expected === 'allowed', what);
      assert.equal(policy.permits(request.access, request.topic), decision.allowed, what);
      continue;
    }
    const decision = policy.covers(request.filter);
    assert.equal(decision.reason, expected, what);
    assert.equal(decision.granted, expected === 'covered', what);
    if (complete !== undefined) assert.equal(decision.complete, complete, what);
    if (witness !== undefined) assert.equal(!decision.granted && decision.witness, witness, what);
  }
}

test('there are cases', () => {
  assert.deepEqual(files.toSorted(), ['dollar-topics.yaml', 'filters.yaml', 'templates.yaml']);
});
