import assert from 'node:assert/strict';
import type { ControlPacket, ProtocolVersion } from '../../src/codec/control-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import type { ConnectFields } from '../support/scripted-client.ts';
import { connectPacket, publishPacket } from '../support/scripted-client.ts';

const versions = [3, 4, 5] as const;

/** A CONNECT whose bytes are changed at these places; 8 is the protocol level and 9 the flags of `MQTT`. */
function changedConnect(fields: ConnectFields, changes: Readonly<Record<number, number>>): Buffer {
  const packet = connectPacket({ clientId: 'c', ...fields });
  const bytes = Buffer.from(encodePacket(packet, packet.protocolVersion));
  for (const [index, value] of Object.entries(changes)) bytes[Number(index)] = value;
  return bytes;
}

const firstPackets: readonly ControlPacket[] = [
  { type: 'pingreq' },
  publishPacket('a', 'payload'),
  { type: 'disconnect', reasonCode: 0, properties: {} },
  { type: 'puback', packetId: 1, reasonCode: 0, properties: {} },
  { type: 'unsubscribe', packetId: 1, filters: ['a'], properties: {} },
  { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} },
];

forEachStore('3.1 CONNECT', (brokerTest) => {
  for (const packet of firstPackets) {
    brokerTest(
      `[MQTT-3.1.0-1] [MQTT-3.14.0-1] ${packet.type} as first packet ends the connection`,
      async (broker) => {
        const client = await broker.open();
        client.send(packet);
        await client.expectClosed();
      },
    );
  }

  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-3.1.0-2] [MQTT-3.2.0-2] a second CONNECT is a protocol error in version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion, clientId: 'twice' });
        client.send(connectPacket({ protocolVersion, clientId: 'twice' }));
        await client.expectDisconnect(0x82);
      },
    );

    brokerTest(`version ${protocolVersion} is served`, async (broker) => {
      const client = await broker.connect({ protocolVersion });
      await client.subscribe('a');
      client.sendPublish('a', 'heard');
      await client.expectMessage({ topic: 'a', payload: 'heard' });
    });
  }

  brokerTest('[MQTT-3.1.2-1] an unknown protocol name ends the connection', async (broker) => {
    const client = await broker.open(4);
    client.sendRaw(changedConnect({ protocolVersion: 4 }, { 4: 0x4e }));
    await client.expectClosed();
  });

  for (const level of [0, 1, 2, 3, 6, 127]) {
    brokerTest(`[MQTT-3.1.2-2] level ${level} of MQTT is refused with return code 1`, async (broker) => {
      const client = await broker.open(4);
      client.sendRaw(changedConnect({ protocolVersion: 4 }, { 8: level }));
      assert.equal((await client.expect('connack')).reasonCode, 1);
      await client.expectClosed();
    });
  }

  for (const protocolVersion of [3, 4] as const) {
    brokerTest(`level ${protocolVersion} with bit 0x80 is a bridge's and served`, async (broker) => {
      const bridge = await broker.connect({ protocolVersion, bridge: true });
      await bridge.subscribe('a');
      await bridge.publish('a', 'its own');
      const other = await broker.connect();
      await other.publish('a', "another's", { retain: true });
      await bridge.expectMessage({ payload: "another's", retain: true });
    });
  }

  brokerTest('[MQTT-3.1.2-3] the reserved flag ends the connection in 3.1.1', async (broker) => {
    const client = await broker.open(4);
    client.sendRaw(changedConnect({ protocolVersion: 4 }, { 9: 0x03 }));
    await client.expectClosed();
  });

  brokerTest('[MQTT-3.1.2-3] the reserved flag is a malformed packet in 5.0', async (broker) => {
    const client = await broker.open(5);
    client.sendRaw(changedConnect({}, { 9: 0x03 }));
    assert.equal((await client.expect('connack')).reasonCode, 0x81);
    await client.expectClosed();
  });

  brokerTest('[MQTT-2.1.3-1] reserved flags of the fixed header end the connection', async (broker) => {
    const client = await broker.open(4);
    client.sendRaw(changedConnect({ protocolVersion: 4 }, { 0: 0x11 }));
    await client.expectClosed();
  });

  brokerTest('[MQTT-3.1.2-11] Will QoS without Will Flag is malformed', async (broker) => {
    const client = await broker.open(5);
    client.sendRaw(changedConnect({}, { 9: 0x02 | 0x08 }));
    assert.equal((await client.expect('connack')).reasonCode, 0x81);
    await client.expectClosed();
  });

  brokerTest('[MQTT-3.1.2-12] Will QoS 3 is malformed', async (broker) => {
    const client = await broker.open(5);
    const will = { topic: 'w', payload: Buffer.from('w'), qos: 2 as const, retain: false, properties: {} };
    client.sendRaw(changedConnect({ will }, { 9: 0x02 | 0x04 | 0x18 }));
    assert.equal((await client.expect('connack')).reasonCode, 0x81);
    await client.expectClosed();
  });

  brokerTest(
    '[3.1.1:MQTT-3.1.2-22] a password without a user name ends a 3.1.1 connection',
    async (broker) => {
      const client = await broker.open(4);
      client.send(connectPacket({ protocolVersion: 4, clientId: 'c', password: 'p' }));
      await client.expectClosed();
    },
  );

  brokerTest('a Receive Maximum of 0 is a protocol error', async (broker) => {
    const client = await broker.open(5);
    const bytes = changedConnect({ properties: { receiveMaximum: 1 } }, {});
    bytes[bytes.indexOf(0x21) + 2] = 0;
    client.sendRaw(bytes);
    assert.equal((await client.expect('connack')).reasonCode, 0x82);
    await client.expectClosed();
  });

  brokerTest('a Maximum Packet Size of 0 is a protocol error', async (broker) => {
    const client = await broker.open(5);
    const bytes = changedConnect({ properties: { maximumPacketSize: 1 } }, {});
    bytes[bytes.indexOf(0x27) + 4] = 0;
    client.sendRaw(bytes);
    assert.equal((await client.expect('connack')).reasonCode, 0x82);
    await client.expectClosed();
  });

  brokerTest('a CONNECT in single bytes is understood', async (broker) => {
    const client = await broker.open(5, 'dripping');
    for (const byte of encodePacket(connectPacket({ clientId: 'dripping' }), 5)) client.sendRaw([byte]);
    assert.equal((await client.expect('connack')).reasonCode, 0);
  });
});

