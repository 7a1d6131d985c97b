import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { BrokerProcess } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish, mosquittoSubscribe } from '../support/mosquitto.ts';
import type { MqttJsOptions, MqttVersion } from '../support/mqtt-js.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { needs } from '../support/skip-reason.ts';
import { badPacketsFromBroker, packetsFromBroker, startCapture } from '../support/tshark.ts';
import { login, plant } from './plant.ts';

const properties = {
  payloadFormatIndicator: true,
  messageExpiryInterval: 600,
  contentType: 'text/plain',
  responseTopic: 'answers/1',
  correlationData: Buffer.from([1, 2, 3]),
  userProperties: { a: ['1', '2'], b: '3' },
};

/** A visit with MQTT.js that brings most packets of the broker about: answers, refusals, messages, the last word. */
async function visit(
  t: TestContext,
  broker: BrokerProcess,
  listener: string,
  version: MqttVersion,
): Promise<void> {
  const is5 = version === '5.0';
  const connectAs = (username: string, options: MqttJsOptions = {}) =>
    connectMqttJs(t, broker.listener(listener), { ...login(username), version, ...options });

  await connectAs('sensor-1', { password: 'wrong' });
  const expiry = { sessionExpiryInterval: 60 };
  const lasting = {
    clientId: `lasting-${listener}-${version}`,
    more: {
      clean: false,
      ...(is5 ? { properties: { ...expiry, topicAliasMaximum: 5, receiveMaximum: 3 } } : {}),
    },
  };
  const dashboard = await connectAs('dashboard', lasting);
  const identified = is5 ? { properties: { subscriptionIdentifier: 200 } } : {};
  await dashboard.subscribe(['sensors/#', 'secrets/#'], { qos: 1, ...identified });
  const will = {
    topic: 'sensors/sensor-1/will',
    payload: Buffer.from('will'),
    qos: 1,
    retain: true,
  } as const;
  const sensor = await connectAs('sensor-1', {
    more: { will, ...(is5 ? { autoAssignTopicAlias: true } : {}) },
  });
  for (const qos of [0, 1, 2, 0, 1, 2] as const) {
    const own = is5 ? { properties: { ...properties } } : {};
    await sensor.publish('sensors/sensor-1/t', `with ${qos}`, { qos, retain: qos === 1, ...own });
  }
  await dashboard.waitForMessages(6);
  await dashboard.unsubscribe('nothing/here');
  await dashboard.end();
  for (const qos of [1, 2] as const) await sensor.publish('sensors/sensor-1/t', 'queued', { qos });
  const back = await connectAs('dashboard', lasting);
  await back.waitForMessages(2);
  await sensor.publish('commands/denied', 'denied', { qos: 1 });
  if (is5) await sensor.publish('commands/denied', 'denied', { qos: 2 });
  if (!sensor.closed) await sensor.vanish();
  await back.waitForPayload('will');
  await connectAs('sensor-1', { clientId: lasting.clientId });
  await connectAs('dashboard', lasting);
  await back.waitForClose();
}

test('Wireshark finds nothing wrong with what the broker sends', {
  skip: needs('tshark', ...mosquittoPrograms) || needsPaho(),
}, async (t) => {
  const listeners = [
    { name: 'tcp', protocol: 'tcp', port: 0 },
    { name: 'ws', protocol: 'ws', port: 0 },
  ];
  const broker = await startBroker(t, {
    config: { listeners, mqtt: { max_keep_alive: '40s' } },
    security: plant,
  });
  const { host, port } = broker.listener('tcp');
  const webPort = broker.listener('ws').port;
  const capture = await startCapture(t, [port, webPort]);

  for (const version of mqttVersions) {
    await visit(t, broker, 'tcp', version);
    await visit(t, broker, 'ws', version);
    const connection = { host, port, version };
    const subscriber = await mosquittoSubscribe(
      t,
      { ...connection, ...login('dashboard') },
      ['sensors/#', 'x'],
      2,
    );
    for (const qos of [0, 1, 2] as const) {
      const publication = { topic: 'sensors/sensor-1/t', payload: 'x', qos };
      await mosquittoPublish({ ...connection, ...login('sensor-1') }, publication);
      await mosquittoPublish({ ...connection, ...login('sensor-1') }, { ...publication, topic: 'denied' });
    }
    await subscriber.waitForMessages(3);
    await pahoSession({
      ...connection,
      ...login('dashboard'),
      steps: [
        { subscribe: [{ filter: 'sensors/#', qos: 2 }, { filter: 'denied' }] },
        { waitForMessages: 1 },
        { unsubscribe: ['sensors/#'] },
        { publish: { topic: 'commands/x', payload: 'x', qos: 2 } },
      ],
    });
  }
  // The last word of the broker, to those who are still there.
  await broker.stop();
  await capture.stop();

  assert.deepEqual(await badPacketsFromBroker(capture.file, [port]), []);
  assert.ok((await packetsFromBroker(capture.file, [port])) > 100);
  assert.deepEqual(await badPacketsFromBroker(capture.file, [webPort], 'websocket'), []);
  assert.ok((await packetsFromBroker(capture.file, [webPort], 'websocket')) > 60);
});

test('Wireshark would have found it', { skip: needs('tshark') }, async (t) => {
  // A CONNACK, then a PUBLISH whose topic is said to be longer than the packet.
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(Buffer.from([0x20, 2, 0, 0, 0x30, 5, 0, 80, 97, 98, 99])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const capture = await startCapture(t, [port]);
  const client = await connectMqttJs(
    t,
    { name: 'bad', protocol: 'tcp', host: '127.0.0.1', port },
    { version: '3.1.1' },
  );
  await client.waitForClose();
  await capture.stop();
  assert.equal((await badPacketsFromBroker(capture.file, [port])).length, 1);
});
