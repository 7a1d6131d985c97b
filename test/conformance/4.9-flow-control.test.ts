import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';
import { publishPacket } from '../support/scripted-client.ts';

forEachStore('4.9 flow control towards the client', (brokerTest) => {
  for (const persistent of [true, false]) {
    const kind = persistent ? 'stored' : 'transient';
    for (const qos of [1, 2] as const) {
      brokerTest(
        `[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] never more than its Receive Maximum, QoS ${qos}, ${kind} session`,
        async (broker) => {
          const client = await broker.connect({
            properties: { receiveMaximum: 3, sessionExpiryInterval: persistent ? 60 : 0 },
          });
          await client.subscribe('a', { qos });
          const publisher = await broker.connect();
          for (let index = 0; index < 10; index++) await publisher.publish('a', `${index}`, { qos });
          const unacknowledged: number[] = [];
          for (let index = 0; index < 10; index++) {
            if (unacknowledged.length === 3) {
              await client.ping();
              const packetId = unacknowledged.shift()!;
              if (qos === 1) client.acknowledge('puback', packetId);
              if (qos === 2) {
                client.acknowledge('pubrec', packetId);
                await client.expectAcknowledgement('pubrel', packetId);
                await client.ping(); // PUBREC alone makes no room.
                client.acknowledge('pubcomp', packetId);
              }
            }
            unacknowledged.push((await client.expectMessage({ payload: `${index}` })).packetId);
          }
          await client.ping();
        },
      );
    }
  }

  brokerTest('[MQTT-3.3.4-9] QoS 0 goes on when the quota is used up', async (broker) => {
    const client = await broker.connect({ properties: { receiveMaximum: 1 } });
    await client.subscribe('a', { qos: 1 });
    const publisher = await broker.connect();
    await publisher.publish('a', '1', { qos: 1 });
    await publisher.publish('a', '2', { qos: 1 });
    await publisher.publish('a', 'QoS 0', { qos: 0 });
    const { packetId } = await client.expectMessage({ payload: '1' });
    await client.expectMessage({ payload: 'QoS 0' });
    client.acknowledge('puback', packetId);
    await client.expectMessage({ payload: '2' });
  });

  brokerTest(
    '[MQTT-3.3.4-10] [MQTT-4.9.0-3] every other packet is answered when the quota is used up',
    async (broker) => {
      const client = await broker.connect({ properties: { receiveMaximum: 1 } });
      await client.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      for (const payload of ['1', '2']) await publisher.publish('a', payload, { qos: 1 });
      const { packetId } = await client.expectMessage({ payload: '1' });
      await client.ping();
      for (const qos of [0, 1, 2] as const) await client.publish('b', '', { qos });
      assert.deepEqual((await client.subscribe('c', { qos: 1 })).reasonCodes, [1]);
      assert.deepEqual((await client.unsubscribe('c')).reasonCodes, [0]);
      client.acknowledge('pubrel', 99);
      await client.expectAcknowledgement('pubcomp', 99, 0x92);
      client.acknowledge('pubrec', 99);
      await client.expectAcknowledgement('pubrel', 99, 0x92);
      client.acknowledge('puback', packetId);
      await client.expectMessage({ payload: '2' });
    },
  );

  brokerTest(
    'max_ack_pending is a bound beside it',
    { config: { mqtt: { max_ack_pending: 2 } } },
    async (broker) => {
      const client = await broker.connect({ protocolVersion: 4 });
      await client.subscribe('a', { qos: 1 });
      const publisher = await broker.connect();
      for (const payload of ['1', '2', '3']) await publisher.publish('a', payload, { qos: 1 });
      const { packetId } = await client.expectMessage({ payload: '1' });
      await client.expectMessage({ payload: '2' });
      await client.ping();
      client.acknowledge('puback', packetId);
      await client.expectMessage({ payload: '3' });
    },
  );
});

