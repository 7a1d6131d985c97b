import assert from 'node:assert/strict';
import type { BrokerInProcess } from '../support/broker-in-process.ts';
import { forEachStore } from '../support/for-each-store.ts';

const versions = [3, 4] as const;

/** Every right, `$` topics included: matching is looked at, not permission. */
const everything = {
  security: {
    roles: [
      {
        name: 'guest',
        permissions: ['#', '$a/#', '$SYS/#'].map((topic) => ({ access: 'readWrite', topic })),
      },
    ],
  },
};

async function delivered(
  broker: BrokerInProcess,
  protocolVersion: 3 | 4,
  filter: string,
  topic: string,
): Promise<boolean> {
  const subscriber = await broker.connect({ protocolVersion });
  await subscriber.subscribe(filter);
  const publisher = await broker.connect({ protocolVersion });
  await publisher.publish(topic, topic, { qos: 1 });
  subscriber.send({ type: 'pingreq' });
  const packet = await subscriber.next();
  if (packet === 'closed' || packet.type !== 'publish') return false;
  assert.equal(packet.topic, topic);
  return true;
}

/** Filters with topics they match and topics they do not. */
const wildcards: Readonly<
  Record<string, { readonly yes: readonly string[]; readonly no: readonly string[] }>
> = {
  '[3.1.1:MQTT-4.7.1-2] #': { yes: ['a', '/', 'a/b/c'], no: [] },
  '[3.1.1:MQTT-4.7.1-2] a/#': { yes: ['a', 'a/', 'a/b', 'a/b/c'], no: ['ab', '/a', 'b/a'] },
  '[3.1.1:MQTT-4.7.1-3] +': { yes: ['a', 'ab'], no: ['/a', 'a/', 'a/b'] },
  '[3.1.1:MQTT-4.7.1-3] a/+/c': { yes: ['a/b/c', 'a//c'], no: ['a/c', 'a/b/b/c', 'a/b/cd'] },
  '[3.1.1:MQTT-4.7.1-3] +/+': { yes: ['/', 'a/b', '/a'], no: ['a', 'a/b/c'] },
  '[3.1.1:MQTT-4.7.1-3] +/b/#': { yes: ['a/b', '/b/c/d'], no: ['a/c', 'b'] },
};

/** Pairs of filter and topic that only something that normalizes would take for equal. */
const lookAlikes: readonly (readonly [string, string])[] = [
  ['caf\u00e9', 'cafe\u0301'],
  ['\ufeffa', 'a'],
  ['a', 'A'],
  ['a', 'a/'],
  ['a', '/a'],
  ['a/b', 'a//b'],
  ['a', ' a'],
  ['a b', 'a  b'],
  ['a\u00ad', 'a'],
  ['\u212b', '\u00c5'],
  ['%61', 'a'],
  ['a/../b', 'b'],
];

forEachStore('4.7 topic names and filters of 3.1.1', (brokerTest) => {
  for (const version of versions) {
    for (const [title, { yes, no }] of Object.entries(wildcards)) {
      const filter = title.split(' ')[1] ?? '';
      brokerTest(`${title}: what it matches, version ${version}`, async (broker) => {
        for (const topic of yes) assert.equal(await delivered(broker, version, filter, topic), true, topic);
        for (const topic of no) assert.equal(await delivered(broker, version, filter, topic), false, topic);
      });
    }

    for (const [id, filters] of [
      ['[3.1.1:MQTT-4.7.1-2]', ['a#', 'a/#/b', '#/', '##', '#a', 'a/b#']],
      ['[3.1.1:MQTT-4.7.1-3]', ['a+', '+a/b', 'a/b+', '++', 'a/+b/c']],
    ] as const) {
      brokerTest(`${id} ${filters.join(' ')} are no filters, version ${version}`, async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        const { reasonCodes } = await client.subscribe(filters);
        if (version === 4) assert.ok(reasonCodes.every((code) => code === 0x80)); // 3.1 has no such code.
        const publisher = await broker.connect({ protocolVersion: version });
        for (const topic of ['a', 'a/b', 'a/x/b', 'ab', '/', 'a/xb/c']) await publisher.publish(topic, topic);
        await client.ping();
      });
    }

    brokerTest(
      `[3.1.1:MQTT-4.7.2-1] a leading wildcard sees no topic that begins with $, version ${version}`,
      everything,
      async (broker) => {
        for (const [filter, topic] of [
          ['#', '$a'],
          ['#', '$a/b'],
          ['+', '$a'],
          ['+/b', '$a/b'],
          ['+/#', '$a/b'],
        ] as const) {
          assert.equal(await delivered(broker, version, filter, topic), false, `${filter} ${topic}`);
        }
        for (const [filter, topic] of [
          ['$a/#', '$a/b'],
          ['$a/+', '$a/b'],
          ['#', 'a/$b'],
        ] as const) {
          assert.equal(await delivered(broker, version, filter, topic), true, `${filter} ${topic}`);
        }
        const retained = await broker.connect({ protocolVersion: version });
        for (const filter of ['+/broker/version', '$SYS/broker/version']) await retained.subscribe(filter);
        await retained.expectMessage({ topic: '$SYS/broker/version', retain: true });
        await retained.ping();
      },
    );

    brokerTest(
      `[3.1.1:MQTT-4.7.3-4] topics and filters are matched as they are, version ${version}`,
      async (broker) => {
        for (const [filter, topic] of lookAlikes) {
          assert.equal(await delivered(broker, version, filter, topic), false, `${filter} ${topic}`);
          assert.equal(await delivered(broker, version, topic, topic), true, topic);
          assert.equal(await delivered(broker, version, filter, filter), true, filter);
        }
      },
    );

    brokerTest(
      `[3.1.1:MQTT-7.1.1-1] a long stream is carried both ways in order and without loss, version ${version}`,
      async (broker) => {
        const client = await broker.connect({ protocolVersion: version });
        await client.subscribe('a', { qos: 0 });
        const payloads = Array.from({ length: 40 }, (_, index) => Buffer.alloc(index * 1_000, `${index} `));
        for (const payload of payloads) client.sendPublish('a', payload);
        for (const payload of payloads) assert.deepEqual((await client.expectMessage()).payload, payload);
        await client.ping();
      },
    );
  }
});
