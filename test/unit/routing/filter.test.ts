import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasWildcard, matchesFilter, parseFilter } from '../../../src/routing/filter.ts';
import { topicFilter, topicName } from './topic-arbitraries.ts';

describe('parseFilter', () => {
  it('takes filters with wildcards in their own levels [MQTT-4.7.1-1] [MQTT-4.7.1-2]', () => {
    const filters = [
      'a',
      '/',
      '//',
      'a//b',
      ' ',
      '#',
      '/#',
      'a/#',
      '+',
      '+/+',
      '/+',
      '+/',
      'a/+/b/#',
      'ü/😀',
      '$SYS/#',
    ];
    for (const filter of filters) assert.deepEqual(parseFilter(filter), { kind: 'plain', filter });
  });

  it('refuses "#" elsewhere than alone in the last level [MQTT-4.7.1-1]', () => {
    for (const text of ['a#', '#a', 'a/#/b', '##', '#/', 'a/b#', '+#', '$share/g/#/a']) {
      assert.match(reasonOf(text), /has "#" elsewhere than alone in the last level/);
    }
  });

  it('refuses "+" beside other characters [MQTT-4.7.1-2]', () => {
    for (const text of ['a+', '+a', '++', 'a/b+/c', 'a/+b', '+/a+', '$share/g/a+']) {
      assert.match(reasonOf(text), /has "\+" beside other characters/);
    }
  });

  it('refuses the empty filter [MQTT-4.7.3-1] and U+0000 [MQTT-4.7.3-2]', () => {
    assert.match(reasonOf(''), /is empty/);
    assert.match(reasonOf('$share/g/'), /is empty/);
    for (const text of ['a\0', '$share/g/\0', '$share/\0/a']) assert.match(reasonOf(text), /U\+0000/);
  });

  it('takes shared subscriptions apart [MQTT-4.8.2-1] [MQTT-4.8.2-2]', () => {
    const cases = [
      ['$share/g/a', 'g', 'a'],
      ['$share/g/#', 'g', '#'],
      ['$share/g//', 'g', '/'],
      ['$share/ü 1/a/+/b', 'ü 1', 'a/+/b'],
      ['$share/g/$SYS/#', 'g', '$SYS/#'],
      ['$share/g/$share/h/a', 'g', '$share/h/a'],
    ] as const;
    for (const [text, group, filter] of cases) {
      assert.deepEqual(parseFilter(text), { kind: 'shared', group, filter });
    }
  });

  it('refuses shared subscriptions without a group or a filter [MQTT-4.8.2-1] [MQTT-4.8.2-2]', () => {
    for (const text of ['$share', '$share/', '$share/g'])
      assert.match(reasonOf(text), /no filter behind the group/);
    for (const text of ['$share//a', '$share//']) assert.match(reasonOf(text), /empty group/);
    for (const text of ['$share/+/a', '$share/g#/a', '$share/#/a']) {
      assert.match(reasonOf(text), /wildcard in its group/);
    }
  });

  it('takes what only resembles a shared subscription literally', () => {
    for (const filter of ['$shared/g/a', '$SHARE/g/a', '/$share/g/a', '$sharex']) {
      assert.deepEqual(parseFilter(filter), { kind: 'plain', filter });
    }
  });

  it('names the filter, shortened and escaped, in its reason', () => {
    assert.equal(
      reasonOf('a\n#'),
      'filter "a\\n#" has "#" elsewhere than alone in the last level; write "#" or end with "/#"',
    );
    assert.ok(reasonOf(`${'x'.repeat(65_000)}#`).length < 250);
  });
});

describe('matchesFilter', () => {
  const cases: readonly (readonly [filter: string, topics: readonly string[], others: readonly string[]])[] =
    [
      [
        'sport/tennis/player1/#',
        ['sport/tennis/player1', 'sport/tennis/player1/score/wimbledon'],
        ['sport/tennis'],
      ],
      ['sport/#', ['sport', 'sport/'], ['sports', '/sport']],
      ['#', ['a', '/', 'a/b'], ['$SYS', '$SYS/a']],
      [
        'sport/tennis/+',
        ['sport/tennis/player1', 'sport/tennis/'],
        ['sport/tennis', 'sport/tennis/player1/ranking'],
      ],
      ['+', ['finance'], ['/finance', '$SYS']],
      ['+/+', ['/finance'], ['finance', '$SYS/a']],
      ['/+', ['/finance'], ['finance', '/finance/']],
      ['a//b', ['a//b'], ['a/b', 'a/x/b']],
      ['a/+/b', ['a//b', 'a/x/b'], ['a/b']],
      ['+/monitor/Clients', ['x/monitor/Clients'], ['$SYS/monitor/Clients']],
      ['$SYS/#', ['$SYS', '$SYS/a'], ['SYS/a', '$sys/a']],
      ['$SYS/monitor/+', ['$SYS/monitor/Clients'], ['$SYS/monitor']],
      ['ACCOUNTS', ['ACCOUNTS'], ['Accounts']],
      ['A/ü', ['A/ü'], ['A/u\u0308', 'A/u']],
    ];

  it('follows the examples of section 4.7 [MQTT-4.7.2-1] [MQTT-4.7.3-4]', () => {
    for (const [filter, topics, others] of cases) {
      for (const topic of topics) assert.ok(matchesFilter(filter, topic), `${filter} matches ${topic}`);
      for (const topic of others)
        assert.ok(!matchesFilter(filter, topic), `${filter} does not match ${topic}`);
    }
  });

  it('agrees with the filter said as a regular expression', () => {
    fc.assert(
      fc.property(topicFilter, topicName, (filter, topic) => {
        assert.equal(matchesFilter(filter, topic), asRegularExpression(filter).test(topic));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('matches exactly the same text when there is no wildcard', () => {
    fc.assert(
      fc.property(topicFilter, topicName, (filter, topic) => {
        fc.pre(!hasWildcard(filter));
        assert.equal(matchesFilter(filter, topic), filter === topic);
        assert.ok(matchesFilter(filter, filter));
      }),
      { seed: 2 },
    );
  });
});

function reasonOf(text: string): string {
  const parsed = parseFilter(text);
  return parsed.kind === 'invalid'
    ? parsed.reason
    : assert.fail(`${JSON.stringify(text)} was taken as ${parsed.kind}`);
}

function asRegularExpression(filter: string): RegExp {
  const notSystem = /^[+#]/.test(filter) ? '(?!\\$)' : '';
  const pattern = filter
    .replaceAll('$', '\\$')
    .replaceAll('+', '[^/]*')
    .replace(/\/#$/, '(/.*)?')
    .replace(/^#$/, '.*');
  return new RegExp(`^${notSystem}${pattern}$`, 'u');
}
