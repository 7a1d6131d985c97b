import assert from 'node:assert/strict';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';

/** Filters with topics they match and topics they do not [section 4.7]. */
const matches: Readonly<Record<string, { readonly yes: readonly string[]; readonly no: readonly string[] }>> =
  {
    'sport/tennis/player1/#': {
      yes: ['sport/tennis/player1', 'sport/tennis/player1/ranking', 'sport/tennis/player1/score/wimbledon'],
      no: ['sport/tennis/player2', 'sport/tennis'],
    },
    '#': { yes: ['a', '/', '/a', 'a/b/c', 'a//b'], no: ['$a', '$a/b'] },
    'sport/#': { yes: ['sport', 'sport/', 'sport/x'], no: ['sports', '/sport'] },
    '+': { yes: ['a', 'ä'], no: ['/a', 'a/', 'a/b', '$a'] },
    '+/+': { yes: ['/a', 'a/', 'a/b', '/'], no: ['a', 'a/b/c', '$a/b'] },
    '/+': { yes: ['/a', '/'], no: ['a', '/a/b'] },
    'sport/+/player1': { yes: ['sport/tennis/player1', 'sport//player1'], no: ['sport/player1'] },
    '+/tennis/#': { yes: ['sport/tennis', '/tennis/x'], no: ['sport/golf'] },
    '+/monitor': { yes: ['a/monitor'], no: ['$a/monitor'] },
    '$a/#': { yes: ['$a', '$a/b'], no: ['a', '$b'] },
    '$a/+': { yes: ['$a/b'], no: ['$a', '$a/b/c'] },
    ACCOUNTS: { yes: ['ACCOUNTS'], no: ['Accounts', '/ACCOUNTS', 'ACCOUNTS/'] },
    'Accounts payable': { yes: ['Accounts payable'], no: ['Accounts  payable'] },
  };

const invalidFilters = ['a#', 'a/#/b', '#/', 'a+', '+a/b', 'a/b+', '##', '++', ''];

/** Every right, `$` topics included: matching is looked at, not permission. */
const everything = {
  security: {
    roles: [
      {
        name: 'guest',
        permissions: ['#', '$a/#', '$b/#', '$SYS/#'].map((topic) => ({ access: 'readWrite', topic })),
      },
    ],
  },
};

async function delivered(broker: BrokerInProcess, filter: string, topic: string): Promise<boolean> {
  const subscriber = await broker.connect();
  assert.deepEqual(
    (await subscriber.subscribe(filter, { qos: 1, retainHandling: 2 })).reasonCodes,
    [1],
    filter,
  );
  const publisher = await broker.connect();
  await publisher.publish(topic, topic, { qos: 1 });
  subscriber.send({ type: 'pingreq' });
  const packet = await subscriber.next();
  return packet !== 'closed' && packet.type === 'publish' && packet.topic === topic;
}

forEachStore('4.7 topic names and filters', (brokerTest) => {
  for (const [filter, { yes, no }] of Object.entries(matches)) {
    brokerTest(`[MQTT-3.3.2-3] [MQTT-4.7.0-1] what ${filter} matches`, everything, async (broker) => {
      for (const topic of yes)
        assert.equal(await delivered(broker, filter, topic), true, `${filter} ${topic}`);
      for (const topic of no)
        assert.equal(await delivered(broker, filter, topic), false, `${filter} ${topic}`);
    });
  }

  for (const filter of invalidFilters) {
    brokerTest(`[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] "${filter}" is no filter`, async (broker) => {
      const client = await broker.connect();
      assert.deepEqual((await client.subscribe([filter, 'a'])).reasonCodes, [0x8f, 0]);
      const old = await broker.connect({ protocolVersion: 4 });
      assert.deepEqual((await old.subscribe([filter, 'a'])).reasonCodes, [0x80, 0]);
    });
  }

  brokerTest(
    '[MQTT-4.7.2-1] a leading wildcard sees no $ topic, retained ones neither',
    everything,
    async (broker) => {
      const client = await broker.connect();
      for (const filter of ['#', '+/broker/version', '+/#']) await client.subscribe(filter, { qos: 1 });
      await client.ping();
      await client.subscribe('$SYS/broker/version', { qos: 1 });
      await client.receive({ topic: '$SYS/broker/version', retain: true });
      await client.ping();
    },
  );

  brokerTest('[MQTT-4.7.3-4] names are compared byte by byte, without normalization', async (broker) => {
    assert.equal(await delivered(broker, 'caf\u00e9', 'cafe\u0301'), false);
    assert.equal(await delivered(broker, '\u{1f642}/+', '\u{1f642}/x'), true);
    assert.equal(await delivered(broker, '\ufeffa', 'a'), false);
    assert.equal(await delivered(broker, '\ufeffa', '\ufeffa'), true); // [MQTT-1.5.4-3]
  });

  brokerTest('[MQTT-4.7.3-2] U+0000 in a filter is malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x82, 8, 0, 1, 0, 0, 2, 0x61, 0, 0]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('a client may not write $ topics without a right to them', async (broker) => {
    const client = await broker.connect();
    client.sendPublish('$SYS/broker/version', 'forged', { qos: 1, packetId: 1 });
    await client.expectAcknowledgement('puback', 1, 0x87);
  });
});
