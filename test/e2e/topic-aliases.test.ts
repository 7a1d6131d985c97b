import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IPublishPacket } from 'mqtt-packet';
import { sharedBroker } from '../support/broker-process.ts';
import type { MqttJsClient } from '../support/mqtt-js.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { login, plant } from './plant.ts';

/** PUBLISH packets as they came over the wire. */
function publishes(client: MqttJsClient): readonly IPublishPacket[] {
  return client.packets.filter((packet) => packet.cmd === 'publish');
}

describe('topic aliases in 5.0', () => {
  const broker = sharedBroker({ config: { mqtt: { topic_alias_maximum: 3 } }, security: plant });

  test('from the client: topics that an alias stands for reach others in full', async (t) => {
    const watcher = await connectMqttJs(t, broker().listener(), login('dashboard'));
    await watcher.subscribe('sensors/#', { qos: 1 });
    const more = { autoAssignTopicAlias: true };
    const sensor = await connectMqttJs(t, broker().listener(), { ...login('sensor-1'), more });
    assert.equal(sensor.connack?.properties?.topicAliasMaximum, 3);
    const sent: string[] = [];
    sensor.client.on('packetsend', (packet) => {
      if (packet.cmd === 'publish') sent.push(packet.topic);
    });

    // Five topics for three aliases: some are assigned anew on the way.
    const topics = [1, 2, 1, 3, 4, 5, 1, 5, 5, 2].map((number) => `sensors/sensor-1/${number}`);
    for (const topic of topics) await sensor.publish(topic, topic, { qos: 1 });
    const messages = await watcher.waitForMessages(topics.length);
    assert.deepEqual(
      messages.map(({ topic, payload }) => [topic, String(payload)]),
      topics.map((topic) => [topic, topic]),
    );
    assert.ok(sent.includes(''), 'MQTT.js used an alias in place of a topic');
    assert.ok(publishes(watcher).every(({ properties }) => properties?.topicAlias === undefined));
  });

  test('from the broker: to a client that takes them, never above its maximum', async (t) => {
    const aliased = await connectMqttJs(t, broker().listener(), {
      ...login('dashboard'),
      more: { properties: { topicAliasMaximum: 2 } },
    });
    // Not QoS 2: MQTT.js forgets to look the alias up when such a message is released.
    await aliased.subscribe('sensors/#', { qos: 1 });
    const sensor = await connectMqttJs(t, broker().listener(), login('sensor-1'));
    const topics = [1, 1, 2, 3, 1, 2, 3, 3].map((number) => `sensors/sensor-1/${number}`);
    for (const [index, topic] of topics.entries()) {
      await sensor.publish(topic, topic, { qos: (index % 2) as 0 | 1 });
      await aliased.waitForMessages(index + 1);
    }
    assert.deepEqual(
      aliased.messages.map(({ topic, payload }) => [topic, String(payload)]),
      topics.map((topic) => [topic, topic]),
    );
    const raw = publishes(aliased);
    assert.ok(
      raw.some(({ topic }) => topic === ''),
      'an alias stood for a topic',
    );
    assert.ok(raw.every(({ properties }) => (properties?.topicAlias ?? 1) <= 2));
  });

  test('an alias set by a denied message stands, and each use is judged anew', async (t) => {
    const watcher = await connectMqttJs(t, broker().listener(), login('engineer'));
    await watcher.subscribe('#', { qos: 1 });
    const sensor = await connectMqttJs(t, broker().listener(), login('sensor-1'));
    const send = (topic: string, payload: string, alias: number) =>
      sensor.publish(topic, payload, { qos: 1, properties: { topicAlias: alias } });
    assert.equal(await send('commands/sensor-2/stop', 'denied', 1), 0x87);
    assert.equal(await send('sensors/sensor-1/t', 'allowed', 2), 0);
    assert.equal(await send('', 'denied again', 1), 0x87);
    assert.equal(await send('', 'allowed again', 2), 0);
    assert.equal(await send('sensors/sensor-1/u', 'now allowed', 1), 0);
    assert.equal(await send('', 'allowed as well', 1), 0);
    await watcher.waitForPayload('allowed as well');
    assert.deepEqual(
      watcher.messages.map(({ topic, payload }) => `${topic} ${payload}`),
      [
        'sensors/sensor-1/t allowed',
        'sensors/sensor-1/t allowed again',
        'sensors/sensor-1/u now allowed',
        'sensors/sensor-1/u allowed as well',
      ],
    );
  });

  test('Paho sets and uses an alias', { skip: needsPaho() }, async (t) => {
    const watcher = await connectMqttJs(t, broker().listener(), login('dashboard'));
    await watcher.subscribe('sensors/#', { qos: 1 });
    const { host, port } = broker().listener();
    const properties = { TopicAlias: 3 };
    const paho = await pahoSession({
      host,
      port,
      version: '5.0',
      ...login('sensor-1'),
      steps: [
        { publish: { topic: 'sensors/sensor-1/t', payload: 'sets', qos: 1, properties } },
        { publish: { topic: '', payload: 'uses', qos: 1, properties } },
      ],
    });
    assert.deepEqual([paho.connack, paho.disconnect], [0, null]);
    const messages = await watcher.waitForMessages(2);
    assert.deepEqual(
      messages.map(({ topic }) => topic),
      ['sensors/sensor-1/t', 'sensors/sensor-1/t'],
    );
  });
});
