import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { passwordClient } from '../support/password-records.ts';
import { login, publicationOf, subscribe } from './support/requests.ts';

const rights = [{ access: 'readWrite', topic: 'plant/#' }] as const;
const keep = { properties: { sessionExpiryInterval: 60 } };

/** A QoS 2 identifier is reserved exactly from PUBLISH to PUBREL, and on our side from PUBLISH to PUBCOMP. */
describe('TH29 QoS 2 identifiers', () => {
  const broker = sharedBroker({
    security: { clients: [passwordClient('device', rights), passwordClient('reader', rights)] },
  });

  const release = (packetId: number) =>
    ({ type: 'pubrel', packetId, reasonCode: 0, properties: {} }) as const;
  const payload = (text: string) => ({ payload: Buffer.from(text) });

  for (const protocolVersion of [4, 5] as const) {
    test(`every message of one identifier arrives once, none is taken for a duplicate (level ${protocolVersion})`, async () => {
      const reader = await login(broker().listener(), 'reader');
      await subscribe(reader, 'plant/#');
      const device = await login(broker().listener(), 'device', { protocolVersion });
      for (let round = 0; round < 20; round++) {
        const message = publicationOf('plant/x', { qos: 2, packetId: 5, ...payload(String(round)) });
        device.send(message);
        await device.nextOf('pubrec');
        // PUBREL and the next message under the same identifier in one write.
        if (round % 2 === 0) {
          device.send({ ...message, dup: true });
          await device.nextOf('pubrec');
        }
        device.send(release(5));
        if (round % 3 === 0) await device.nextOf('pubcomp');
      }
      await device.settled();
      const messages = await reader.settled();
      assert.deepEqual(
        messages.map((packet) => packet.type === 'publish' && packet.payload.toString()),
        Array.from({ length: 20 }, (_, index) => String(index)),
      );
      device.destroy();
      reader.destroy();
    });
  }

  test('PUBREL and the next PUBLISH of the identifier in one write are two messages', async () => {
    const reader = await login(broker().listener(), 'reader');
    await subscribe(reader, 'plant/#');
    const device = await login(broker().listener(), 'device', { ...keep, clientId: 'written-at-once' });
    device.send(
      ...Array.from({ length: 10 }, (_, index) => [
        publicationOf('plant/x', { qos: 2, packetId: 5, ...payload(String(index)) }),
        publicationOf('plant/x', { qos: 2, packetId: 5, dup: true, ...payload(`${index} again`) }),
        release(5),
      ]).flat(),
    );
    await device.settled();
    const messages = await reader.settled();
    assert.deepEqual(
      messages.map((packet) => packet.type === 'publish' && packet.payload.toString()),
      Array.from({ length: 10 }, (_, index) => String(index)),
    );
    device.destroy();
    reader.destroy();
  });

  test('a reconnect between PUBLISH and PUBREL delivers the message once and frees the identifier', async () => {
    const reader = await login(broker().listener(), 'reader');
    await subscribe(reader, 'plant/#');
    const before = await login(broker().listener(), 'device', { ...keep, clientId: 'reconnects' });
    before.send(publicationOf('plant/x', { qos: 2, packetId: 5, ...payload('once') }));
    await before.nextOf('pubrec');
    before.destroy();
    const after = await login(broker().listener(), 'device', {
      ...keep,
      clientId: 'reconnects',
      cleanStart: false,
    });
    after.send(publicationOf('plant/x', { qos: 2, packetId: 5, dup: true, ...payload('once') }));
    assert.equal((await after.nextOf('pubrec')).reasonCode, 0);
    after.send(release(5), publicationOf('plant/x', { qos: 2, packetId: 5, ...payload('next') }));
    assert.equal((await after.nextOf('pubcomp')).reasonCode, 0);
    await after.nextOf('pubrec');
    // A clean start forgets identifiers: the same one is a new message.
    const clean = await login(broker().listener(), 'device', { clientId: 'reconnects' });
    clean.send(publicationOf('plant/x', { qos: 2, packetId: 5, ...payload('clean') }));
    await clean.nextOf('pubrec');
    const messages = await reader.settled();
    assert.deepEqual(
      messages.map((packet) => packet.type === 'publish' && packet.payload.toString()),
      ['once', 'next', 'clean'],
    );
    for (const client of [clean, reader]) client.destroy();
  });

  test('an identifier of ours is not reused before PUBCOMP, whatever acknowledgements a client makes up', async () => {
    const reader = await login(broker().listener(), 'reader', { properties: { receiveMaximum: 3 } });
    await subscribe(reader, 'plant/#', 2);
    const device = await login(broker().listener(), 'device');
    for (let index = 0; index < 6; index++) {
      device.send(publicationOf('plant/x', { qos: 2, packetId: index + 1, ...payload(String(index)) }));
      await device.nextOf('pubrec');
    }
    const first = [
      await reader.nextOf('publish'),
      await reader.nextOf('publish'),
      await reader.nextOf('publish'),
    ];
    const [one, two] = first.map(({ packetId }) => packetId) as [number, number];
    assert.equal(new Set(first.map(({ packetId }) => packetId)).size, 3);
    // PUBACK and PUBCOMP do not belong to this phase and free nothing.
    for (const type of ['puback', 'pubcomp'] as const)
      reader.send({ type, packetId: one, reasonCode: 0, properties: {} });
    assert.deepEqual(await reader.settled(), []);
    reader.send({ type: 'pubrec', packetId: one, reasonCode: 0, properties: {} });
    assert.equal((await reader.nextOf('pubrel')).packetId, one);
    assert.deepEqual(await reader.settled(), []);
    reader.send({ type: 'pubcomp', packetId: one, reasonCode: 0, properties: {} });
    const fourth = await reader.nextOf('publish');
    assert.ok(![two, first[2]?.packetId].includes(fourth.packetId));
    assert.equal(fourth.payload.toString(), '3');
    // A PUBREC that refuses ends the flow at once.
    reader.send({ type: 'pubrec', packetId: two, reasonCode: 0x80, properties: {} });
    assert.equal((await reader.nextOf('publish')).payload.toString(), '4');
    device.destroy();
    reader.destroy();
  });
});
