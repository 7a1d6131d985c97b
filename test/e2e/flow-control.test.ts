import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import type { MqttJsOptions } from '../support/mqtt-js.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { login, plant } from './plant.ts';

describe('flow control in 5.0', () => {
  const config = { mqtt: { receive_maximum: 7, max_packet_size: '2KiB' } };
  const broker = sharedBroker({ config, security: plant });
  const engineer = (t: TestContext, options: MqttJsOptions = {}) =>
    connectMqttJs(t, broker().listener(), { ...login('engineer'), ...options });

  test('the broker says what it takes, to MQTT.js and Paho', { skip: needsPaho() }, async (t) => {
    const { connack } = await engineer(t);
    assert.equal(connack?.properties?.receiveMaximum, 7);
    assert.equal(connack?.properties?.maximumPacketSize, 2_048);
    const { host, port } = broker().listener();
    const paho = await pahoSession({ host, port, version: '5.0', ...login('engineer') });
    assert.equal(paho.connackProperties.ReceiveMaximum, 7);
    assert.equal(paho.connackProperties.MaximumPacketSize, 2_048);
  });

  for (const receiveMaximum of [1, 3]) {
    test(`a client's receive maximum of ${receiveMaximum} is kept, and everything arrives in order`, async (t) => {
      // MQTT.js ends the connection when more QoS 2 messages are unfinished than it said.
      const subscriber = await engineer(t, { more: { properties: { receiveMaximum } } });
      await subscriber.subscribe('flow/#', { qos: 2 });
      const publisher = await engineer(t);
      const payloads = Array.from({ length: 40 }, (_, index) => `${index}`);
      await Promise.all(
        payloads.slice(0, 7).map((payload) => publisher.publish('flow/1', payload, { qos: 2 })),
      );
      for (const payload of payloads.slice(7)) await publisher.publish('flow/1', payload, { qos: 2 });
      await subscriber.waitForMessages(payloads.length);
      assert.deepEqual(subscriber.payloads, payloads);
      assert.deepEqual(subscriber.errors, []);
    });
  }

  for (const qos of [0, 1, 2] as const) {
    test(`a message of QoS ${qos} above a client's maximum packet size is left out for that client alone`, async (t) => {
      const small = await engineer(t, { more: { properties: { maximumPacketSize: 200 } } });
      const large = await engineer(t);
      const topic = `size/${qos}`;
      const publisher = await engineer(t);
      await publisher.publish(topic, Buffer.alloc(500), { qos, retain: true });
      for (const client of [small, large]) await client.subscribe(topic, { qos });
      await publisher.publish(topic, Buffer.alloc(500), { qos });
      await publisher.publish(topic, 'fits', { qos });
      await large.waitForMessages(3);
      await small.waitForPayload('fits');
      assert.deepEqual(small.payloads, ['fits']);
      assert.deepEqual(
        large.messages.map(({ payload }) => payload.length),
        [500, 500, 4],
      );
    });
  }

  for (const version of ['3.1', '3.1.1', '5.0'] as const) {
    test(`${version}: a packet above the broker's maximum ends the connection, and only that one`, async (t) => {
      const watcher = await engineer(t);
      await watcher.subscribe('big/#', { qos: 1 });
      const sender = await engineer(t, { version });
      assert.equal(await sender.publish('big/1', Buffer.alloc(3_000), { qos: 1 }), 'closed');
      assert.equal(await sender.waitForClose(), version === '5.0' ? 0x95 : undefined);
      const other = await engineer(t, { version });
      await other.publish('big/1', 'small', { qos: 1 });
      await watcher.waitForPayload('small');
      assert.deepEqual(watcher.payloads, ['small']);
    });
  }
});
