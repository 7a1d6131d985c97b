import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VariableBindings } from '../../../src/authorization/permission.ts';
import {
  bindLevel,
  globMatches,
  parseTopicTemplate,
  TopicTemplateError,
  topicTemplateProblem,
} from '../../../src/authorization/template.ts';

function bind(template: string, bindings: VariableBindings): readonly unknown[] {
  return parseTopicTemplate(template).map((level) =>
    level.kind === 'variable' ? bindLevel(level, bindings) : level.kind,
  );
}

describe('topic templates', () => {
  test('of every kind of level are taken', () => {
    for (const topic of [
      'a',
      '/',
      '#',
      '+',
      'a/+/#',
      '$SYS/#',
      '${username}',
      'x${cn}y/${attributes.a.b}',
      'a$b{c}',
    ]) {
      assert.equal(topicTemplateProblem(topic), undefined, topic);
    }
  });

  const malformed: readonly (readonly [string, RegExp])[] = [
    ['', /is empty; write a topic filter/],
    ['a\0b', /NUL character; remove it/],
    ['a/#/b', /"#" is not the last level/],
    ['a/b#', /only a part of level "b#"; give the wildcard a level of its own/],
    ['a+/b', /only a part of level "a\+"/],
    ['[^/]+', /only a part of level "\]\+"/],
    ['${username', /"\$\{username" has no "\}"/],
    ['${attributes.a/b}', /has no "\}" in its level/],
    ['${user}', /unknown variable "\$\{user\}"; use \$\{username\}, \$\{clientId\}/],
    ['${ username }', /unknown variable/],
    ['${Username}', /unknown variable/],
    ['${attributes.}', /unknown variable/],
    ['${attributes}', /unknown variable/],
    ['${}', /unknown variable/],
  ];
  for (const [topic, expected] of malformed) {
    test(`${JSON.stringify(topic)} is refused with the remedy`, () => {
      assert.match(topicTemplateProblem(topic) ?? '', expected);
      assert.throws(() => parseTopicTemplate(topic), TopicTemplateError);
    });
  }
});

describe('binding', () => {
  test('numbers and booleans are their text', () => {
    const attributes = { n: 3, half: 0.5, yes: true, zero: 0 };
    assert.deepEqual(
      bind('${attributes.n}/${attributes.half}/${attributes.yes}/${attributes.zero}', { attributes }),
      ['3', '0.5', 'true', '0'],
    );
  });

  test('a number that is written with "+" is not bound (A1)', () => {
    assert.deepEqual(bind('${attributes.n}', { attributes: { n: 1e21 } }), [['', '']]);
  });

  test('unbound variables leave gaps between the pieces', () => {
    assert.deepEqual(bind('a${username}b${clientId}c/x', { clientId: '1' }), [['a', 'b1c'], 'literal']);
  });

  test('a leading $ is not bound only where it begins the topic (TH27)', () => {
    const bindings = { username: '$SYS', clientId: 'c' };
    assert.deepEqual(bind('${username}/${username}', bindings), [['', ''], '$SYS']);
    assert.deepEqual(bind('${clientId}${username}', bindings), ['c$SYS']);
  });

  test('a name of Object.prototype is nobody’s attribute', () => {
    assert.deepEqual(bind('${attributes.__proto__}/${claims.toString}', { attributes: {}, claims: {} }), [
      ['', ''],
      ['', ''],
    ]);
  });
});

describe('globs of a level', () => {
  const cases: readonly (readonly [readonly string[], string, boolean])[] = [
    [['', ''], '', true],
    [['', ''], 'anything', true],
    [['a', ''], 'ab', true],
    [['a', ''], 'ba', false],
    [['', 'a'], 'ba', true],
    [['ab', 'bc'], 'abc', false],
    [['ab', 'bc'], 'abbc', true],
    [['a', 'x', 'b'], 'a1x2b', true],
    [['a', 'x', 'b'], 'axb', true],
    [['a', 'x', 'b'], 'ab', false],
    [['a', 'x', 'xb'], 'axb', false],
    [['a', 'x', 'x', 'b'], 'axb', false],
    [['a', 'x', 'x', 'b'], 'axxb', true],
  ];
  for (const [glob, level, expected] of cases) {
    test(`${glob.join('*')} ${expected ? 'matches' : 'does not match'} "${level}"`, () => {
      assert.equal(globMatches(glob, level), expected);
    });
  }
});
