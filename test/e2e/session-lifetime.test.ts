import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { sharedBroker } from '../support/broker-process.ts';
import type { MqttJsOptions } from '../support/mqtt-js.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needsPaho, pahoSession } from '../support/paho.ts';
import { login, plant } from './plant.ts';

describe('the life of a session', () => {
  const config = { mqtt: { max_session_expiry: '1h', max_keep_alive: '30s' } };
  const broker = sharedBroker({ config, security: plant });
  const connectAs = (
    t: TestContext,
    clientId: string,
    more: object,
    version: MqttJsOptions['version'] = '5.0',
  ) => connectMqttJs(t, broker().listener(), { ...login('engineer'), clientId, version, more });

  test('5.0: it ends with its connection unless an expiry says otherwise', async (t) => {
    const first = await connectAs(t, 'brief', { clean: false });
    await first.subscribe('brief/#', { qos: 1 });
    await first.end();
    const again = await connectAs(t, 'brief', { clean: false });
    assert.equal(again.connack?.sessionPresent, false);
  });

  test('5.0: it lives as long as its expiry, and is gone afterwards', async (t) => {
    const lasting = (sessionExpiryInterval: number) => ({
      clean: false,
      properties: { sessionExpiryInterval },
    });
    const first = await connectAs(t, 'lasting', lasting(600));
    assert.equal(first.connack?.sessionPresent, false);
    assert.equal(first.connack?.properties?.sessionExpiryInterval, undefined);
    await first.subscribe('lasting/#', { qos: 1 });
    await first.vanish();
    // Taken up with a shorter life.
    const second = await connectAs(t, 'lasting', lasting(1));
    assert.equal(second.connack?.sessionPresent, true);
    await second.vanish();
    await broker().waitForLog('session_expired', (entry) => entry['client_id'] === 'lasting');
    const third = await connectAs(t, 'lasting', lasting(600));
    assert.equal(third.connack?.sessionPresent, false);
    // DISCONNECT may shorten it once more.
    await third.end({ properties: { sessionExpiryInterval: 0 } });
    const fourth = await connectAs(t, 'lasting', lasting(0));
    assert.equal(fourth.connack?.sessionPresent, false);
  });

  test('5.0: it is capped by max_session_expiry, and CONNACK says so', async (t) => {
    const properties = { sessionExpiryInterval: 0xffff_ffff };
    const client = await connectAs(t, 'for-ever', { clean: false, properties });
    assert.equal(client.connack?.properties?.sessionExpiryInterval, 3_600);
    await client.end({ properties: { sessionExpiryInterval: 0 } });
  });

  for (const version of ['3.1', '3.1.1'] as const) {
    test(`${version}: clean session 0 keeps it, 1 ends it`, async (t) => {
      const clientId = `kept-${version}`;
      const first = await connectAs(t, clientId, { clean: false }, version);
      await first.subscribe('kept/#', { qos: 1 });
      await first.end();
      const publisher = await connectAs(t, 'publisher', {});
      await publisher.publish('kept/1', 'missed', { qos: 1 });
      const second = await connectAs(t, clientId, { clean: false }, version);
      if (version === '3.1.1') assert.equal(second.connack?.sessionPresent, true);
      await second.waitForPayload('missed');
      await second.end();
      const third = await connectAs(t, clientId, { clean: true }, version);
      if (version === '3.1.1') assert.equal(third.connack?.sessionPresent, false);
      await publisher.publish('kept/1', 'for nobody', { qos: 1 });
      await third.subscribe('kept/1', { qos: 1 });
      await publisher.publish('kept/1', 'live', { qos: 1 });
      await third.waitForPayload('live');
      assert.deepEqual(third.payloads, ['live']);
    });
  }

  test('a client without an id is given one that cannot be guessed, and it can come back with it', async (t) => {
    const properties = { sessionExpiryInterval: 60 };
    const assigned: string[] = [];
    for (let count = 0; count < 2; count++) {
      const client = await connectAs(t, '', { properties });
      const id = client.connack?.properties?.assignedClientIdentifier ?? '';
      // 128 random bits are 22 characters of base64.
      assert.match(id, /^[\w-]+$/);
      assert.ok(id.replace(/^auto-/, '').length >= 22, id);
      assigned.push(id);
      await client.vanish();
    }
    assert.notEqual(assigned[0], assigned[1]);
    const back = await connectAs(t, assigned[0] ?? '', { clean: false, properties });
    assert.equal(back.connack?.sessionPresent, true);
    assert.equal(back.connack?.properties?.assignedClientIdentifier, undefined);
  });

  test('3.1.1: an empty id is taken with a clean session', async (t) => {
    const fresh = await connectAs(t, '', { clean: true }, '3.1.1');
    assert.equal(fresh.connackCode, 0);
  });

  test('5.0: server keep alive is announced to MQTT.js and Paho, and obeyed', {
    skip: needsPaho(),
  }, async (t) => {
    const asking = async (keepalive: number) => {
      const { connack, client } = await connectAs(t, `keep-${keepalive}`, { keepalive });
      return [connack?.properties?.serverKeepAlive, client.keepalive];
    };
    assert.deepEqual(await asking(600), [30, 30]);
    assert.deepEqual(await asking(20), [undefined, 20]);
    assert.deepEqual((await asking(0))[0], 30);
    const { host, port } = broker().listener();
    const paho = await pahoSession({ host, port, version: '5.0', ...login('engineer'), keepAlive: 600 });
    assert.equal(paho.connackProperties.ServerKeepAlive, 30);
  });

  for (const version of ['3.1.1', '5.0'] as const) {
    test(`${version}: a client that falls silent is disconnected, and its will is published`, async (t) => {
      const watcher = await connectAs(t, 'watcher', {});
      await watcher.subscribe('silent/#', { qos: 1 });
      const will = { topic: 'silent/will', payload: Buffer.from(version), qos: 1, retain: false };
      const silent = await connectAs(t, `silent-${version}`, { keepalive: 1, will }, version);
      silent.client.keepaliveManager.destroy();
      assert.equal(await silent.waitForClose(), version === '5.0' ? 0x8d : undefined);
      await watcher.waitForPayload(version);
    });
  }
});
