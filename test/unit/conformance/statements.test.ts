import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Statement } from '../../conformance/report/statements.ts';
import { findListProblems, isOwed, readStatements } from '../../conformance/report/statements.ts';

const list = readStatements();
const at = (id: string): number => list.findIndex((statement) => statement.id === id);

function problemsWith(changes: Readonly<Record<string, Partial<Statement> | 'removed'>>): readonly string[] {
  const changed = list.flatMap((statement) => {
    const change = changes[statement.id];
    if (change === 'removed') return [];
    return [change === undefined ? statement : { ...statement, ...change }];
  });
  return findListProblems(changed);
}

describe('the list of statements', () => {
  test('a number that is left out is found, and makes its chapter too short', () => {
    assert.deepEqual(problemsWith({ 'MQTT-3.1.2-24': 'removed' }), [
      'MQTT-3.1.2-24 is missing and not among the known gaps',
      '5.0 chapter 3 has 174, not 175',
    ]);
  });

  test('a statement that is there twice, or behind a later one, is found', () => {
    const twice = list.toSpliced(at('MQTT-3.12.4-1'), 0, list[at('MQTT-3.12.4-1')] as Statement);
    assert.ok(findListProblems(twice).includes('MQTT-3.12.4-1 is out of order or there twice'));
    const [first, second] = [list[at('MQTT-4.3.3-9')], list[at('MQTT-4.3.3-10')]];
    const swapped = list.toSpliced(at('MQTT-4.3.3-9'), 2, second as Statement, first as Statement);
    assert.deepEqual(findListProblems(swapped), ['MQTT-4.3.3-9 is out of order or there twice']);
  });

  test('fields that do not fit the id are found', () => {
    assert.deepEqual(problemsWith({ 'MQTT-3.12.4-1': { section: '3.12.3' } }), [
      'MQTT-3.12.4-1 does not fit version and section',
    ]);
    assert.deepEqual(problemsWith({ '3.1.1:MQTT-3.12.4-1': { sameAs: ['MQTT-3.12.4-2'] } }), [
      '3.1.1:MQTT-3.12.4-1 cannot be the same as MQTT-3.12.4-2',
    ]);
    assert.deepEqual(problemsWith({ 'MQTT-3.12.4-1': { text: '' } }), [
      'MQTT-3.12.4-1 is not told in a sentence',
    ]);
  });

  test('owed is what binds the server, is mandatory and can come up', () => {
    const statement = list[at('MQTT-3.12.4-1')] as Statement;
    assert.equal(isOwed(statement), true);
    assert.equal(isOwed({ ...statement, binds: 'both', level: 'must-not' }), true);
    assert.equal(isOwed({ ...statement, binds: 'client' }), false);
    assert.equal(isOwed({ ...statement, level: 'should' }), false);
    assert.equal(isOwed({ ...statement, exempt: 'Never.' }), false);
  });
});
