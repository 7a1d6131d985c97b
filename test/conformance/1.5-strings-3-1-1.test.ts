import assert from 'node:assert/strict';
import { forEachStore } from '../support/for-each-store.ts';
import { subscribePacket } from '../support/scripted-client.ts';
import { packet, prefixed, uint16 } from '../unit/codec/support/wire.ts';

const versions = [3, 4] as const;
const nothing = Buffer.alloc(0);

/** What CONNECT begins with up to its Keep Alive. */
function connectHeader(version: 3 | 4, flags: number): Buffer {
  const name = prefixed(version === 3 ? 'MQIsdp' : 'MQTT');
  return Buffer.concat([name, Buffer.from([version, flags]), uint16(0)]);
}

const illFormed: Readonly<Record<string, readonly number[]>> = {
  'an incomplete sequence': [0x61, 0xc3],
  'a sequence that does not go on': [0xc3, 0x28],
  'an overlong form': [0xc1, 0xa1],
  'a surrogate': [0xed, 0xa0, 0x80],
  'a pair of surrogates': [0xed, 0xa0, 0xbd, 0xed, 0xb9, 0x82],
  'a character above U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
};

/** Every string of a CONNECT, in its place. */
const ofConnect: Readonly<Record<string, (version: 3 | 4, text: Buffer) => Buffer>> = {
  '[3.1.1:MQTT-3.1.3-4] the Client Identifier': (version, text) =>
    packet(0x10, connectHeader(version, 0x02), text),
  '[3.1.1:MQTT-3.1.3-10] the Will Topic': (version, text) =>
    packet(0x10, connectHeader(version, 0x06), prefixed('c'), text, prefixed('gone')),
  '[3.1.1:MQTT-3.1.3-11] the user name': (version, text) =>
    packet(0x10, connectHeader(version, 0x82), prefixed('c'), text),
};

/** Every string of the other packets. */
const ofOthers: Readonly<Record<string, (text: Buffer) => Buffer>> = {
  '[3.1.1:MQTT-3.3.2-1] the Topic Name of PUBLISH': (text) => packet(0x30, text),
  '[3.1.1:MQTT-3.8.3-1] a filter of SUBSCRIBE': (text) => packet(0x82, uint16(1), text, 0),
  '[3.1.1:MQTT-3.10.3-1] a filter of UNSUBSCRIBE': (text) => packet(0xa2, uint16(1), text),
};

forEachStore('1.5.3 strings of 3.1.1', (brokerTest) => {
  for (const version of versions) {
    for (const [place, connectWith] of Object.entries(ofConnect)) {
      brokerTest(
        `[3.1.1:MQTT-1.5.3-1] [3.1.1:MQTT-1.5.3-2] ${place} is well-formed and without U+0000, version ${version}`,
        async (broker) => {
          const fitting = await broker.open(version);
          fitting.sendRaw(connectWith(version, prefixed('c/\u00e4')));
          await fitting.expect('connack');
          for (const bytes of [...Object.values(illFormed), [0x61, 0, 0x62]]) {
            const client = await broker.open(version);
            client.sendRaw(connectWith(version, prefixed(bytes)));
            await client.expectClosed();
          }
        },
      );
    }

    for (const [place, packetWith] of Object.entries(ofOthers)) {
      brokerTest(
        `[3.1.1:MQTT-1.5.3-1] [3.1.1:MQTT-1.5.3-2] [3.1.1:MQTT-4.7.3-2] ${place} is well-formed and without U+0000, version ${version}`,
        async (broker) => {
          const fitting = await broker.connect({ protocolVersion: version });
          fitting.sendRaw(packetWith(prefixed('c/\u00e4')));
          fitting.send({ type: 'pingreq' });
          for (let answer = await fitting.next(); ; answer = await fitting.next()) {
            assert.notEqual(answer, 'closed');
            if (answer !== 'closed' && answer.type === 'pingresp') break;
          }
          for (const bytes of [...Object.values(illFormed), [0x61, 0, 0x62]]) {
            const client = await broker.connect({ protocolVersion: version });
            client.sendRaw(packetWith(prefixed(bytes)));
            await client.expectClosed();
          }
        },
      );
    }

    brokerTest(
      `[3.1.1:MQTT-1.5.3-3] EF BB BF is kept as U+FEFF wherever it stands, version ${version}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        await client.subscribe('#');
        for (const topic of ['\ufeff', '\ufeffa', 'a\ufeff/b', 'a']) {
          const bytes = Buffer.from(topic);
          client.sendRaw(packet(0x30, prefixed(bytes)));
          const message = await client.expectMessage();
          assert.deepEqual(Buffer.from(message.topic), bytes);
        }
        const other = await broker.connect({ protocolVersion: version });
        await other.subscribe('\ufeffa');
        client.sendPublish('a', 'without it');
        client.sendPublish('\ufeffa', 'with it');
        await other.expectMessage({ topic: '\ufeffa', payload: 'with it' });
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.10.3-1] the filters of UNSUBSCRIBE stand one behind the other, version ${version}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        await client.subscribe(['a', 'b/c', 'kept']);
        client.sendRaw(packet(0xa2, uint16(9), prefixed('a'), prefixed('b/c')));
        assert.equal((await client.expect('unsuback')).packetId, 9);
        const publisher = await broker.connect({ protocolVersion: version });
        for (const topic of ['a', 'b/c', 'kept']) await publisher.publish(topic, topic);
        await client.expectMessage({ topic: 'kept' });
        await client.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.10.3-2] UNSUBSCRIBE without a filter closes the connection, version ${version}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        client.sendRaw(packet(0xa2, uint16(1), nothing));
        await client.expectClosed();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.3.2-1] [3.1.1:MQTT-2.3.1-5] the Topic Name comes first, and with QoS 0 no identifier stands behind it, version ${version}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        await client.subscribe('a/b');
        client.sendRaw(packet(0x30, prefixed('a/b'), uint16(0x1234)));
        const { topic, payload } = await client.expectMessage({ qos: 0 });
        assert.deepEqual([topic, [...payload]], ['a/b', [0x12, 0x34]]);
      },
    );
  }

  brokerTest(
    '[3.1.1:MQTT-4.7.3-3] the longest name and filter have 65,535 bytes, version 4',
    { config: { limits: { topic_bytes: '65535B' } } },
    async (broker) => {
      const longest = 'x'.repeat(65_535);
      const client = await broker.connect({ protocolVersion: 4 });
      await client.subscribe(longest);
      client.sendPublish(longest, 'heard');
      await client.expectMessage({ topic: longest, payload: 'heard' });
      // What stands behind a length of two bytes cannot be longer: the encoder refuses it.
      assert.throws(() => client.sendPublish(`${longest}x`));
      assert.throws(() => client.send(subscribePacket(2, `${longest}x`)));
    },
  );
});
