import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker-process.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { login } from './plant.ts';

test('every failed credential gets the same answer, at the same time (row P4)', async (t) => {
  const replyDelay = 600;
  const broker = await startBroker(t, {
    config: { limits: { failure_reply_delay: `${replyDelay}ms` } },
    security: {
      clients: [
        passwordClient('known'),
        passwordClient('off', [], { enabled: false }),
        passwordClient('bound', [], { authentication: { client_id: 'bound-1' } }),
      ],
    },
  });
  const attempts = {
    'wrong password': { ...login('known'), password: 'wrong' },
    'unknown user': login('nobody'),
    'no credentials': {},
    'no password': { username: 'known' },
    disabled: login('off'),
    'wrong client id': { ...login('bound'), clientId: 'bound-2' },
  };
  const outcomes = await Promise.all(
    Object.entries(attempts).map(async ([name, attempt]) => {
      const started = performance.now();
      const client = await connectMqttJs(t, broker.listener(), attempt);
      return { name, elapsed: performance.now() - started, connack: client.connack };
    }),
  );
  const [first] = outcomes;
  for (const { name, elapsed, connack } of outcomes) {
    assert.equal(connack?.reasonCode, 0x86, name);
    assert.deepEqual(connack, first?.connack, name);
    assert.ok(elapsed >= replyDelay - 1, `${name}: answered after ${elapsed} ms`);
  }
  const refused = broker.logs().filter(({ event }) => event === 'connect_refused');
  assert.equal(refused.length, outcomes.length);
  assert.equal((await connectMqttJs(t, broker.listener(), login('known'))).connackCode, 0);
});
