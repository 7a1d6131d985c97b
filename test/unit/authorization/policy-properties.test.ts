import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePolicy } from '../../../src/authorization/compile-policy.ts';
import type { Permission, VariableBindings } from '../../../src/authorization/permission.ts';
import { accessKinds } from '../../../src/authorization/permission.ts';
import { naiveFilterMatches, naivePolicy } from './naive-policy.ts';

const level = fc.constantFrom(
  'a',
  'b',
  '',
  '$s',
  '+',
  '+',
  'a${username}',
  '${username}',
  '${username}${clientId}',
);
const firstLevel = fc.oneof(
  { weight: 4, arbitrary: level },
  { weight: 1, arbitrary: fc.constant('$${username}') },
);
const template = fc
  .tuple(fc.array(level, { maxLength: 2 }), fc.option(firstLevel), fc.boolean())
  .map(([rest, first, tail]) =>
    [...(first === null ? [] : [first]), ...rest, ...(tail ? ['#'] : [])].join('/'),
  )
  .filter((topic) => topic !== '');
const permission: fc.Arbitrary<Permission> = fc.record({
  effect: fc.constantFrom('allow', 'allow', 'deny'),
  access: fc.constantFrom('read', 'read', 'write', 'readWrite'),
  topic: template,
});
const permissions = fc.array(permission, { maxLength: 6 });
/** As `permissions`, with so much allowed that denies matter. */
const overDenied = permissions.map((list): readonly Permission[] => [
  { effect: 'allow', access: 'read', topic: '#' },
  ...list.map((one): Permission => ({ ...one, effect: 'deny' })),
]);
const value = fc.constantFrom('a', 'b', 's', '$s', '+', '#', '', 'a/b', 'a\0');
const bindings: fc.Arbitrary<VariableBindings> = fc.record(
  { username: value, clientId: value },
  { requiredKeys: [] },
);
const filter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '', '+', '$s', 'ab'), { maxLength: 3 }), fc.boolean())
  .map(([levels, tail]) => [...levels, ...(tail ? ['#'] : [])].join('/'))
  .filter((text) => text !== '');

// `z` stands for every name that no permission mentions; patterns have at most four levels, topics one more.
const names = ['a', 'b', 'ab', 'z', '', '$s'];
const topics = topicsOf(4);

function topicsOf(depth: number): readonly string[] {
  if (depth === 1) return names;
  const shorter = topicsOf(depth - 1);
  return [
    ...shorter,
    ...shorter.filter((topic) => topic.split('/').length === depth - 1).flatMap(below),
  ].filter((topic) => topic !== '');
}

function below(topic: string): readonly string[] {
  return names.map((name) => `${topic}/${name}`);
}

/** Row A3: levels of `+` and of the tail of `#` non-empty, the parent of `…/#` left aside. */
function counts(asked: string, topic: string): boolean {
  const levels = asked.split('/');
  const given = topic.split('/');
  if (levels.at(-1) === '#' && given.length < levels.length) return false;
  return given.every((name, index) => name !== '' || (levels[index] ?? '#') === '');
}

const options = { numRuns: 400, seed: 20_260_101 };
const policyOf = (sets: readonly Permission[], values: VariableBindings) =>
  compilePolicy([{ path: 'client test', permissions: sets }], values);

describe('a compiled policy against the naive definition', () => {
  test('permits and decide are the definition', () => {
    fc.assert(
      fc.property(permissions, bindings, (sets, values) => {
        const policy = policyOf(sets, values);
        const naive = naivePolicy(sets, values);
        for (const access of accessKinds) {
          for (const topic of topics) {
            const expected = naive.permits(access, topic);
            assert.equal(policy.permits(access, topic), expected, `${access} ${topic}`);
          }
        }
      }),
      options,
    );
  });

  test('decide agrees with permits and names a permission of that effect and access', () => {
    fc.assert(
      fc.property(permissions, bindings, fc.constantFrom(...topics), (sets, values, topic) => {
        const policy = policyOf(sets, values);
        for (const access of accessKinds) {
          const decision = policy.decide(access, topic);
          assert.equal(decision.allowed, policy.permits(access, topic));
          if (decision.by === undefined) continue;
          assert.equal(sets[decision.by.index], decision.by.permission);
          assert.equal(decision.by.permission.effect, decision.allowed ? 'allow' : 'deny');
          assert.ok([access, 'readWrite'].includes(decision.by.permission.access));
          const alone = naivePolicy([{ ...decision.by.permission, effect: 'allow' }], values);
          if (decision.allowed) assert.ok(alone.permits(access, topic), 'it decides by itself');
        }
      }),
      options,
    );
  });

  test('splitting permissions over sets changes nothing', () => {
    fc.assert(
      fc.property(permissions, bindings, fc.constantFrom(...topics), filter, (sets, values, topic, asked) => {
        const together = policyOf(sets, values);
        const apart = compilePolicy(
          sets.map((one, index) => ({ path: `role ${index}`, permissions: [one] })),
          values,
        );
        assert.equal(apart.permits('read', topic), together.permits('read', topic));
        assert.equal(apart.covers(asked).reason, together.covers(asked).reason);
      }),
      options,
    );
  });
});

describe('covering a filter against enumeration', () => {
  test('granted: an allow for every topic; not covered: none for the witness', () => {
    fc.assert(
      fc.property(permissions, bindings, filter, (sets, values, asked) => {
        const decision = policyOf(sets, values).covers(asked);
        const naive = naivePolicy(sets, values);
        const matched = topics.filter((topic) => naiveFilterMatches(asked, topic));
        const missing = matched.filter((topic) => counts(asked, topic) && !naive.allows('read', topic));
        if (decision.reason === 'not-covered') {
          assert.ok(
            decision.witness !== undefined && naiveFilterMatches(asked, decision.witness),
            'witness matches',
          );
          assert.ok(!naive.permits('read', decision.witness), 'witness is not readable');
          assert.ok(missing.length > 0, 'refused without need');
        } else {
          assert.deepEqual(missing, []);
        }
      }),
      options,
    );
  });

  test('complete: every topic is readable, the parent and empty levels included', () => {
    let complete = 0;
    fc.assert(
      fc.property(fc.oneof(permissions, overDenied), bindings, filter, (sets, values, asked) => {
        const decision = policyOf(sets, values).covers(asked);
        if (!decision.complete) return;
        complete++;
        const naive = naivePolicy(sets, values);
        for (const topic of topics) {
          if (naiveFilterMatches(asked, topic)) assert.ok(naive.permits('read', topic), topic);
        }
      }),
      { ...options, numRuns: 2000 },
    );
    assert.ok(complete > 200, `only ${complete} complete decisions were made`);
  });

  test('denied: nothing is readable; granted: something is', () => {
    let denied = 0;
    fc.assert(
      fc.property(fc.oneof(permissions, overDenied), bindings, filter, (sets, values, asked) => {
        const decision = policyOf(sets, values).covers(asked);
        if (decision.reason === 'not-covered') return;
        const naive = naivePolicy(sets, values);
        const readable = topics.filter(
          (topic) => naiveFilterMatches(asked, topic) && naive.permits('read', topic),
        );
        if (decision.granted) {
          assert.ok(readable.length > 0);
          return;
        }
        denied++;
        assert.deepEqual(
          readable.filter((topic) => counts(asked, topic)),
          [],
        );
        assert.ok(naiveFilterMatches(asked, decision.witness) && !naive.permits('read', decision.witness));
      }),
      { ...options, numRuns: 2000 },
    );
    assert.ok(denied > 50, `only ${denied} filters were denied`);
  });
});
