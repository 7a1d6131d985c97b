import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { startBroker } from '../support/broker-process.ts';

describe('a broker that is told to stop', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`finishes its drain although a second ${signal} comes, as Ctrl-C behind npm gives`, async (t) => {
      const broker = await startBroker(t);
      const { host, port } = broker.listener();
      // A peer that does not close its half keeps the drain busy for close_linger.
      const peer = connect({ host, port, allowHalfOpen: true });
      t.after(() => peer.destroy());
      await once(peer, 'connect');
      broker.kill(signal);
      await once(peer.resume(), 'end');
      broker.kill(signal);
      assert.deepEqual(await broker.ended(), { exitCode: 0, signal: null });
      assert.ok(broker.logs().some(({ event }) => event === 'broker_stopped'));
    });
  }
});
