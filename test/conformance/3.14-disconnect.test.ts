import type { ControlPacket } from '../../src/codec/control-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { publishPacket } from '../support/scripted-client.ts';

forEachStore('3.14 DISCONNECT', (brokerTest) => {
  for (const protocolVersion of [3, 4, 5] as const) {
    brokerTest(
      `[MQTT-3.14.4-2] the broker closes if the client does not, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion });
        client.send({ type: 'disconnect', reasonCode: 0, properties: {} });
        await client.expectClosed();
      },
    );

    brokerTest(
      `[MQTT-3.14.4-1] what follows it is not looked at, version ${protocolVersion}`,
      async (broker) => {
        const witness = await broker.connect();
        await witness.subscribe('a', { qos: 1 });
        const client = await broker.connect({ protocolVersion });
        client.send(
          publishPacket('a', 'before'),
          { type: 'disconnect', reasonCode: 0, properties: {} },
          publishPacket('a', 'behind'),
        );
        await client.expectClosed();
        await witness.receive({ payload: 'before' });
        await witness.ping();
      },
    );
  }

  brokerTest('[MQTT-3.14.1-1] reserved flags are malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0xe1, 0]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('[MQTT-3.14.2-1] an unknown reason code is a protocol error', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0xe0, 1, 0x42]);
    await client.expectDisconnect(0x82);
  });

  brokerTest('every form is understood: empty, code, code and properties', async (broker) => {
    const forms = [
      [0xe0, 0],
      [0xe0, 1, 0],
      [0xe0, 2, 0, 0],
      [0xe0, 2, 0x04, 0],
      [0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0],
    ];
    for (const form of forms) {
      const client = await broker.connect();
      client.sendRaw(form);
      await client.expectClosed();
    }
  });

  brokerTest('at shutdown 5.0 is told with 0x8B, 3.x is closed', async (broker) => {
    const current = await broker.connect();
    const old = await broker.connect({ protocolVersion: 4 });
    const stopped = broker.stop();
    await current.expectDisconnect(0x8b);
    await old.expectDisconnect(0x8b);
    await stopped;
  });

  brokerTest('at shutdown a connection that has not sent CONNECT is closed in silence', async (broker) => {
    const client = await broker.open(4);
    await broker.connect(); // Accepted after the first: by now the broker has both.
    const stopped = broker.stop();
    await client.expectClosed();
    await stopped;
  });

  brokerTest(
    'messages sent before the shutdown are delivered, with the will of the others',
    async (broker) => {
      const subscriber = await broker.connect();
      await subscriber.subscribe('#', { qos: 1 });
      const publisher = await broker.connect();
      await publisher.publish('a', 'before', { qos: 1 });
      const stopped = broker.stop();
      await subscriber.expectMessage({ payload: 'before' });
      await subscriber.expectDisconnect(0x8b);
      await stopped;
    },
  );
});

const serverPackets: readonly ControlPacket[] = [
  { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} },
  { type: 'suback', packetId: 1, reasonCodes: [0], properties: {} },
  { type: 'unsuback', packetId: 1, reasonCodes: [0], properties: {} },
  { type: 'pingresp' },
];

forEachStore('packets that only a server sends', (brokerTest) => {
  for (const packet of serverPackets) {
    for (const protocolVersion of [3, 4, 5] as const) {
      brokerTest(
        `${packet.type} from a client ends the connection, version ${protocolVersion}`,
        async (broker) => {
          const client = await broker.connect({ protocolVersion });
          client.send(packet);
          await client.expectDisconnect(0x82);
        },
      );
    }
  }

  brokerTest('packet type 0 is malformed', async (broker) => {
    const client = await broker.connect();
    client.sendRaw([0x00, 0]);
    await client.expectDisconnect(0x81);
  });

  brokerTest('packet type 15 does not exist in 3.1.1', async (broker) => {
    const client = await broker.connect({ protocolVersion: 4 });
    client.sendRaw([0xf0, 0]);
    await client.expectClosed();
  });
});
