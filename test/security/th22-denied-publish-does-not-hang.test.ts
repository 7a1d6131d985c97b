import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login, publicationOf, publish, subscribe } from './support/requests.ts';

const security = {
  clients: [
    passwordClient('device', [{ access: 'write', topic: 'open/#' }]),
    passwordClient('watcher', [{ access: 'read', topic: '#' }]),
  ],
};
const receiveMaximum = 4;
const rounds = 3 * receiveMaximum;

/** Row T10: a denied message ends its flow; identifier and quota are free again, and it is never delivered. */
describe('TH22 a denied PUBLISH in 5.0', () => {
  const broker = sharedBroker({ security, config: { mqtt: { receive_maximum: receiveMaximum } } });

  test('QoS 1: PUBACK 0x87, and more of them than Receive Maximum one after another', async () => {
    const device = await login(broker().listener(), 'device');
    for (let round = 0; round < rounds; round++) assert.equal(await publish(device, 'secret'), 0x87);
    assert.equal(await publish(device, 'open/x'), 0);
    device.destroy();
  });

  test('QoS 2: PUBREC 0x87 frees the identifier and the quota, without PUBREL', async () => {
    const watcher = await login(broker().listener(), 'watcher');
    await subscribe(watcher, '#', 2);
    const device = await login(broker().listener(), 'device');
    for (let round = 0; round < rounds; round++) {
      device.send(publicationOf('secret', { qos: 2, packetId: 7 }));
      const { packetId, reasonCode } = await device.nextOf('pubrec');
      assert.deepEqual([packetId, reasonCode], [7, 0x87]);
    }
    // The identifier names a new message now, not a duplicate of a denied one.
    device.send(publicationOf('open/x', { qos: 2, packetId: 7 }));
    assert.equal((await device.nextOf('pubrec')).reasonCode, 0);
    device.send({ type: 'pubrel', packetId: 7, reasonCode: 0, properties: {} });
    assert.equal((await device.nextOf('pubcomp')).reasonCode, 0);
    assert.equal((await watcher.nextOf('publish')).topic, 'open/x');
    device.destroy();
    watcher.destroy();
  });

  test('a duplicate of a denied QoS 2 message is denied anew', async () => {
    const device = await login(broker().listener(), 'device');
    device.send(publicationOf('secret', { qos: 2, packetId: 9 }));
    assert.equal((await device.nextOf('pubrec')).reasonCode, 0x87);
    device.send(publicationOf('secret', { qos: 2, packetId: 9, dup: true }));
    assert.equal((await device.nextOf('pubrec')).reasonCode, 0x87);
    device.send({ type: 'pubrel', packetId: 9, reasonCode: 0, properties: {} });
    assert.equal((await device.nextOf('pubcomp')).reasonCode, 0x92);
    device.destroy();
  });

  test('QoS 0 is dropped without a word', async () => {
    const device = await login(broker().listener(), 'device');
    device.send(publicationOf('secret'));
    assert.deepEqual(await device.settled(), []);
    device.destroy();
  });

  test('a denied retained message is not retained', async () => {
    const device = await login(broker().listener(), 'device');
    assert.equal(await publish(device, 'secret', { retain: true }), 0x87);
    const watcher = await login(broker().listener(), 'watcher');
    await subscribe(watcher, 'secret');
    assert.deepEqual(await watcher.settled(), []);
    device.destroy();
    watcher.destroy();
  });

  test('mosquitto_pub is told and ends', { skip: needs(...mosquittoPrograms) }, async () => {
    const { host, port } = broker().listener();
    const connection = { host, port, version: '5.0', username: 'device', password: testPassword } as const;
    const { acknowledged } = await mosquittoPublish(connection, { topic: 'secret', payload: '1', qos: 1 });
    assert.deepEqual(acknowledged, [0x87]);
    const { warnings } = await mosquittoPublish(connection, { topic: 'secret', payload: '1', qos: 2 });
    assert.match(warnings.join(), /Not authorized/);
  });
});

describe('TH22 a denied PUBLISH in 3.x with on_denied_publish: drop', () => {
  const broker = sharedBroker({
    security,
    config: { mqtt: { receive_maximum: receiveMaximum, on_denied_publish: 'drop' } },
  });

  for (const protocolVersion of [3, 4] as const) {
    test(`level ${protocolVersion}: QoS 1 and 2 are acknowledged in full and reach nobody`, async () => {
      const watcher = await login(broker().listener(), 'watcher');
      await subscribe(watcher, '#', 2);
      const device = await login(broker().listener(), 'device', { protocolVersion });
      for (let round = 0; round < rounds; round++) {
        assert.equal(await publish(device, 'secret', { retain: true }), 0);
        device.send(publicationOf('secret', { qos: 2, packetId: 7 }));
        assert.equal((await device.nextOf('pubrec')).packetId, 7);
        // [MQTT-4.3.3-10]: a second attempt before PUBREL is the same message.
        device.send(publicationOf('secret', { qos: 2, packetId: 7, dup: true }));
        assert.equal((await device.nextOf('pubrec')).packetId, 7);
        device.send({ type: 'pubrel', packetId: 7, reasonCode: 0, properties: {} });
        assert.equal((await device.nextOf('pubcomp')).packetId, 7);
      }
      device.send(publicationOf('secret'), publicationOf('open/x', { qos: 2, packetId: 7 }));
      await device.nextOf('pubrec');
      assert.deepEqual(await device.settled(), []);
      const messages = await watcher.settled();
      assert.deepEqual(
        messages.map((packet) => packet.type === 'publish' && packet.topic),
        ['open/x'],
      );
      device.destroy();
      watcher.destroy();
    });
  }

  test('mosquitto_pub in 3.1.1 ends with its acknowledgements', {
    skip: needs(...mosquittoPrograms),
  }, async () => {
    const { host, port } = broker().listener();
    for (const qos of [1, 2] as const) {
      const connection = { host, port, username: 'device', password: testPassword };
      const { acknowledged } = await mosquittoPublish(connection, { topic: 'secret', payload: '1', qos });
      assert.deepEqual(acknowledged, [0]);
    }
  });
});

describe('TH22 a denied PUBLISH in 3.x by default', () => {
  const broker = sharedBroker({ security });

  for (const protocolVersion of [3, 4] as const) {
    for (const qos of [0, 1, 2] as const) {
      test(`level ${protocolVersion}, QoS ${qos}: the connection is closed without an acknowledgement`, async () => {
        const watcher = await login(broker().listener(), 'watcher');
        await subscribe(watcher, '#');
        const device = await login(broker().listener(), 'device', { protocolVersion });
        device.send(publicationOf('secret', { qos }), publicationOf('open/x'));
        assert.deepEqual((await device.end()).packets, []);
        assert.deepEqual(await watcher.settled(), [], 'what stands behind it is not handled');
        watcher.destroy();
      });
    }
  }
});
