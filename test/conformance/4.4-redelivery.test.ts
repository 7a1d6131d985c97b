import assert from 'node:assert/strict';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';
import type { ConnectFields, ScriptedClient } from '../support/scripted-client.ts';

const versions = [3, 4, 5] as const;

interface Unacknowledged {
  readonly packetId: number;
  readonly payload: string;
  readonly qos: number;
}

function sessionOf(protocolVersion: 3 | 4 | 5): ConnectFields {
  const properties = protocolVersion === 5 ? { sessionExpiryInterval: 60 } : {};
  return { protocolVersion, clientId: 's', cleanStart: false, properties };
}

/** Messages that the client has been sent and has not acknowledged. */
async function leaveUnacknowledged(
  broker: BrokerInProcess,
  client: ScriptedClient,
  qualities: readonly (1 | 2)[],
): Promise<readonly Unacknowledged[]> {
  const publisher = await broker.connect();
  const sent: Unacknowledged[] = [];
  for (const [index, qos] of qualities.entries()) {
    await publisher.publish('a', `${index}`, { qos });
    const { packetId } = await client.expectMessage({ payload: `${index}`, qos, dup: false });
    sent.push({ packetId, payload: `${index}`, qos });
  }
  return sent;
}

forEachStore('4.4 delivery retry', (brokerTest) => {
  for (const protocolVersion of versions) {
    brokerTest(
      `[MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-3.3.1-1] [MQTT-4.3.2-3] [MQTT-4.3.3-3] unacknowledged messages come again with DUP, their identifiers and their order, version ${protocolVersion}`,
      async (broker) => {
        const first = await broker.connect(sessionOf(protocolVersion));
        await first.subscribe('a', { qos: 2 });
        const sent = await leaveUnacknowledged(broker, first, [1, 2, 1, 2, 1]);
        first.acknowledge('puback', sent[2]!.packetId);
        await first.ping();
        await broker.drop(first);

        const left = sent.filter((_, index) => index !== 2);
        const second = await broker.connect(sessionOf(protocolVersion));
        for (const message of left) await second.expectMessage({ ...message, dup: true });
        await second.ping();
        await broker.drop(second);

        const third = await broker.connect(sessionOf(protocolVersion));
        for (const message of left) await third.receive({ ...message, dup: true });
        await third.ping();
        await broker.drop(third);
        const fourth = await broker.connect(sessionOf(protocolVersion));
        await fourth.ping();
      },
    );

    brokerTest(
      `[MQTT-4.3.3-5] [MQTT-4.3.3-6] behind PUBREC only PUBREL comes again, version ${protocolVersion}`,
      async (broker) => {
        const first = await broker.connect(sessionOf(protocolVersion));
        await first.subscribe('a', { qos: 2 });
        const [message] = await leaveUnacknowledged(broker, first, [2]);
        const packetId = message!.packetId;
        first.acknowledge('pubrec', packetId);
        await first.expectAcknowledgement('pubrel', packetId);
        await broker.drop(first);

        for (let count = 0; count < 2; count++) {
          const again = await broker.connect(sessionOf(protocolVersion));
          await again.expectAcknowledgement('pubrel', packetId);
          await again.ping();
          await broker.drop(again);
        }
        const last = await broker.connect(sessionOf(protocolVersion));
        await last.expectAcknowledgement('pubrel', packetId);
        last.acknowledge('pubcomp', packetId);
        await last.ping();
        await broker.drop(last);
        const done = await broker.connect(sessionOf(protocolVersion));
        await done.ping();
      },
    );
  }

  for (const [type, qos] of [
    ['puback', 1],
    ['pubrec', 2],
  ] as const) {
    brokerTest(`[MQTT-4.4.0-2] what ${type} refuses does not come again`, async (broker) => {
      const first = await broker.connect(sessionOf(5));
      await first.subscribe('a', { qos: 2 });
      const [refused, left] = await leaveUnacknowledged(broker, first, [qos, qos]);
      first.acknowledge(type, refused!.packetId, 0x80);
      await first.ping();
      await broker.drop(first);
      const second = await broker.connect(sessionOf(5));
      await second.receive({ ...left, dup: true });
      await second.ping();
    });
  }

  brokerTest('what was queued meanwhile follows, under identifiers that are free', async (broker) => {
    const first = await broker.connect(sessionOf(5));
    await first.subscribe('a', { qos: 1 });
    const sent = await leaveUnacknowledged(broker, first, [1, 1]);
    await broker.drop(first);
    const publisher = await broker.connect();
    await publisher.publish('a', 'queued', { qos: 1 });
    const second = await broker.connect(sessionOf(5));
    for (const message of sent) await second.expectMessage({ ...message, dup: true });
    const { packetId } = await second.expectMessage({ payload: 'queued', dup: false });
    assert.ok(sent.every((message) => message.packetId !== packetId));
  });

  brokerTest('a smaller Receive Maximum holds for what is sent again', async (broker) => {
    const first = await broker.connect(sessionOf(5));
    await first.subscribe('a', { qos: 2 });
    const sent = await leaveUnacknowledged(broker, first, [1, 2, 1]);
    await broker.drop(first);
    const properties = { sessionExpiryInterval: 60, receiveMaximum: 1 };
    const second = await broker.connect({ ...sessionOf(5), properties });
    for (const message of sent) {
      const { packetId, qos } = await second.expectMessage({ ...message, dup: true });
      await second.ping();
      if (qos === 1) second.acknowledge('puback', packetId);
      if (qos === 2) {
        second.acknowledge('pubrec', packetId);
        await second.expectAcknowledgement('pubrel', packetId);
        await second.ping();
        second.acknowledge('pubcomp', packetId);
      }
    }
    await second.ping();
  });

  brokerTest.timed(
    '[MQTT-4.4.0-1] nothing comes again while the connection lasts, 5.0',
    {},
    async (broker, clock) => {
      const client = await broker.connect(sessionOf(5));
      await client.subscribe('a', { qos: 2 });
      await leaveUnacknowledged(broker, client, [1, 2]);
      clock.advance(3_600_000);
      await client.ping();
    },
  );

  brokerTest('what may no longer be read does not come again (row A4)', async (broker) => {
    const first = await broker.connect(sessionOf(5));
    await first.subscribe('a', { qos: 2 });
    const [one, two, released] = await leaveUnacknowledged(broker, first, [1, 2, 2]);
    first.acknowledge('pubrec', released!.packetId);
    await first.expectAcknowledgement('pubrel', released!.packetId);
    await broker.drop(first);
    await broker.reload({ security: withoutReading });

    const second = await broker.connect(sessionOf(5));
    await second.expectAcknowledgement('pubrel', released!.packetId);
    await second.ping();
    // QoS 1 is over, QoS 2 keeps its identifier until PUBREC.
    second.acknowledge('pubrec', two!.packetId);
    await second.expectAcknowledgement('pubrel', two!.packetId);
    second.acknowledge('pubrec', one!.packetId);
    await second.expectAcknowledgement('pubrel', one!.packetId, 0x92);
  });
});

const withoutReading = { roles: [{ name: 'guest', permissions: [{ access: 'write', topic: '#' }] }] };
