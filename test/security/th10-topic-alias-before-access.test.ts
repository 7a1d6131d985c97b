import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AttackingClient } from '../support/attacking-client.ts';
import { sharedBroker } from '../support/broker-process.ts';
import { passwordClient } from '../support/password-records.ts';
import { reload } from './support/reload.ts';
import { login, publicationOf, publish, subscribe } from './support/requests.ts';

const security = (deviceWrites: readonly string[]) => ({
  clients: [
    passwordClient(
      'device',
      deviceWrites.map((topic) => ({ access: 'write', topic })),
    ),
    passwordClient('reader', [{ access: 'read', topic: '#' }]),
  ],
});

/** Access is judged on the topic that an alias stands for, at every use (mochi-mqtt judged before it resolved). */
describe('TH10 topic aliases', () => {
  const broker = sharedBroker({
    config: { mqtt: { topic_alias_maximum: 10 } },
    security: security(['open/#']),
  });

  const alias = (topicAlias: number) => ({ properties: { topicAlias } });
  const payloads = async (reader: AttackingClient): Promise<unknown[]> =>
    (await reader.settled()).map(
      (packet) => packet.type === 'publish' && [packet.topic, packet.payload.toString()],
    );

  test('an alias set by a denied PUBLISH is set, and every use of it is denied', async () => {
    const reader = await login(broker().listener(), 'reader');
    await subscribe(reader, '#');
    const device = await login(broker().listener(), 'device');
    assert.equal(await publish(device, 'secret/x', alias(1)), 0x87);
    assert.equal(await publish(device, '', alias(1)), 0x87);
    // In one write behind an allowed use of the same alias.
    device.send(
      publicationOf('open/x', { ...alias(1), payload: Buffer.from('1') }),
      publicationOf('', { ...alias(1), payload: Buffer.from('2') }),
      publicationOf('secret/y', { ...alias(1), payload: Buffer.from('3') }),
      publicationOf('', { ...alias(1), payload: Buffer.from('4') }),
      publicationOf('open/z', { ...alias(1), payload: Buffer.from('5') }),
    );
    assert.deepEqual(await device.settled(), []);
    assert.deepEqual(await payloads(reader), [
      ['open/x', '1'],
      ['open/x', '2'],
      ['open/z', '5'],
    ]);
    assert.equal(await publish(device, '', alias(1)), 0);
    reader.destroy();
    device.destroy();
  });

  test('a right lost between two uses of an alias is lost for the second', async () => {
    const device = await login(broker().listener(), 'device');
    assert.equal(await publish(device, 'open/x', alias(2)), 0);
    await reload(broker(), { 'security.yaml': security(['elsewhere/#']) });
    assert.equal(await publish(device, '', alias(2)), 0x87);
    device.destroy();
  });

  for (const [fault, topic, topicAlias, code] of [
    ['0', 'open/x', 0, 0x94],
    ['above the maximum', 'open/x', 11, 0x94],
    ['65535', 'open/x', 65_535, 0x94],
    ['that was never set', '', 3, 0x82],
  ] as const) {
    test(`alias ${fault} ends the connection with 0x${code.toString(16)}`, async () => {
      const device = await login(broker().listener(), 'device');
      // The encoder refuses alias 0: written by hand.
      const bytes = Buffer.from([
        0x30,
        6 + topic.length,
        0,
        topic.length,
        ...Buffer.from(topic),
        3,
        0x23,
        0,
        0,
      ]);
      bytes.writeUInt16BE(topicAlias, bytes.length - 2);
      device.sendBytes(bytes);
      const { packets } = await device.end();
      assert.deepEqual(
        packets.map((packet) => packet.type === 'disconnect' && packet.reasonCode),
        [code],
      );
    });
  }

  test('aliases end with their connection', async () => {
    const keep = { properties: { sessionExpiryInterval: 60 }, clientId: 'kept', cleanStart: false };
    const before = await login(broker().listener(), 'device', keep);
    await publish(before, 'elsewhere/x', alias(4));
    before.destroy();
    const after = await login(broker().listener(), 'device', keep);
    after.send(publicationOf('', alias(4)));
    const { packets } = await after.end();
    assert.deepEqual(
      packets.map((packet) => packet.type === 'disconnect' && packet.reasonCode),
      [0x82],
    );
  });
});