interface ClientIdCase {
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  /** Of CONNACK. */
  readonly code: number;
}

const emptyClientIds: readonly ClientIdCase[] = [
  { protocolVersion: 3, cleanStart: true, code: 2 },
  { protocolVersion: 3, cleanStart: false, code: 2 },
  { protocolVersion: 4, cleanStart: true, code: 0 },
  { protocolVersion: 4, cleanStart: false, code: 2 },
  { protocolVersion: 5, cleanStart: true, code: 0 },
  { protocolVersion: 5, cleanStart: false, code: 0 },
];

forEachStore('3.1.3 Client Identifier', (brokerTest) => {
  for (const { protocolVersion, cleanStart, code } of emptyClientIds) {
    const start = cleanStart ? 'with' : 'without';
    brokerTest(
      `[MQTT-3.1.3-6] [3.1.1:MQTT-3.1.3-8] an empty one in version ${protocolVersion} ${start} a clean start gets ${code}`,
      async (broker) => {
        const client = await broker.open(protocolVersion, '');
        assert.equal((await client.connect({ cleanStart })).reasonCode, code);
        if (code === 0) await client.ping();
        else await client.expectClosed();
      },
    );
  }

  brokerTest(
    '[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] 5.0 is told the assigned one, every client gets its own',
    async (broker) => {
      const assigned = new Set<string>();
      for (let count = 0; count < 3; count++) {
        const client = await broker.connect({ clientId: '' });
        assigned.add(client.connack?.properties.assignedClientIdentifier ?? '');
      }
      assert.equal(assigned.size, 3);
      for (const clientId of assigned) assert.match(clientId, /^[\w-]{22,}$/); // Row A8: 128 random bits.
    },
  );

  brokerTest('an assigned one can be used to resume the session', async (broker) => {
    const properties = { sessionExpiryInterval: 60 };
    const first = await broker.connect({ clientId: '', properties });
    const clientId = first.connack?.properties.assignedClientIdentifier ?? '';
    await first.disconnect();
    const second = await broker.connect({ clientId, cleanStart: false, properties });
    assert.equal(second.connack?.sessionPresent, true);
    assert.equal(second.connack?.properties.assignedClientIdentifier, undefined);
  });

  brokerTest('[MQTT-3.1.3-5] long ones and any characters are allowed', async (broker) => {
    for (const clientId of ['x'.repeat(300), 'ä/ö#+$€ 🙂', '$SYS/x']) await broker.connect({ clientId });
  });
});
