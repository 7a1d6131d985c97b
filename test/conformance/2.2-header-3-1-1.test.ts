import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { FrameReader } from '../../src/codec/frame-reader.ts';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { connectPacket } from '../support/scripted-client.ts';
import { packet, prefixed, uint16 } from '../unit/codec/support/wire.ts';

const versions = [3, 4] as const;

/** First byte and body of every packet that a client may send, with its flags. */
const clientPackets: Readonly<Record<string, readonly [number, Buffer]>> = {
  PUBACK: [0x40, uint16(1)],
  PUBREC: [0x50, uint16(1)],
  PUBREL: [0x62, uint16(1)],
  PUBCOMP: [0x70, uint16(1)],
  SUBSCRIBE: [0x82, Buffer.concat([uint16(1), prefixed('a'), Buffer.from([0])])],
  UNSUBSCRIBE: [0xa2, Buffer.concat([uint16(1), prefixed('a')])],
  PINGREQ: [0xc0, Buffer.alloc(0)],
  '[3.1.1:MQTT-3.14.1-1] DISCONNECT': [0xe0, Buffer.alloc(0)],
};

/** Sends bytes behind CONNECT, and gives out the first byte and the identifier of each packet that answers. */
async function rawAnswers(
  broker: BrokerInProcess,
  version: 3 | 4,
  sent: readonly Buffer[],
  count: number,
): Promise<readonly (readonly [number, number])[]> {
  const socket = connect({ host: '127.0.0.1', port: broker.port });
  const reader = new FrameReader(1_000);
  const answers: (readonly [number, number])[] = [];
  socket.write(encodePacket(connectPacket({ protocolVersion: version, clientId: 'raw' }), version));
  for (const bytes of sent) socket.write(bytes);
  while (answers.length < count) {
    const [chunk] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) });
    reader.push(chunk as Buffer);
    while (reader.next()) {
      const { type, flags, buffer, bodyStart, end } = reader;
      answers.push([(type << 4) | flags, end - bodyStart < 2 ? 0 : buffer.readUInt16BE(bodyStart)]);
    }
  }
  socket.destroy();
  return answers;
}

forEachStore('2.2 fixed header of 3.1.1', (brokerTest) => {
  for (const version of versions) {
    for (const [name, [first, body]] of Object.entries(clientPackets)) {
      brokerTest(
        `[3.1.1:MQTT-2.2.2-2] ${name} with other flags closes the connection, version ${version}`,
        async (broker) => {
          for (let flags = 0; flags < 16; flags++) {
            const required = first & 0x0f;
            const sentAgain = version === 3 && required === 2 ? required | 8 : required; // 3.1 has DUP there.
            if (flags === required || flags === sentAgain) continue;
            const client = await broker.connect({ protocolVersion: version });
            // Of what stands behind it nothing is answered.
            client.sendRaw(Buffer.concat([packet((first & 0xf0) | flags, body), packet(0xc0)]));
            await client.expectClosed();
          }
        },
      );
    }

    brokerTest(
      `[3.1.1:MQTT-2.2.2-2] CONNECT with other flags closes the connection, version ${version}`,
      async (broker) => {
        for (let flags = 1; flags < 16; flags++) {
          const client = await broker.open(version);
          const bytes = Buffer.from(encodePacket(connectPacket({ protocolVersion: version }), version));
          bytes[0] = 0x10 | flags;
          client.sendRaw(bytes);
          await client.expectClosed();
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-2.2.2-1] [3.1.1:MQTT-2.3.1-6] [3.1.1:MQTT-2.3.1-7] the broker's flags and identifiers, version ${version}`,
      async (broker) => {
        const answers = await rawAnswers(
          broker,
          version,
          [
            packet(0x32, prefixed('a'), uint16(0x1234)),
            packet(0x34, prefixed('a'), uint16(0x2345)),
            packet(0x62, uint16(0x2345)),
            packet(0x82, uint16(0x3456), prefixed('nothing'), 0),
            packet(0xa2, uint16(0x4567), prefixed('nothing')),
            packet(0x50, uint16(0x5678)),
            packet(0xc0),
          ],
          8,
        );
        assert.deepEqual(answers, [
          [0x20, 0], // CONNACK
          [0x40, 0x1234], // PUBACK
          [0x50, 0x2345], // PUBREC
          [0x70, 0x2345], // PUBCOMP
          [0x90, 0x3456], // SUBACK
          [0xb0, 0x4567], // UNSUBACK
          [0x62, 0x5678], // PUBREL
          [0xd0, 0], // PINGRESP
        ]);
      },
    );

    brokerTest(
      `[3.1.1:MQTT-2.3.1-4] the broker's PUBLISH has an identifier that is not in use, version ${version}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        await client.subscribe('a', { qos: 2 });
        const publisher = await broker.connect({ protocolVersion: version });
        const inUse = new Set<number>();
        for (const qos of [1, 2, 1, 2, 2] as const) {
          await publisher.publish('a', 'unfinished', { qos });
          const { packetId } = await client.expectMessage({ qos });
          assert.ok(packetId > 0 && !inUse.has(packetId));
          inUse.add(packetId);
        }
        for (let count = 0; count < 50; count++) {
          await publisher.publish('a', 'finished', { qos: 1 });
          const { packetId } = await client.receive({ qos: 1 });
          assert.ok(packetId > 0 && !inUse.has(packetId));
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-2.3.1-6] the broker's PUBREL has the identifier of its PUBLISH, version ${version}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        await client.subscribe('a', { qos: 2 });
        const publisher = await broker.connect({ protocolVersion: version });
        const sent: number[] = [];
        for (let count = 0; count < 3; count++) {
          await publisher.publish('a', '', { qos: 2 });
          sent.push((await client.expectMessage({ qos: 2 })).packetId);
        }
        for (const packetId of [sent[1]!, sent[2]!, sent[0]!]) {
          client.acknowledge('pubrec', packetId);
          await client.expectAcknowledgement('pubrel', packetId);
        }
      },
    );
  }
});
