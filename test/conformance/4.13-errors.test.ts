import assert from 'node:assert/strict';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { connectPacket } from '../support/scripted-client.ts';

/** Bytes that break the protocol after CONNECT, and how 5.0 is told. */
const violations: readonly {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly code: number;
}[] = [
  { name: 'a Remaining Length of five bytes', bytes: [0x30, 0xff, 0xff, 0xff, 0xff, 0x01], code: 0x81 },
  { name: 'a Remaining Length with needless bytes', bytes: [0xc0, 0x80, 0x00], code: 0x81 },
  { name: 'PINGREQ with a body', bytes: [0xc0, 1, 0], code: 0x81 },
  { name: 'PINGREQ with flags', bytes: [0xc1, 0], code: 0x81 },
  { name: 'PUBACK with flags', bytes: [0x41, 2, 0, 1], code: 0x81 },
  { name: 'PUBREL without its flags', bytes: [0x60, 2, 0, 1], code: 0x81 },
  { name: 'PUBACK without an identifier', bytes: [0x40, 1, 0], code: 0x81 },
  { name: 'PUBLISH that ends in its topic', bytes: [0x30, 3, 0, 5, 0x61], code: 0x81 },
  { name: 'an unknown property', bytes: [0x30, 6, 0, 1, 0x61, 2, 0x7f, 0], code: 0x81 },
  { name: 'a property of another packet', bytes: [0x30, 9, 0, 1, 0x61, 5, 0x11, 0, 0, 0, 0], code: 0x81 },
  { name: 'a property twice', bytes: [0x30, 8, 0, 1, 0x61, 4, 0x01, 0, 0x01, 0], code: 0x82 },
  { name: 'a packet above max_packet_size', bytes: [0x30, 0xff, 0xff, 0xff, 0x7f], code: 0x95 },
];

forEachStore('4.13 handling errors', (brokerTest) => {
  for (const { name, bytes, code } of violations) {
    brokerTest(
      `[MQTT-4.13.1-1] [MQTT-4.13.2-1] ${name} closes with 0x${code.toString(16)}, and nothing behind it counts`,
      async (broker) => {
        const client = await broker.connect();
        client.sendRaw([...bytes, 0xc0, 0]);
        await client.expectDisconnect(code);
      },
    );
  }

  brokerTest('[3.1.1:MQTT-4.8.0-1] 3.x is closed without a word', async (broker) => {
    for (const protocolVersion of [3, 4] as const) {
      const client = await broker.connect({ protocolVersion });
      client.sendRaw([0xc0, 1, 0]);
      await client.expectClosed();
    }
  });

  brokerTest('what came before the fault is handled', async (broker) => {
    const witness = await broker.connect();
    await witness.subscribe('a', { qos: 1 });
    const client = await broker.connect();
    client.sendRaw([0x30, 4, 0, 1, 0x61, 0, 0xc0, 1, 0]);
    await client.expectDisconnect(0x81);
    await witness.receive({ topic: 'a' });
  });

  brokerTest('a CONNECT above limits.connect_packet_bytes is closed before it is read', async (broker) => {
    const client = await broker.open();
    client.sendRaw([0x10, 0xff, 0xff, 0x7f]);
    await client.expectClosed();
  });

  brokerTest(
    '[MQTT-3.1.4-1] a malformed 5.0 CONNECT is answered in CONNACK, a 3.1.1 one is closed',
    async (broker) => {
      for (const protocolVersion of [4, 5] as const) {
        const client = await broker.open(protocolVersion);
        const bytes = encodePacket(connectPacket({ protocolVersion, clientId: 'c' }), protocolVersion);
        bytes[bytes.length - 2] = 9; // The client id is longer than the packet.
        client.sendRaw(bytes);
        if (protocolVersion === 5) assert.equal((await client.expect('connack')).reasonCode, 0x81);
        await client.expectClosed();
      }
    },
  );

  brokerTest('a fault of one client leaves the others alone', async (broker) => {
    const other = await broker.connect();
    await other.subscribe('a', { qos: 1 });
    for (const { bytes } of violations) {
      const client = await broker.connect();
      client.sendRaw(bytes);
      await client.expect('disconnect');
    }
    other.sendPublish('a', 'own');
    await other.expectMessage({ payload: 'own' });
  });
});
