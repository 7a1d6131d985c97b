import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { IPublishPacket } from 'mqtt-packet';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import type { MqttJsOptions } from '../support/mqtt-js.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import type { PahoProperties } from '../support/paho.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { needs } from '../support/skip-reason.ts';
import { login, plant } from './plant.ts';

/** What a message brought, without MQTT.js's own kind of object. */
function propertiesOf(message: IPublishPacket | undefined) {
  const { userProperties, ...rest } = message?.properties ?? {};
  return { ...rest, userProperties: { ...userProperties } };
}

/** Everything that is passed on as it is, with an order and repeated names that must be kept. */
const sent = {
  payloadFormatIndicator: true,
  contentType: 'text/plain; charset=utf-8',
  responseTopic: 'site/answers/1',
  correlationData: Buffer.from([0, 255, 1, 254]),
  userProperties: { zone: ['b', 'a', 'b'], '': 'empty name', ünit: '°C' },
};
const payload = 'naïve ✓';

const sentByPaho = {
  PayloadFormatIndicator: 1,
  ContentType: 'text/plain; charset=utf-8',
  ResponseTopic: 'site/answers/1',
  CorrelationData: '00ff01fe',
  UserProperty: [
    ['zone', 'b'],
    ['', 'empty name'],
    ['zone', 'a'],
    ['ünit', '°C'],
  ],
} as const satisfies PahoProperties;

describe('properties of messages in 5.0', () => {
  const broker = sharedBroker({ security: plant });
  const engineer = (t: TestContext, options: MqttJsOptions = {}) =>
    connectMqttJs(t, broker().listener(), { ...login('engineer'), ...options });

  for (const qos of [0, 1, 2] as const) {
    test(`are passed on unchanged with QoS ${qos}, live and retained`, async (t) => {
      const topic = `site/live/${qos}`;
      const publisher = await engineer(t);
      const live = await engineer(t);
      await live.subscribe(topic, { qos });
      await publisher.publish(topic, payload, { qos, retain: true, properties: sent });
      const late = await engineer(t);
      await late.subscribe(topic, { qos });
      for (const client of [live, late]) {
        const [message] = await client.waitForMessages(1);
        assert.deepEqual(propertiesOf(message), sent);
        assert.equal(String(message?.payload), payload);
        assert.equal(message?.qos, qos);
      }
    });
  }

  test('are kept in the queue of a client that is away', async (t) => {
    const away = { clientId: 'away', more: { clean: false, properties: { sessionExpiryInterval: 60 } } };
    const first = await engineer(t, away);
    await first.subscribe('site/queued', { qos: 1 });
    await first.end();
    const publisher = await engineer(t);
    await publisher.publish('site/queued', payload, { qos: 1, properties: sent });
    const back = await engineer(t, away);
    assert.equal(back.connack?.sessionPresent, true);
    assert.deepEqual(propertiesOf((await back.waitForMessages(1))[0]), sent);
    await back.end({ properties: { sessionExpiryInterval: 0 } });
  });

  test('of a will are passed on', async (t) => {
    const watcher = await engineer(t);
    await watcher.subscribe('site/will', { qos: 1 });
    const will = {
      topic: 'site/will',
      payload: Buffer.from(payload),
      qos: 1,
      retain: false,
      properties: sent,
    } as const;
    const leaving = await engineer(t, { more: { will } });
    await leaving.vanish();
    assert.deepEqual(propertiesOf((await watcher.waitForMessages(1))[0]), sent);
  });

  test('do not disturb a 3.1.1 subscriber', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const old = await mosquittoSubscribe(
      t,
      { ...broker().listener(), ...login('engineer') },
      ['site/old'],
      1,
    );
    const publisher = await engineer(t);
    await publisher.publish('site/old', payload, { qos: 1, properties: sent });
    assert.equal(String((await old.waitForMessages(1))[0]?.payload), payload);
  });

  test('pass between Paho and MQTT.js', { skip: needsPaho() }, async (t) => {
    const { host, port } = broker().listener();
    const listener = await engineer(t);
    await listener.subscribe('site/from-paho', { qos: 1 });
    const fromMqttJs = { topic: 'site/from-mqtt-js', retain: true, qos: 1 } as const;
    await listener.publish(fromMqttJs.topic, payload, { ...fromMqttJs, properties: sent });
    const paho = await pahoSession({
      host,
      port,
      version: '5.0',
      ...login('engineer'),
      steps: [
        { subscribe: [{ filter: fromMqttJs.topic, qos: 1 }] },
        { waitForMessages: 1 },
        { publish: { topic: 'site/from-paho', payload, qos: 1, properties: sentByPaho } },
      ],
    });
    const [received] = paho.messages;
    // MQTT.js groups the pairs by name before it sends them.
    const grouped = [
      ['zone', 'b'],
      ['zone', 'a'],
      ['zone', 'b'],
      ['', 'empty name'],
      ['ünit', '°C'],
    ];
    assert.deepEqual(received?.properties, { ...sentByPaho, UserProperty: grouped });
    assert.equal(String(received?.payload), payload);

    const [message] = await listener.waitForMessages(1);
    assert.deepEqual(propertiesOf(message), {
      ...sent,
      userProperties: { zone: ['b', 'a'], '': 'empty name', ünit: '°C' },
    });
  });
});