forEachStore('4.9 flow control towards the broker', (brokerTest) => {
  const keys = { config: { mqtt: { receive_maximum: 3 } } };

  brokerTest(
    '[MQTT-3.3.4-7] one QoS 2 message more than Receive Maximum closes with 0x93',
    keys,
    async (broker) => {
      const client = await broker.connect();
      for (const packetId of [1, 2, 3, 3]) {
        client.sendPublish('a', '', { qos: 2, packetId });
        await client.expectAcknowledgement('pubrec', packetId);
      }
      client.sendPublish('a', '', { qos: 2, packetId: 4 });
      await client.expectDisconnect(0x93);
    },
  );

  brokerTest('PUBCOMP, PUBACK and a PUBREC with an error make room', keys, async (broker) => {
    const client = await broker.connect();
    for (let packetId = 1; packetId <= 8; packetId++) {
      await client.publish('a', '', { qos: 2, packetId });
      await client.publish('a', '', { qos: 1, packetId });
      client.sendPublish('readonly/x', '', { qos: 2, packetId });
      await client.expectAcknowledgement('pubrec', packetId, 0x87);
    }
    for (const packetId of [1, 2]) {
      client.sendPublish('a', '', { qos: 2, packetId });
      await client.expectAcknowledgement('pubrec', packetId);
    }
    await client.publish('a', '', { qos: 1, packetId: 9 });
  });

  brokerTest(
    '3.x clients know no Receive Maximum: they are slowed down and lose nothing',
    keys,
    async (broker) => {
      const subscriber = await broker.connect({ clientId: 's', properties: { sessionExpiryInterval: 60 } });
      await subscriber.subscribe('a', { qos: 1 });
      const client = await broker.connect({ protocolVersion: 4 });
      client.send(
        ...Array.from({ length: 50 }, (_, index) =>
          publishPacket('a', `${index}`, { qos: 1, packetId: index + 1 }),
        ),
        { type: 'pingreq' },
      );
      for (let index = 0; index < 50; index++) await subscriber.receive({ payload: `${index}` });
      let acknowledged = 0;
      for (let pinged = false; acknowledged < 50 || !pinged; ) {
        const packet = await client.next();
        if (packet === 'closed') throw new Error('closed');
        if (packet.type === 'pingresp') pinged = true;
        else if (packet.type === 'puback' && packet.packetId === acknowledged + 1) acknowledged++;
        else throw new Error(`unexpected ${packet.type}`);
      }
    },
  );
});

forEachStore('4.9 slow readers', (brokerTest) => {
  brokerTest(
    'above limits.write_queue_bytes QoS 0 is dropped, QoS 1 waits, and nobody else is slowed down',
    { config: { limits: { write_queue_bytes: '64KiB' } } },
    async (broker) => {
      const slow = await broker.connect();
      const fast = await broker.connect();
      for (const client of [slow, fast]) await client.subscribe('#', { qos: 1 });
      const publisher = await broker.connect();
      const payload = Buffer.alloc(32 * 1024, 'x');
      slow.pause();
      // Far more than socket buffers and the write queue take.
      for (let count = 0; count < 1_000; count++) {
        await publisher.publish('zero', payload, { qos: 0 });
        await fast.expectMessage({ topic: 'zero' });
      }
      for (let count = 0; count < 20; count++) {
        await publisher.publish('one', `${count}`, { qos: 1 });
        await fast.receive({ topic: 'one' });
      }
      slow.resume();
      let zero = 0;
      let one = 0;
      while (one < 20) {
        const message = await slow.expectMessage();
        if (message.topic === 'zero') zero++;
        else if (message.payload.toString() === `${one}`) one++;
        else throw new Error(`message ${message.payload.toString()} in place of ${one}`);
        if (message.qos === 1) slow.acknowledge('puback', message.packetId);
      }
      if (zero === 1_000) throw new Error('nothing was dropped: the test does not fill the buffers');
    },
  );
});
