import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';
import type { ScriptedClient } from '../support/scripted-client.ts';

/** Of these clients those that have a message, with the payloads; each PINGRESP says that no more has come. */
async function heardBy(clients: readonly ScriptedClient[]): Promise<string[][]> {
  return Promise.all(
    clients.map(async (client) => {
      const payloads: string[] = [];
      client.send({ type: 'pingreq' });
      for (
        let packet = await client.next();
        packet !== 'closed' && packet.type === 'publish';
        packet = await client.next()
      ) {
        payloads.push(packet.payload.toString());
        if (packet.qos === 1) client.acknowledge('puback', packet.packetId);
      }
      return payloads;
    }),
  );
}

forEachStore('4.8.2 Shared Subscriptions', (brokerTest) => {
  for (const protocolVersion of [3, 4, 5] as const) {
    brokerTest(
      `each message goes to one member, all have their turn, version ${protocolVersion}`,
      async (broker) => {
        const members = await Promise.all([1, 2, 3].map(() => broker.connect({ protocolVersion })));
        for (const member of members) await member.subscribe('$share/group/a/+', { qos: 1 });
        const publisher = await broker.connect();
        for (let index = 0; index < 9; index++) await publisher.publish('a/b', `${index}`, { qos: 1 });
        const heard = await heardBy(members);
        assert.deepEqual(heard.flat().sort(), ['0', '1', '2', '3', '4', '5', '6', '7', '8']);
        for (const payloads of heard) assert.equal(payloads.length, 3);
      },
    );
  }

  brokerTest('groups, and plain subscriptions beside them, each get every message', async (broker) => {
    const one = await Promise.all([1, 2].map(() => broker.connect()));
    const two = await Promise.all([1, 2].map(() => broker.connect()));
    const plain = await broker.connect();
    for (const client of one) await client.subscribe('$share/one/a', { qos: 1 });
    for (const client of two) await client.subscribe('$share/two/a', { qos: 1 });
    await plain.subscribe('a', { qos: 1 });
    await one[0]!.subscribe('a', { qos: 1 });
    const publisher = await broker.connect();
    await publisher.publish('a', 'payload', { qos: 1 });
    assert.equal((await heardBy(two)).flat().length, 1);
    assert.equal((await heardBy([plain])).flat().length, 1);
    assert.equal((await heardBy(one)).flat().length, 2);
  });

  brokerTest('the same group name with another filter is another group', async (broker) => {
    const client = await broker.connect();
    const other = await broker.connect();
    await client.subscribe('$share/group/a', { qos: 1 });
    await other.subscribe('$share/group/+', { qos: 1 });
    const publisher = await broker.connect();
    await publisher.publish('a', 'payload', { qos: 1 });
    assert.deepEqual(await heardBy([client, other]), [['payload'], ['payload']]);
  });

  brokerTest('no retained message is sent to one', async (broker) => {
    const publisher = await broker.connect();
    await publisher.publish('a', 'kept', { qos: 1, retain: true });
    const client = await broker.connect();
    await client.subscribe('$share/group/a', { qos: 1, retainHandling: 0 });
    await client.ping();
  });

  brokerTest('[MQTT-3.8.3-4] No Local on one is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { filter: '$share/g/a', qos: 0, noLocal: true, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    await client.expectDisconnect(0x82);
  });

  brokerTest('the publisher itself may be the member that gets the message', async (broker) => {
    const client = await broker.connect();
    await client.subscribe('$share/group/a', { qos: 1 });
    client.sendPublish('a', 'own', { qos: 0 });
    await client.expectMessage({ payload: 'own' });
  });

  brokerTest('unsubscribed by the full filter', async (broker) => {
    const client = await broker.connect();
    await client.subscribe(['$share/group/a', 'a'], { qos: 1 });
    assert.deepEqual((await client.unsubscribe('$share/other/a', '$share/group/a')).reasonCodes, [0x11, 0]);
    const publisher = await broker.connect();
    await publisher.publish('a', 'payload', { qos: 1 });
    assert.deepEqual(await heardBy([client]), [['payload']]);
  });

  brokerTest('a member with a session that is away is not chosen while another is there', async (broker) => {
    const properties = { sessionExpiryInterval: 60 };
    const away = await broker.connect({ clientId: 'away', properties });
    await away.subscribe('$share/group/a', { qos: 1 });
    await away.disconnect();
    const here = await broker.connect();
    await here.subscribe('$share/group/a', { qos: 1 });
    const publisher = await broker.connect();
    for (const payload of ['1', '2', '3']) await publisher.publish('a', payload, { qos: 1 });
    assert.deepEqual(await heardBy([here]), [['1', '2', '3']]);
    const again = await broker.connect({ clientId: 'away', cleanStart: false, properties });
    await again.ping();
  });

  brokerTest('when nobody is there it waits in the session of one', async (broker) => {
    const properties = { sessionExpiryInterval: 60 };
    const ids = ['one', 'two'];
    for (const clientId of ids) {
      const client = await broker.connect({ clientId, properties });
      await client.subscribe('$share/group/a', { qos: 1 });
      await client.disconnect();
    }
    const publisher = await broker.connect();
    await publisher.publish('a', 'waits', { qos: 1 });
    const again = await Promise.all(
      ids.map((clientId) => broker.connect({ clientId, cleanStart: false, properties })),
    );
    const messages = again.map((client) => {
      client.send({ type: 'pingreq' });
      return client.next();
    });
    const waiting = await Promise.race(
      messages.map(async (message) => {
        const packet = await message;
        return packet !== 'closed' && packet.type === 'publish'
          ? packet
          : new Promise<never>(() => undefined);
      }),
    );
    assert.equal(waiting.payload.toString(), 'waits');
  });

  brokerTest('[MQTT-4.8.2-3] each member has its own QoS', async (broker) => {
    const members = await Promise.all([0, 1, 2].map(() => broker.connect()));
    for (const [qos, member] of members.entries())
      await member.subscribe('$share/g/a', { qos: qos as 0 | 1 | 2 });
    const publisher = await broker.connect();
    for (let count = 0; count < 3; count++) await publisher.publish('a', 'payload', { qos: 2 });
    for (const [qos, member] of members.entries()) await member.receive({ qos });
  });

  brokerTest(
    '[MQTT-4.8.2-4] a QoS 2 delivery that broke off is completed to the same client',
    async (broker) => {
      const properties = { sessionExpiryInterval: 60 };
      const first = await broker.connect({ clientId: 'first', properties });
      await first.subscribe('$share/g/a', { qos: 2 });
      const publisher = await broker.connect();
      await publisher.publish('a', 'begun', { qos: 2 });
      const { packetId } = await first.expectMessage();
      const other = await broker.connect();
      await other.subscribe('$share/g/a', { qos: 2 });
      await broker.drop(first);
      await other.ping();
      const again = await broker.connect({ clientId: 'first', cleanStart: false, properties });
      await again.receive({ payload: 'begun', dup: true, packetId });
    },
  );

  brokerTest('[MQTT-4.8.2-5] when that session ends, it goes to no other client', async (broker) => {
    const first = await broker.connect();
    await first.subscribe('$share/g/a', { qos: 2 });
    const publisher = await broker.connect();
    await publisher.publish('a', 'begun', { qos: 2 });
    await first.expectMessage();
    const other = await broker.connect();
    await other.subscribe('$share/g/a', { qos: 2 });
    await broker.drop(first);
    await publisher.publish('a', 'the next message', { qos: 2 });
    await other.receive({ payload: 'the next message' });
    await other.ping();
  });

  brokerTest('[MQTT-4.8.2-6] a message that its client refuses goes to no other', async (broker) => {
    const first = await broker.connect();
    await first.subscribe('$share/g/a', { qos: 2 });
    const publisher = await broker.connect();
    await publisher.publish('a', 'QoS 1', { qos: 1 });
    await publisher.publish('a', 'QoS 2', { qos: 2 });
    const other = await broker.connect();
    await other.subscribe('$share/g/a', { qos: 2 });
    for (const type of ['puback', 'pubrec'] as const) {
      const { packetId } = await first.expectMessage();
      first.acknowledge(type, packetId, 0x83);
    }
    await first.ping();
    await other.ping();
  });

  brokerTest('it is authorized by its inner filter (row A10)', async (broker) => {
    const client = await broker.connect();
    const { reasonCodes } = await client.subscribe([
      '$share/g/forbidden/x',
      '$share/g/$other/x',
      '$share/g/a',
    ]);
    assert.deepEqual(reasonCodes, [0x87, 0x87, 0]);
  });

  for (const filter of [
    '$share',
    '$share/',
    '$share/g',
    '$share/g/',
    '$share//a',
    '$share/+/a',
    '$share/#/a',
    '$share/a+b/c',
    '$share/g/a#',
  ]) {
    brokerTest(`[MQTT-4.8.2-1] [MQTT-4.8.2-2] ${filter} is no filter`, async (broker) => {
      const client = await broker.connect();
      assert.deepEqual((await client.subscribe(filter)).reasonCodes, [0x8f]);
    });
  }

  brokerTest('the identifier of the subscription comes with it', async (broker) => {
    const client = await broker.connect();
    await client.subscribe('$share/group/a', { qos: 1, identifier: 4 });
    const publisher = await broker.connect();
    await publisher.publish('a', 'payload', { qos: 1 });
    await client.receive({ properties: { subscriptionIdentifiers: [4] } });
  });
});
