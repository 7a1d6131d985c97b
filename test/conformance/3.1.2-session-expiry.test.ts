import assert from 'node:assert/strict';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';

const SECOND = 1_000;
const DAY_SECONDS = 86_400;
const NEVER = 0xffff_ffff;

async function sessionPresent(broker: BrokerInProcess): Promise<boolean | undefined> {
  const client = await broker.connect({ clientId: 'c', cleanStart: false });
  return client.connack?.sessionPresent;
}

function expiring(sessionExpiryInterval: number) {
  return { clientId: 'c', properties: { sessionExpiryInterval } };
}

forEachStore('3.1.2.11.2 Session Expiry Interval', (brokerTest) => {
  for (const properties of [{}, { sessionExpiryInterval: 0 }]) {
    brokerTest(`${JSON.stringify(properties)}: the session ends with the connection`, async (broker) => {
      const client = await broker.connect({ clientId: 'c', properties });
      await broker.drop(client);
      assert.equal(await sessionPresent(broker), false);
    });
  }

  brokerTest.timed('[MQTT-3.1.2-23] the session is kept for the interval', {}, async (broker, clock) => {
    await (await broker.connect(expiring(10))).disconnect();
    clock.advance(10 * SECOND - 1);
    assert.equal(await sessionPresent(broker), true);
  });

  brokerTest.timed(
    '[MQTT-4.1.0-2] the session and its messages go when it is over',
    {},
    async (broker, clock) => {
      const client = await broker.connect(expiring(10));
      await client.subscribe('a', { qos: 1 });
      await client.disconnect();
      const publisher = await broker.connect();
      await publisher.publish('a', 'queued', { qos: 1 });
      clock.advance(10 * SECOND);
      await publisher.publish('a', 'for nobody', { qos: 1 });
      const again = await broker.connect({ ...expiring(10), cleanStart: false });
      assert.equal(again.connack?.sessionPresent, false);
      await publisher.publish('a', 'for nobody', { qos: 1 });
      await again.ping();
    },
  );

  brokerTest.timed(
    'the interval counts from the last connection, with its value',
    {},
    async (broker, clock) => {
      await (await broker.connect(expiring(10))).disconnect();
      clock.advance(9 * SECOND);
      const second = await broker.connect({ ...expiring(100), cleanStart: false });
      clock.advance(1_000 * SECOND);
      await broker.drop(second);
      clock.advance(99 * SECOND);
      assert.equal(await sessionPresent(broker), true);
    },
  );

  brokerTest.timed(
    '0xFFFFFFFF never ends',
    { config: { mqtt: { max_session_expiry: 'off' } } },
    async (broker, clock) => {
      const client = await broker.connect(expiring(NEVER));
      assert.equal(client.connack?.properties.sessionExpiryInterval, undefined);
      await broker.drop(client);
      clock.advance(DAY_SECONDS * SECOND);
      assert.equal(await sessionPresent(broker), true);
    },
  );

  const capped = { config: { mqtt: { max_session_expiry: '1h' } } };
  for (const asked of [NEVER, 3_601]) {
    brokerTest.timed(
      `${asked} is capped by max_session_expiry, and announced`,
      capped,
      async (broker, clock) => {
        const client = await broker.connect(expiring(asked));
        assert.equal(client.connack?.properties.sessionExpiryInterval, 3_600);
        await broker.drop(client);
        clock.advance(3_600 * SECOND);
        assert.equal(await sessionPresent(broker), false);
      },
    );
  }

  for (const protocolVersion of [3, 4] as const) {
    brokerTest.timed(
      `[3.1.1:MQTT-3.1.2-4] version ${protocolVersion} without a clean session: kept for max_session_expiry`,
      capped,
      async (broker, clock) => {
        const fields = { protocolVersion, clientId: 'c', cleanStart: false };
        await (await broker.connect(fields)).disconnect();
        clock.advance(3_600 * SECOND - 1);
        const second = await broker.connect(fields);
        assert.equal(broker.logged('client_connected', { session_present: true }).length, 1);
        await second.disconnect();
        clock.advance(3_600 * SECOND);
        await broker.connect(fields);
        assert.equal(broker.logged('client_connected', { session_present: true }).length, 1);
      },
    );
  }

  interface DisconnectCase {
    readonly before: number;
    readonly changedTo: number;
    /** Seconds after which the session is gone. */
    readonly ends: number;
  }
  const changes: readonly DisconnectCase[] = [
    { before: 100, changedTo: 10, ends: 10 },
    { before: 10, changedTo: 100, ends: 100 },
    { before: 100, changedTo: 0, ends: 0 },
    { before: 100, changedTo: NEVER, ends: 3_600 },
  ];
  for (const { before, changedTo, ends } of changes) {
    brokerTest.timed(
      `DISCONNECT changes ${before} to ${changedTo}: it ends after ${ends}`,
      capped,
      async (broker, clock) => {
        const first = await broker.connect(expiring(before));
        await first.disconnect(0, { sessionExpiryInterval: changedTo });
        if (ends > 0) {
          clock.advance(ends * SECOND - 1);
          const second = await broker.connect({ ...expiring(before), cleanStart: false });
          assert.equal(second.connack?.sessionPresent, true);
          await second.disconnect(0, { sessionExpiryInterval: changedTo });
        }
        clock.advance(ends * SECOND);
        assert.equal(await sessionPresent(broker), false);
      },
    );
  }

  brokerTest('DISCONNECT cannot raise it from 0', async (broker) => {
    const client = await broker.connect({ clientId: 'c' });
    client.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 60 } });
    await client.expectDisconnect(0x82);
    assert.equal(await sessionPresent(broker), false);
  });
});
