import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';
import { connectPacket } from '../support/scripted-client.ts';

forEachStore('3.15 AUTH', (brokerTest) => {
  brokerTest('[MQTT-4.12.0-7] AUTH where no method was agreed upon is a protocol error', async (broker) => {
    for (const reasonCode of [0x18, 0x19]) {
      const client = await broker.connect();
      client.send({ type: 'auth', reasonCode, properties: { authenticationMethod: 'SCRAM-SHA-256' } });
      await client.expectDisconnect(0x82);
    }
  });

  brokerTest('so is AUTH without a method, and the empty form', async (broker) => {
    for (const bytes of [
      [0xf0, 2, 0x18, 0],
      [0xf0, 0],
    ]) {
      const client = await broker.connect();
      client.sendRaw(bytes);
      await client.expectDisconnect(0x82);
    }
  });

  brokerTest('[MQTT-3.15.1-1] reserved flags are malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0xf1, 0]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('AUTH before CONNECT ends the connection', async (broker) => {
    const client = await broker.open();
    client.sendRaw([0xf0, 0]);
    await client.expectClosed();
  });

  brokerTest(
    '[MQTT-4.12.0-1] [MQTT-4.12.0-4] CONNECT with an unknown method is refused with 0x8C',
    async (broker) => {
      const client = await broker.open(5, 'c');
      client.send(connectPacket({ clientId: 'c', properties: { authenticationMethod: 'UNKNOWN' } }));
      assert.equal((await client.expect('connack')).reasonCode, 0x8c);
      await client.expectClosed();
    },
  );

  brokerTest('Authentication Data without a method is a protocol error', async (broker) => {
    const client = await broker.open(5, 'c');
    client.send(connectPacket({ clientId: 'c', properties: { authenticationData: Buffer.from('x') } }));
    assert.equal((await client.expect('connack')).reasonCode, 0x82);
    await client.expectClosed();
  });
});
