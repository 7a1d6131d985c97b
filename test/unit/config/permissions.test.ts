import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { securityErrors } from './fixtures.ts';

describe('security.yaml: permissions', () => {
  const permissionErrors = (permission: string) =>
    securityErrors(`roles:\n- { name: r, permissions: [ ${permission} ] }`);
  const place = 's.yaml:2: roles[0].permissions[0]';
  const topics: readonly (readonly [topic: string, message: string])[] = [
    ['a/#/b', '"#" is not the last level; end the filter there, or use "+"'],
    ['a/b#', '"+" or "#" is only a part of level "b#"; give the wildcard a level of its own'],
    [
      'a/${user}/b',
      'unknown variable "${user}"; use ${username}, ${clientId}, ${cn}, ${attributes.NAME} or ${claims.NAME}',
    ],
    [
      'a/${clientid}',
      'unknown variable "${clientid}"; use ${username}, ${clientId}, ${cn}, ${attributes.NAME} or ${claims.NAME}',
    ],
    [
      'a/${attributes.}',
      'unknown variable "${attributes.}"; use ${username}, ${clientId}, ${cn}, ${attributes.NAME} or ${claims.NAME}',
    ],
    [
      'a/${env:HOME}',
      'unknown variable "${env:HOME}"; use ${username}, ${clientId}, ${cn}, ${attributes.NAME} or ${claims.NAME}',
    ],
    ['a/${username', '"${username" has no "}" in its level; close the variable'],
    [
      '$share/g/a',
      'begins with $share; write the filter behind $share/GROUP/: shared subscriptions are judged by it',
    ],
    ['/'.repeat(100), 'has more than 100 levels; shorten it, or raise limits.topic_levels'],
    ['', 'is blank; write a text, or remove the key'],
  ];
  for (const [topic, message] of topics) {
    it(`topic ${topic.slice(0, 20)}`, () => {
      const errors = permissionErrors(`{ access: read, topic: '${topic}' }`);
      assert.deepEqual(errors, [`${place}.topic: ${JSON.stringify(topic)}: ${message}`]);
    });
  }

  it('a topic of the longest length, and one byte more', () => {
    assert.deepEqual(permissionErrors(`{ access: read, topic: ${'a'.repeat(4096)} }`), []);
    const [error = ''] = permissionErrors(`{ access: read, topic: ${'ä'.repeat(2048)}b }`);
    assert.match(error, /topic: "ä{120}…": is longer than 4096 bytes; shorten it$/);
  });

  for (const topic of [
    '#',
    '+',
    '/',
    '$SYS/#',
    '+/+',
    'a/${username}-${cn}/#',
    '${attributes.floor}/${claims.a-b}',
    'a b',
  ]) {
    it(`topic ${topic} is good`, () => {
      assert.deepEqual(permissionErrors(`{ access: readWrite, topic: '${topic}' }`), []);
    });
  }

  const others: readonly (readonly [permission: string, ...messages: string[]])[] = [
    [
      '{ topic: a }',
      `${place}.access: is missing; add access: \`read\` = subscribe and receive, \`write\` = publish, wills and retained messages included.`,
    ],
    [
      '{ access: readwrite, topic: a }',
      `${place}.access: "readwrite": is not known; did you mean "readWrite"?`,
    ],
    [
      '{ effect: refuse, access: read, topic: a }',
      `${place}.effect: "refuse": is not known; known: allow, deny`,
    ],
    [
      '{ access: read, topic: a, when: { time: x } }',
      `${place}.when: is not available in this version; remove the condition and, unless it holds always, the permission`,
    ],
    [
      '{ access: read, topic: a, topic_regex: "a.*" }',
      `${place}.topic_regex: "a.*": is not available in this version; write a topic filter as topic`,
    ],
    [
      '{ acess: read, topic: a }',
      `${place}.acess: unknown key; did you mean "access"?`,
      `${place}.access: is missing; add access: \`read\` = subscribe and receive, \`write\` = publish, wills and retained messages included.`,
    ],
    ['a/b', `${place}: must be a map, not a single value; write "key: value" below it`],
  ];
  for (const [permission, ...messages] of others) {
    it(permission, () => assert.deepEqual(permissionErrors(permission), messages));
  }
});
