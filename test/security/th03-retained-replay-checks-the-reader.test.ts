import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login, publish, subscribe } from './support/requests.ts';

/** Retained and queued messages reach a reader only if it may read their topics now (row A4, CVE-2018-12546). */
describe('TH03 retained and queued messages', () => {
  const broker = sharedBroker({
    security: {
      clients: [
        passwordClient('writer', [{ access: 'write', topic: '#' }]),
        passwordClient('reader', [
          { access: 'read', topic: 'plant/#' },
          { effect: 'deny', access: 'read', topic: 'plant/+/secret' },
        ]),
      ],
    },
  });

  test('a replay leaves out what a deny takes away from a granted filter', async () => {
    const writer = await login(broker().listener(), 'writer');
    for (const topic of ['plant/1/secret', 'plant/1/state', 'plant/2/secret']) {
      assert.equal(await publish(writer, topic, { retain: true }), 0);
    }
    const reader = await login(broker().listener(), 'reader');
    assert.deepEqual(await subscribe(reader, 'plant/#', 1), [1]);
    const messages = await reader.settled();
    assert.deepEqual(
      messages.map((packet) => packet.type === 'publish' && packet.topic),
      ['plant/1/state'],
    );
    writer.destroy();
    reader.destroy();
  });

  test('what was queued for an absent reader is judged again when it comes back', async () => {
    const keep = { properties: { sessionExpiryInterval: 60 }, clientId: 'absent' };
    const before = await login(broker().listener(), 'reader', keep);
    assert.deepEqual(await subscribe(before, 'plant/3/#', 1), [1]);
    before.destroy();
    await broker().waitForLog('client_disconnected', ({ client_id: id }) => id === 'absent');
    const writer = await login(broker().listener(), 'writer');
    for (const topic of ['plant/3/secret', 'plant/3/state']) await publish(writer, topic);
    const after = await login(broker().listener(), 'reader', { ...keep, cleanStart: false });
    const messages = (await after.settled()).filter(({ type }) => type === 'publish');
    assert.deepEqual(
      messages.map((packet) => packet.type === 'publish' && packet.topic),
      ['plant/3/state'],
    );
    writer.destroy();
    after.destroy();
  });

  test('mosquitto_sub gets the same', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const writer = await login(broker().listener(), 'writer', { clientId: 'w' });
    for (const topic of ['plant/5/secret', 'plant/5/state']) await publish(writer, topic, { retain: true });
    writer.destroy();
    const { host, port } = broker().listener();
    const subscriber = await mosquittoSubscribe(
      t,
      { host, port, clientId: 'm', username: 'reader', password: testPassword },
      ['plant/5/#'],
      1,
    );
    await subscriber.waitForMessages(1);
    await subscriber.stop();
    assert.deepEqual(
      subscriber.messages.map(({ topic }) => topic),
      ['plant/5/state'],
    );
  });
});
