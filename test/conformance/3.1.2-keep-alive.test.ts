import assert from 'node:assert/strict';
import type { ProtocolVersion } from '../../src/codec/control-packet.ts';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import { connectPacket } from '../support/scripted-client.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

interface ServerKeepAliveCase {
  readonly protocolVersion: ProtocolVersion;
  readonly asked: number;
  /** Server Keep Alive of CONNACK. */
  readonly announced: number | undefined;
  /** Seconds in force; 0 = off. */
  readonly inForce: number;
}

const serverKeepAlives: readonly ServerKeepAliveCase[] = [
  { protocolVersion: 5, asked: 60, announced: 10, inForce: 10 },
  { protocolVersion: 5, asked: 0, announced: 10, inForce: 10 },
  { protocolVersion: 5, asked: 4, announced: undefined, inForce: 4 },
  { protocolVersion: 5, asked: 10, announced: undefined, inForce: 10 },
  { protocolVersion: 4, asked: 60, announced: undefined, inForce: 60 },
  { protocolVersion: 4, asked: 0, announced: undefined, inForce: 0 },
];

forEachStore('3.1.2.10 Keep Alive', (brokerTest) => {
  for (const protocolVersion of [3, 4, 5] as const) {
    brokerTest.timed(
      `[MQTT-3.1.2-22] silence of one and a half times it ends the connection, version ${protocolVersion}`,
      {},
      async (broker, clock) => {
        const client = await broker.connect({ protocolVersion, keepAlive: 10 });
        clock.advance(15 * SECOND - 1);
        await client.ping();
        clock.advance(15 * SECOND - 1);
        assert.equal(broker.logged('client_disconnected').length, 0);
        clock.advance(1);
        await client.expectDisconnect(0x8d);
      },
    );

    brokerTest.timed(`0 turns it off, version ${protocolVersion}`, {}, async (broker, clock) => {
      const client = await broker.connect({ protocolVersion, keepAlive: 0 });
      clock.advance(DAY);
      await client.ping();
    });
  }

  brokerTest.timed('what the broker sends does not count', {}, async (broker, clock) => {
    const subscriber = await broker.connect({ keepAlive: 10 });
    await subscriber.subscribe('a');
    const publisher = await broker.connect();
    clock.advance(10 * SECOND);
    await publisher.publish('a', 'sent by us');
    await subscriber.expectMessage({ payload: 'sent by us' });
    clock.advance(5 * SECOND);
    await subscriber.expectDisconnect(0x8d);
  });

  for (const { protocolVersion, asked, announced, inForce } of serverKeepAlives) {
    brokerTest.timed(
      `[MQTT-3.2.2-22] version ${protocolVersion} asks for ${asked} where the longest is 10: ${inForce} holds`,
      { config: { mqtt: { max_keep_alive: '10s' } } },
      async (broker, clock) => {
        const client = await broker.connect({ protocolVersion, keepAlive: asked });
        assert.equal(client.connack?.properties.serverKeepAlive, announced);
        if (inForce === 0) {
          clock.advance(DAY);
          await client.ping();
          return;
        }
        clock.advance(inForce * 1.5 * SECOND - 1);
        assert.equal(broker.logged('client_disconnected').length, 0);
        clock.advance(1);
        await client.expectDisconnect(0x8d);
      },
    );
  }
});

forEachStore('3.1.4 connect_timeout', (brokerTest) => {
  const keys = { config: { mqtt: { connect_timeout: '3s' } } };

  brokerTest.timed('a connection without CONNECT is closed', keys, async (broker, clock) => {
    const client = await broker.open();
    const other = await broker.connect(); // Accepted after the first: by now the broker has both.
    clock.advance(3 * SECOND);
    await client.expectClosed();
    await other.ping();
  });

  brokerTest.timed('so is one whose CONNECT drips', keys, async (broker, clock) => {
    const client = await broker.open();
    const bytes = encodePacket(connectPacket({ clientId: 'c' }), 5);
    client.sendRaw(bytes.subarray(0, -1));
    await broker.connect();
    clock.advance(3 * SECOND);
    await client.expectClosed();
  });
});
