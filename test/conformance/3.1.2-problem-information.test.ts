import assert from 'node:assert/strict';
import type { ControlPacket, Properties } from '../../src/codec/control-packet.ts';
import { forEachStore } from '../support/for-each-store.ts';
import type { ScriptedClient } from '../support/scripted-client.ts';

interface Answer {
  readonly title: string;
  /** Makes the broker send the packet, and takes it. */
  provoke(client: ScriptedClient): Promise<ControlPacket>;
}

/** Every packet that could carry a Reason String or User Properties, with a reason that would be worth one. */
const answers: readonly Answer[] = [
  {
    title: '[MQTT-3.4.2-2] [MQTT-3.4.2-3] PUBACK',
    provoke: (client) => {
      client.sendPublish('readonly/a', '', { qos: 1 });
      return client.expect('puback');
    },
  },
  {
    title: '[MQTT-3.5.2-2] [MQTT-3.5.2-3] PUBREC',
    provoke: (client) => {
      client.sendPublish('readonly/a', '', { qos: 2 });
      return client.expect('pubrec');
    },
  },
  {
    title: '[MQTT-3.6.2-2] [MQTT-3.6.2-3] PUBREL',
    provoke: (client) => {
      client.acknowledge('pubrec', 99);
      return client.expect('pubrel');
    },
  },
  {
    title: '[MQTT-3.7.2-2] [MQTT-3.7.2-3] PUBCOMP',
    provoke: (client) => {
      client.acknowledge('pubrel', 99);
      return client.expect('pubcomp');
    },
  },
  {
    title: '[MQTT-3.9.2-1] [MQTT-3.9.2-2] SUBACK',
    provoke: (client) => client.subscribe(['forbidden/a', 'a/#/b', 'a']),
  },
  {
    title: '[MQTT-3.11.2-1] [MQTT-3.11.2-2] UNSUBACK',
    provoke: (client) => client.unsubscribe('never/there'),
  },
  {
    title: '[MQTT-3.14.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4] DISCONNECT',
    provoke: (client) => {
      client.sendRaw([0xc1, 0]);
      return client.expect('disconnect');
    },
  },
];

interface Limit {
  readonly title: string;
  readonly properties: Properties;
}

/** The bytes of a CONNACK that says only what the broker takes: Receive Maximum, Maximum Packet Size, Topic Alias Maximum. */
const PLAIN_CONNACK = 16;

const limits: readonly Limit[] = [
  { title: `that takes ${PLAIN_CONNACK} bytes`, properties: { maximumPacketSize: PLAIN_CONNACK } },
  {
    title: 'that wants no problem information [MQTT-3.1.2-29]',
    properties: { requestProblemInformation: 0 },
  },
];

forEachStore('3.1.2.11.7 Request Problem Information, and room for reasons', (brokerTest) => {
  for (const { title: whom, properties } of limits) {
    for (const { title, provoke } of answers) {
      brokerTest(`${title} has no properties for a client ${whom}`, async (broker) => {
        const client = await broker.connect({
          clientId: 'c',
          properties: { ...properties, sessionExpiryInterval: 60 },
        });
        const packet = await provoke(client);
        assert.deepEqual('properties' in packet && packet.properties, {});
      });
    }

    brokerTest(
      `[MQTT-3.2.2-19] [MQTT-3.2.2-20] CONNACK has no reason for a client ${whom}`,
      async (broker) => {
        const { connack } = await broker.connect({ clientId: 'c', properties });
        const { reasonString, userProperties } = connack?.properties ?? {};
        assert.deepEqual([reasonString, userProperties], [undefined, undefined]);

        const refused = await broker.open(5, 'nobody');
        const refusal = await refused.connect({ username: 'nobody', password: 'none', properties });
        assert.deepEqual([refusal.reasonCode, refusal.properties], [0x86, {}]);
        await refused.expectClosed();
      },
    );
  }

  for (const [asked, properties] of [
    ['nothing', {}],
    ['none', { requestResponseInformation: 0 }],
  ] as const) {
    brokerTest(
      `[MQTT-3.1.2-28] no Response Information for a client that asks for ${asked}`,
      async (broker) => {
        const { connack } = await broker.connect({ properties });
        assert.equal(connack?.properties.responseInformation, undefined);
      },
    );
  }

  for (const maximumPacketSize of [1, 4, PLAIN_CONNACK - 1]) {
    brokerTest(
      `[MQTT-4.13.2-1] a refusal closes though its CONNACK is not sent, ${maximumPacketSize} bytes`,
      async (broker) => {
        const refusal = 5;
        const client = await broker.open(5, 'c');
        const connecting = client.connect({ properties: { maximumPacketSize } });
        if (maximumPacketSize >= refusal) assert.equal((await connecting).reasonCode, 0x95);
        else await assert.rejects(connecting, /came the end of the connection/);
        await client.expectClosed();
      },
    );
  }
});
