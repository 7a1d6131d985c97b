import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KeepAlive } from '../../../src/connection/keep-alive.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setUp(seconds: number): { clock: FakeClock; keepAlive: KeepAlive; expired(): number } {
  const clock = new FakeClock();
  let count = 0;
  const keepAlive = new KeepAlive(clock, seconds, () => count++);
  return { clock, keepAlive, expired: () => count };
}

describe('[MQTT-3.1.2-22] keep alive', () => {
  test('expires once, after one and a half times of silence', () => {
    const { clock, expired } = setUp(10);
    clock.advance(14_999);
    assert.equal(expired(), 0);
    clock.advance(1);
    assert.equal(expired(), 1);
    clock.advance(100_000);
    assert.equal(expired(), 1);
  });

  test('whatever is heard begins the silence anew', () => {
    const { clock, keepAlive, expired } = setUp(10);
    for (let count = 0; count < 10; count++) {
      clock.advance(14_000);
      keepAlive.heard();
    }
    clock.advance(14_999);
    assert.equal(expired(), 0);
    clock.advance(1);
    assert.equal(expired(), 1);
  });

  test('does not count while we do not read, and begins anew behind it', () => {
    const { clock, keepAlive, expired } = setUp(10);
    clock.advance(14_000);
    keepAlive.suspend();
    clock.advance(1_000_000);
    assert.equal(expired(), 0);
    keepAlive.resume();
    clock.advance(14_999);
    assert.equal(expired(), 0);
    clock.advance(1);
    assert.equal(expired(), 1);
  });

  test('stopped, it leaves no timer', () => {
    const { clock, keepAlive, expired } = setUp(10);
    clock.advance(7_000);
    keepAlive.stop();
    assert.equal(clock.pendingTimers, 0);
    clock.advance(100_000);
    assert.equal(expired(), 0);
  });
});
