import assert from 'node:assert/strict';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';
import type { ConnectFields, ScriptedClient } from '../support/scripted-client.ts';
import { connectPacket } from '../support/scripted-client.ts';

const versions = [3, 4] as const;

/** CONNECT of the client `s`, whose session outlives its connection. */
function kept(protocolVersion: 3 | 4): ConnectFields {
  return { protocolVersion, clientId: 's', cleanStart: false };
}

function willOf(retain = false) {
  return { topic: 'wills/c', payload: Buffer.from('gone'), qos: 1 as const, retain, properties: {} };
}

/** Passes when none of the messages published before has come: a later one of the same way overtakes nothing. */
async function expectNothingMore(broker: BrokerInProcess, subscriber: ScriptedClient): Promise<void> {
  const publisher = await broker.connect({ protocolVersion: 4 });
  await publisher.publish('wills/c', 'the next message', { qos: 1 });
  await subscriber.receive({ payload: 'the next message' });
}

forEachStore('3.1.2.4 sessions of 3.1.1', (brokerTest) => {
  for (const protocolVersion of versions) {
    // 3.1 has no Session Present.
    const present = protocolVersion === 4;

    brokerTest(
      `[3.1.1:MQTT-3.1.2-5] [3.1.1:MQTT-4.1.0-1] [3.1.1:MQTT-4.5.0-1] QoS 1 and 2 wait for the client of a kept session, version ${protocolVersion}`,
      async (broker) => {
        const client = await broker.connect(kept(protocolVersion));
        await client.subscribe(['once', 'exactly'], { qos: 2 });
        await client.disconnect();
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('once', 'waits', { qos: 1 });
        await publisher.publish('exactly', 'waits', { qos: 2 });
        const again = await broker.connect(kept(protocolVersion));
        const came = [await again.receive(), await again.receive()];
        assert.deepEqual(came.map(({ topic, qos }) => `${topic} ${qos}`).sort(), ['exactly 2', 'once 1']);
        await again.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-4.5.0-1] every client with a matching subscription gets it, connected or not, version ${protocolVersion}`,
      async (broker) => {
        const away = await broker.connect(kept(protocolVersion));
        await away.subscribe('a/+', { qos: 1 });
        await broker.drop(away);
        const [first, second, other] = [
          await broker.connect({ protocolVersion }),
          await broker.connect({ protocolVersion }),
          await broker.connect({ protocolVersion }),
        ];
        await first.subscribe('a/b', { qos: 1 });
        await second.subscribe('#', { qos: 1 });
        await other.subscribe('b', { qos: 1 });
        await other.publish('a/b', 'for three', { qos: 1 });
        for (const client of [first, second, await broker.connect(kept(protocolVersion))]) {
          await client.receive({ topic: 'a/b', payload: 'for three' });
          await client.ping();
        }
        await other.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.2-6] [3.1.1:MQTT-3.1.4-3] [3.1.1:MQTT-3.2.2-1] Clean Session 1 throws the session away, and its own ends with the connection, version ${protocolVersion}`,
      async (broker) => {
        const first = await broker.connect(kept(protocolVersion));
        await first.subscribe('a', { qos: 1 });
        await broker.drop(first);
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('a', 'thrown away', { qos: 1 });

        const clean = await broker.connect({ ...kept(protocolVersion), cleanStart: true });
        assert.equal(clean.connack?.sessionPresent, false);
        await publisher.publish('a', 'no longer subscribed', { qos: 1 });
        await clean.ping();
        await clean.subscribe('b', { qos: 1 });
        await broker.drop(clean);
        await publisher.publish('b', 'for nobody', { qos: 1 });

        const last = await broker.connect(kept(protocolVersion));
        assert.equal(last.connack?.sessionPresent, false);
        await publisher.publish('b', 'for nobody', { qos: 1 });
        await last.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.4-3] [3.1.1:MQTT-3.2.2-2] [3.1.1:MQTT-3.2.2-3] Clean Session 0 takes the session that is there up, version ${protocolVersion}`,
      async (broker) => {
        const first = await broker.connect(kept(protocolVersion));
        assert.equal(first.connack?.sessionPresent, false);
        await first.subscribe('a', { qos: 1 });
        await first.disconnect();
        const second = await broker.connect(kept(protocolVersion));
        assert.equal(second.connack?.sessionPresent, present);
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('a', 'still subscribed', { qos: 1 });
        await second.receive({ payload: 'still subscribed' });
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.3-2] the session goes by the Client Identifier, version ${protocolVersion}`,
      async (broker) => {
        for (const clientId of ['s', 'S', 's2']) {
          const client = await broker.connect({ ...kept(protocolVersion), clientId });
          assert.equal(client.connack?.sessionPresent, false);
          await client.subscribe(`for/${clientId}`, { qos: 1 });
          await client.disconnect();
        }
        const publisher = await broker.connect({ protocolVersion });
        for (const clientId of ['s', 'S', 's2']) await publisher.publish(`for/${clientId}`, '', { qos: 1 });
        for (const clientId of ['s2', 's', 'S']) {
          const client = await broker.connect({ ...kept(protocolVersion), clientId });
          await client.receive({ topic: `for/${clientId}` });
          await client.ping();
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.2-7] retained messages stay when the session ends, version ${protocolVersion}`,
      async (broker) => {
        const publisher = await broker.connect({ protocolVersion, clientId: 's', cleanStart: true });
        await publisher.publish('a', 'kept', { qos: 1, retain: true });
        await publisher.disconnect();
        const again = await broker.connect({ protocolVersion, clientId: 's', cleanStart: true });
        await again.subscribe('a', { qos: 1 });
        await again.receive({ payload: 'kept', retain: true });
      },
    );

    brokerTest.timed(
      `[3.1.1:MQTT-4.1.0-2] a session lasts as long as its connection, version ${protocolVersion}`,
      { config: { mqtt: { max_session_expiry: '60s' } } },
      async (broker, clock) => {
        const clients = [
          await broker.connect(kept(protocolVersion)),
          await broker.connect({ protocolVersion, clientId: 'clean', cleanStart: true }),
        ];
        for (const client of clients) await client.subscribe('a', { qos: 1 });
        clock.advance(100_000_000);
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('a', 'still subscribed', { qos: 1 });
        for (const client of clients) await client.receive({ payload: 'still subscribed' });
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.2.0-1] CONNACK comes before what is queued and what was left, version ${protocolVersion}`,
      async (broker) => {
        const first = await broker.connect(kept(protocolVersion));
        await first.subscribe('a', { qos: 1 });
        const publisher = await broker.connect({ protocolVersion });
        await publisher.publish('a', 'left', { qos: 1 });
        await first.expectMessage({ payload: 'left' });
        await broker.drop(first);
        await publisher.publish('a', 'queued', { qos: 1 });
        const again = await broker.open(protocolVersion, 's');
        again.send(connectPacket(kept(protocolVersion)), { type: 'pingreq' });
        await again.expect('connack');
        await again.expectMessage({ payload: 'left', dup: true });
      },
    );
  }

  brokerTest(
    '[3.1.1:MQTT-3.2.2-4] a refusal says Session Present 0 though there is a session, version 4',
    async (broker) => {
      await (await broker.connect(kept(4))).disconnect();
      const refused = await broker.open(4, 's');
      const will = { ...willOf(), topic: 'forbidden/w' };
      const { reasonCode, sessionPresent } = await refused.connect({ cleanStart: false, will });
      assert.deepEqual([reasonCode, sessionPresent], [5, false]);
      await refused.expectClosed();
      assert.equal((await broker.connect(kept(4))).connack?.sessionPresent, true);
    },
  );
});

forEachStore('3.1.2.5 wills of 3.1.1', (brokerTest) => {
  for (const protocolVersion of versions) {
    const subscribed = async (broker: BrokerInProcess): Promise<ScriptedClient> => {
      const subscriber = await broker.connect({ protocolVersion });
      await subscriber.subscribe('wills/#', { qos: 1 });
      return subscriber;
    };

    brokerTest(
      `[3.1.1:MQTT-3.1.2-9] [3.1.1:MQTT-3.1.2-10] a will is published once: it leaves the session, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await subscribed(broker);
        await broker.drop(await broker.connect({ ...kept(protocolVersion), will: willOf() }));
        await subscriber.receive({ topic: 'wills/c', payload: 'gone', qos: 1 });
        await broker.drop(await broker.connect(kept(protocolVersion)));
        await expectNothingMore(broker, subscriber);
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.2-10] DISCONNECT removes the will for good, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await subscribed(broker);
        const first = await broker.connect({ ...kept(protocolVersion), will: willOf() });
        await first.disconnect();
        await expectNothingMore(broker, subscriber);
        await broker.drop(await broker.connect(kept(protocolVersion)));
        await expectNothingMore(broker, subscriber);
      },
    );

    brokerTest(
      `[3.1.1:MQTT-3.1.2-12] without the Will Flag nothing is published at the end, version ${protocolVersion}`,
      async (broker) => {
        const subscriber = await broker.connect({ protocolVersion });
        await subscriber.subscribe('#', { qos: 1 });
        await broker.drop(await broker.connect({ protocolVersion, clientId: 'willless' }));
        await expectNothingMore(broker, subscriber);
      },
    );

    for (const retain of [false, true]) {
      const id = retain ? '[3.1.1:MQTT-3.1.2-17]' : '[3.1.1:MQTT-3.1.2-16]';
      brokerTest(`${id} Will Retain ${retain}, version ${protocolVersion}`, async (broker) => {
        const subscriber = await subscribed(broker);
        const fields = { protocolVersion, clientId: 'c', will: willOf(retain) };
        await broker.drop(await broker.connect(fields));
        await subscriber.receive({ payload: 'gone' });
        const later = await subscribed(broker);
        if (retain) await later.receive({ topic: 'wills/c', payload: 'gone', retain: true });
        await later.ping();
      });
    }
  }
});
