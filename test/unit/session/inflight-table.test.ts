import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InflightTable } from '../../../src/session/inflight-table.ts';

test('[MQTT-2.2.1-3] an identifier in use is never given out again, and each finds its own entry', () => {
  const step = fc.oneof(fc.constant('add' as const), fc.nat({ max: 200 }));
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 20 }),
      fc.array(step),
      (ids, steps) => {
        const table = new InflightTable<string>();
        const model = new Map<number, string>();
        for (const packetId of ids) {
          table.restore(packetId, `restored ${packetId}`);
          model.set(packetId, `restored ${packetId}`);
        }
        steps.forEach((chosen, index) => {
          if (chosen === 'add') {
            const packetId = table.add(`entry ${index}`);
            assert.ok(packetId >= 1 && packetId <= 65_535);
            assert.equal(model.has(packetId), false);
            model.set(packetId, `entry ${index}`);
          } else {
            const packetId = [...model.keys()][chosen] ?? chosen;
            table.delete(packetId);
            model.delete(packetId);
            assert.equal(table.get(packetId), undefined);
          }
          assert.equal(table.size, model.size);
        });
        for (const [packetId, entry] of model) assert.equal(table.get(packetId), entry);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

test('identifiers go round all 65,535 before one is reused (TH29), and never are 0', () => {
  const table = new InflightTable<number>();
  const seen = new Set<number>();
  for (let turn = 0; turn < 65_535; turn++) {
    const packetId = table.add(turn);
    seen.add(packetId);
    table.delete(packetId);
  }
  assert.equal(seen.size, 65_535);
  assert.equal(seen.has(0), false);
  assert.equal(table.add(0), 1);
});

test('all 65,535 can be in use at once; one more is refused', () => {
  const table = new InflightTable<number>();
  const given = new Set(Array.from({ length: 65_535 }, (_, index) => table.add(index)));
  assert.equal(given.size, 65_535);
  assert.equal(table.add(0), 0);
  table.delete(777);
  assert.equal(table.add(1), 777);
});
