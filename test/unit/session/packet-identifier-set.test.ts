import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketIdentifierSet } from '../../../src/session/packet-identifier-set.ts';

const identifier = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 65_535 }));
const step = fc.tuple(fc.constantFrom('add', 'delete', 'has'), identifier);

test('answers as a Set does, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(identifier), fc.array(step, { maxLength: 400 }), (initial, steps) => {
      const set = new PacketIdentifierSet(initial);
      const model = new Set(initial);
      for (const [kind, value] of steps) {
        if (kind === 'add') {
          set.add(value);
          model.add(value);
        } else if (kind === 'delete') {
          assert.equal(set.delete(value), model.delete(value));
        }
        assert.equal(set.has(value), model.has(value));
        assert.equal(set.size, model.size);
      }
      for (const value of model) assert.ok(set.has(value));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('holds every identifier there is', () => {
  const set = new PacketIdentifierSet();
  for (let value = 1; value <= 65_535; value++) set.add(value);
  assert.equal(set.size, 65_535);
  for (let value = 1; value <= 65_535; value += 2) assert.ok(set.delete(value));
  assert.equal(set.has(2), true);
  assert.equal(set.has(3), false);
  assert.equal(set.size, 32_767);
});
