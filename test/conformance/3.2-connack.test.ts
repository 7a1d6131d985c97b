import assert from 'node:assert/strict';
import type { ProtocolVersion } from '../../src/codec/control-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { connectPacket, publishPacket, subscribePacket } from '../support/scripted-client.ts';

interface StartCase {
  readonly protocolVersion: ProtocolVersion;
  /** Whether the first connection leaves a session behind. */
  readonly kept: boolean;
  readonly cleanStart: boolean;
}

const versions = [3, 4, 5] as const;
const startCases: readonly StartCase[] = versions.flatMap((protocolVersion) =>
  [true, false].flatMap((kept) => [true, false].map((cleanStart) => ({ protocolVersion, kept, cleanStart }))),
);

forEachStore('3.2 CONNACK', (brokerTest) => {
  for (const { protocolVersion, kept, cleanStart } of startCases) {
    const present = kept && !cleanStart;
    const title = `Session Present is ${present} in version ${protocolVersion}, session ${kept ? 'kept' : 'ended'}, clean start ${cleanStart}`;
    brokerTest(`[MQTT-3.2.2-2] [MQTT-3.2.2-3] ${title}`, async (broker) => {
      const properties = protocolVersion === 5 && kept ? { sessionExpiryInterval: 60 } : {};
      const first = await broker.connect({ protocolVersion, clientId: 'c', cleanStart: !kept, properties });
      assert.equal(first.connack?.sessionPresent, false);
      await first.subscribe('kept/topic', { qos: 1 });
      await first.disconnect();

      const second = await broker.connect({ protocolVersion, clientId: 'c', cleanStart, properties });
      // 3.1 has no such flag.
      assert.equal(second.connack?.sessionPresent, present && protocolVersion !== 3);
      // What Session Present says is so, in 3.1 too.
      const publisher = await broker.connect();
      await publisher.publish('kept/topic', 'for a kept subscription', { qos: 1 });
      if (present) await second.receive({ payload: 'for a kept subscription' });
      await second.ping();
    });
  }

  brokerTest('[MQTT-3.2.2-6] a refusal says that no session is present', async (broker) => {
    const properties = { sessionExpiryInterval: 60 };
    await (await broker.connect({ clientId: 'c', properties })).disconnect();
    const client = await broker.open(5, 'c');
    const will = {
      topic: 'forbidden/w',
      payload: Buffer.alloc(0),
      qos: 0 as const,
      retain: false,
      properties: {},
    };
    const connack = await client.connect({ cleanStart: false, will });
    assert.deepEqual([connack.reasonCode, connack.sessionPresent], [0x87, false]);
    await client.expectClosed();
    const second = await broker.connect({ clientId: 'c', cleanStart: false, properties });
    assert.equal(second.connack?.sessionPresent, true);
  });

  brokerTest(
    'what the broker can take is announced',
    { config: { mqtt: { receive_maximum: 7, max_packet_size: '2KiB', topic_alias_maximum: 3 } } },
    async (broker) => {
      const { connack } = await broker.connect();
      assert.deepEqual(connack?.properties, {
        receiveMaximum: 7,
        maximumPacketSize: 2048,
        topicAliasMaximum: 3,
      });
    },
  );

  brokerTest('[MQTT-3.2.0-1] CONNACK is the first packet, whatever is queued', async (broker) => {
    const subscriber = await broker.connect({ clientId: 's', properties: { sessionExpiryInterval: 60 } });
    await subscriber.subscribe('a', { qos: 1 });
    await subscriber.disconnect();
    const publisher = await broker.connect();
    await publisher.publish('a', 'queued', { qos: 1 });
    const again = await broker.connect({ clientId: 's', cleanStart: false });
    await again.receive({ payload: 'queued' });
  });

  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-3.1.4-2] [MQTT-3.1.4-6] [MQTT-3.2.2-7] nothing follows a refusal in version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.open(protocolVersion, 'c');
        // Nobody is known who has a name.
        const connect = connectPacket({
          protocolVersion,
          clientId: 'c',
          username: 'nobody',
          password: 'none',
        });
        client.send(connect, { type: 'pingreq' }, publishPacket('a', 'dropped', { retain: true }));
        assert.equal((await client.expect('connack')).reasonCode, protocolVersion === 5 ? 0x86 : 5);
        await client.expectClosed();

        const other = await broker.connect();
        await other.subscribe('a');
        await other.ping();
      },
    );

    brokerTest(
      `[MQTT-3.1.4-5] packets behind CONNECT are handled after CONNACK, in order, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.open(protocolVersion, 'c');
        client.send(
          connectPacket({ protocolVersion, clientId: 'c' }),
          { type: 'pingreq' },
          subscribePacket(1, 'a'),
          publishPacket('a', '1'),
          publishPacket('a', '2'),
          { type: 'unsubscribe', packetId: 2, filters: ['a'], properties: {} },
          publishPacket('a', 'nobody hears'),
          { type: 'pingreq' },
        );
        await client.expect('connack');
        await client.expect('pingresp');
        await client.expect('suback');
        await client.expectMessage({ payload: '1' });
        await client.expectMessage({ payload: '2' });
        await client.expect('unsuback');
        await client.expect('pingresp');
      },
    );
  }

  brokerTest(
    'more than limits.pipelined_bytes behind CONNECT wait in the socket and are not lost',
    { config: { limits: { pipelined_bytes: '1KiB' } } },
    async (broker) => {
      const client = await broker.open(5, 'c');
      const messages = Array.from({ length: 200 }, (_, index) => publishPacket('a', `${index}`.padEnd(100)));
      client.send(connectPacket({ clientId: 'c' }), subscribePacket(1, 'a'), ...messages);
      await client.expect('connack');
      await client.expect('suback');
      for (const { payload } of messages) await client.expectMessage({ payload: payload.toString() });
    },
  );
});
