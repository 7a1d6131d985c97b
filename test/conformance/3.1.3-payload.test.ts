import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';
import { connectPacket } from '../support/scripted-client.ts';

const anything = [{ access: 'readWrite', topic: '#' }] as const;
const accounts = {
  security: {
    clients: [passwordClient('owner', anything), passwordClient('thief', anything)],
    roles: [{ name: 'guest', permissions: anything }],
  },
};
const kept = { properties: { sessionExpiryInterval: 60 } };

/** A string or binary data as it stands in a packet. */
function prefixed(text: string): Buffer {
  return Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
}

forEachStore('3.1.3 CONNECT Payload', (brokerTest) => {
  brokerTest('[MQTT-3.1.2-9] [MQTT-3.1.3-1] its fields are read in their order', accounts, async (broker) => {
    const watcher = await broker.connect();
    await watcher.subscribe('#');
    const client = await broker.open(5, 'the client id');
    const body = Buffer.concat([
      prefixed('MQTT'),
      Buffer.from([5, 0xc6, 0, 0, 0]), // User Name, Password, Will, Clean Start; no Keep Alive, no properties
      prefixed('the client id'),
      Buffer.from([2, 0x01, 1]),
      prefixed('the/will/topic'),
      prefixed('the will payload'),
      prefixed('owner'),
      prefixed(testPassword),
    ]);
    client.sendRaw(Buffer.concat([Buffer.from([0x10, body.length]), body]));
    client.connack = await client.expect('connack');
    assert.equal(client.connack.reasonCode, 0);
    await broker.whenLogged('client_connected', { client_id: 'the client id', username: 'owner' });
    await broker.drop(client);
    await watcher.expectMessage({
      topic: 'the/will/topic',
      payload: 'the will payload',
      properties: { payloadFormatIndicator: 1 },
    });
  });

  brokerTest('[MQTT-3.1.3-2] the Client Identifier is what tells sessions apart', async (broker) => {
    for (const clientId of ['one', 'One', 'two']) {
      const client = await broker.connect({ ...kept, clientId });
      await client.subscribe(`to/${clientId}`, { qos: 1 });
      await client.disconnect();
    }
    const publisher = await broker.connect();
    for (const clientId of ['two', 'One', 'one', 'other']) {
      await publisher.publish(`to/${clientId}`, clientId, { qos: 1 });
      const client = await broker.connect({ ...kept, clientId, cleanStart: false });
      assert.equal(client.connack?.sessionPresent, clientId !== 'other');
      if (clientId !== 'other') await client.receive({ payload: clientId });
      await client.ping();
    }
  });

  for (const cleanStart of [true, false]) {
    brokerTest(
      `[MQTT-3.1.3-8] a Client Identifier that is another's is refused with 0x85 and closed, clean start ${cleanStart}`,
      accounts,
      async (broker) => {
        const owner = { clientId: 'c', username: 'owner', password: testPassword };
        const first = await broker.connect({ ...owner, ...kept });
        const thief = await broker.open(5, 'c');
        const { reasonCode } = await thief.connect({ username: 'thief', password: testPassword, cleanStart });
        assert.equal(reasonCode, 0x85);
        await thief.expectClosed();
        await first.ping();
      },
    );
  }
});

forEachStore('3.1.2 what CONNECT makes', (brokerTest) => {
  for (const protocolVersion of [3, 4, 5] as const) {
    brokerTest(
      `[MQTT-3.1.2-6] a session that was not there begins without a clean start, version ${protocolVersion}`,
      async (broker) => {
        const fields = { protocolVersion, clientId: 'new', cleanStart: false };
        const client = await broker.connect(protocolVersion === 5 ? { ...fields, ...kept } : fields);
        assert.equal(client.connack?.sessionPresent, false);
        await client.subscribe('a', { qos: 1 });
        await client.disconnect();
        const publisher = await broker.connect();
        await publisher.publish('a', 'for the session', { qos: 1 });
        const again = await broker.connect(fields);
        await again.receive({ payload: 'for the session' });
      },
    );
  }

  const will = {
    topic: 'wills/c',
    payload: Buffer.from('gone'),
    qos: 1 as const,
    retain: false,
    properties: {},
  };

  for (const protocolVersion of [3, 4, 5] as const) {
    for (const [end, comes] of [
      ['a broken connection', 1],
      ['DISCONNECT', 0],
    ] as const) {
      brokerTest(
        `[MQTT-3.1.2-10] behind ${end} no session has the will any more, version ${protocolVersion}`,
        async (broker) => {
          const witness = await broker.connect();
          await witness.subscribe('wills/#', { qos: 1 });
          const fields = {
            protocolVersion,
            clientId: 'c',
            cleanStart: false,
            ...(protocolVersion === 5 && kept),
          };
          const first = await broker.connect({ ...fields, will });
          if (end === 'DISCONNECT') await first.disconnect();
          else await broker.drop(first);
          if (comes === 1) await witness.receive({ payload: 'gone' });
          const second = await broker.connect(fields);
          await broker.drop(second);
          const publisher = await broker.connect();
          await publisher.publish('wills/c', 'the next message', { qos: 1 });
          await witness.receive({ payload: 'the next message' });
        },
      );
    }
  }

  brokerTest.timed(
    '[MQTT-4.1.0-1] a session lasts as long as its connection, whatever its expiry',
    {},
    async (broker, clock) => {
      for (const properties of [{}, { sessionExpiryInterval: 1 }]) {
        const client = await broker.connect({ properties });
        await client.subscribe('a', { qos: 1 });
        clock.advance(3_600_000);
        const publisher = await broker.connect();
        await publisher.publish('a', 'still here', { qos: 1 });
        await client.receive({ payload: 'still here' });
      }
    },
  );

  brokerTest('[MQTT-4.12.0-6] without an Authentication Method there is no AUTH', async (broker) => {
    const client = await broker.open(5, 'c');
    client.send(connectPacket({ clientId: 'c' }), { type: 'pingreq' });
    const { reasonCode, properties } = await client.expect('connack');
    assert.equal(reasonCode, 0);
    assert.equal(properties.authenticationMethod, undefined);
    assert.equal(properties.authenticationData, undefined);
    await client.expect('pingresp');
  });

  brokerTest('[MQTT-4.12.0-6] nor in a refusal', accounts, async (broker) => {
    const client = await broker.open(5, 'c');
    const { reasonCode, properties } = await client.connect({ username: 'owner', password: 'wrong' });
    assert.deepEqual([reasonCode, properties], [0x86, {}]);
    await client.expectClosed();
  });
});
