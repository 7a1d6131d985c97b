import assert from 'node:assert/strict';
import { StoreError } from '../../src/stores/session-store.ts';
import { forEachStore } from '../support/for-each-store.ts';

const versions = [3, 4] as const;

forEachStore('4.8 transient errors of 3.1.1', (brokerTest) => {
  for (const protocolVersion of versions) {
    const session = { protocolVersion, clientId: 's', cleanStart: false };

    for (const qos of [1, 2] as const) {
      brokerTest.held(
        `[3.1.1:MQTT-4.8.0-2] a PUBLISH of QoS ${qos} that cannot be stored closes its connection alone, version ${protocolVersion}`,
        {},
        async (broker, store) => {
          const subscriber = await broker.connect(session);
          await subscriber.subscribe('a', { qos: 2 });
          const publisher = await broker.connect({ protocolVersion });
          store.fail('write', new StoreError('no room'));
          publisher.sendPublish('a', 'lost', { qos });
          await publisher.expectClosed();
          await subscriber.ping();
        },
      );
    }

    brokerTest.held(
      `[3.1.1:MQTT-4.8.0-2] a SUBSCRIBE that cannot be stored closes its connection, version ${protocolVersion}`,
      {},
      async (broker, store) => {
        const client = await broker.connect(session);
        store.fail('write', new StoreError('no room'));
        client.send({
          type: 'subscribe',
          packetId: 1,
          subscriptions: [
            { filter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
          ],
          properties: {},
        });
        await client.expectClosed();
      },
    );

    brokerTest.held(
      `[3.1.1:MQTT-4.8.0-2] an UNSUBSCRIBE that cannot be stored closes its connection, version ${protocolVersion}`,
      {},
      async (broker, store) => {
        const client = await broker.connect(session);
        await client.subscribe('a', { qos: 1 });
        store.fail('write', new StoreError('no room'));
        client.send({ type: 'unsubscribe', packetId: 2, filters: ['a'], properties: {} });
        await client.expectClosed();
      },
    );

    brokerTest.held(
      `[3.1.1:MQTT-4.8.0-2] a CONNECT whose session cannot be read closes its connection, version ${protocolVersion}`,
      {},
      async (broker, store) => {
        await (await broker.connect(session)).disconnect();
        for (const operation of ['claim', 'load'] as const) {
          store.fail(operation, new StoreError('no answer'));
          const client = await broker.open(protocolVersion, 's');
          assert.equal((await client.connect(session)).reasonCode, 3);
          await client.expectClosed();
        }
      },
    );
  }
});
