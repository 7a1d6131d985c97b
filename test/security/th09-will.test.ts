import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectParts } from '../support/attacking-client.ts';
import { startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish } from '../support/mosquitto.ts';
import { loginOf, passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { reload } from './support/reload.ts';
import { connackCode, login, subscribe } from './support/requests.ts';

function willTo(topic: string, willDelayInterval?: number): Pick<ConnectParts, 'will'> {
  const properties = willDelayInterval === undefined ? {} : { willDelayInterval };
  return { will: { topic, payload: Buffer.from('gone'), qos: 0, retain: true, properties } };
}

const watcher = passwordClient('watcher', [{ access: 'read', topic: '#' }]);
const security = (topics: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({
  clients: [
    watcher,
    passwordClient(
      'device',
      topics.map((topic) => ({ access: 'write', topic })),
      more,
    ),
  ],
});

/** Row A9: a will is a publish. It is judged at CONNECT and again when it fires. */
describe('TH09 wills', () => {
  test('a will that may not be written refuses the CONNECT, and nothing of it is left', async (t) => {
    const broker = await startBroker(t, { security: security(['open/#']) });
    const observer = await login(broker.listener(), 'watcher');
    await subscribe(observer, '#');
    for (const topic of ['secret/x', '$SYS/broker/version', '$share/g/open/x', 'open']) {
      const attempt = { ...loginOf('device'), clientId: 'd', ...willTo(topic) };
      const expected = topic === 'open' ? 0 : 0x87;
      assert.equal(await connackCode(broker.listener(), attempt), expected, topic);
      if (expected === 0x87)
        assert.equal(await connackCode(broker.listener(), { ...attempt, protocolVersion: 4 }), 5, topic);
    }
    const seen = [await observer.nextOf('publish')];
    seen.push(...((await observer.settled()) as typeof seen));
    assert.deepEqual(
      seen.map(({ topic }) => topic),
      ['open'],
    );
  });

  test('a will whose right a reload takes away does not fire', async (t) => {
    const broker = await startBroker(t, { security: security(['open/#', 'kept/#']) });
    const observer = await login(broker.listener(), 'watcher');
    await subscribe(observer, '#');
    const loses = await login(broker.listener(), 'device', { clientId: 'loses', ...willTo('open/x') });
    const keeps = await login(broker.listener(), 'device', { clientId: 'keeps', ...willTo('kept/x') });
    await reload(broker, { 'security.yaml': security(['kept/#']) });
    loses.destroy();
    await broker.waitForLog('will_suppressed', ({ topic }) => topic === 'open/x');
    keeps.destroy();
    assert.equal((await observer.nextOf('publish')).topic, 'kept/x');
  });

  test('neither does one that waits for its delay meanwhile', async (t) => {
    const broker = await startBroker(t, { security: security(['open/#', 'kept/#']) });
    const observer = await login(broker.listener(), 'watcher');
    await subscribe(observer, '#');
    const properties = { sessionExpiryInterval: 60 };
    for (const [clientId, topic] of [
      ['loses', 'open/x'],
      ['keeps', 'kept/x'],
    ] as const) {
      const device = await login(broker.listener(), 'device', { clientId, properties, ...willTo(topic, 1) });
      device.destroy();
      await broker.waitForLog('client_disconnected', ({ client_id: id }) => id === clientId);
    }
    await reload(broker, { 'security.yaml': security(['kept/#']) });
    await broker.waitForLog('will_suppressed', ({ topic }) => topic === 'open/x');
    assert.equal((await observer.nextOf('publish')).topic, 'kept/x');
  });

  test('the will of a client that a reload removes or disables says nothing more', async (t) => {
    const broker = await startBroker(t, { security: security(['open/#']) });
    const observer = await login(broker.listener(), 'watcher');
    await subscribe(observer, '#');
    const removed = await login(broker.listener(), 'device', willTo('open/x'));
    await reload(broker, { 'security.yaml': security(['open/#'], { enabled: false }) });
    assert.equal((await removed.nextOf('disconnect')).reasonCode, 0x98);
    await broker.waitForLog('will_suppressed', ({ topic }) => topic === 'open/x');
    assert.deepEqual(await observer.settled(), []);
  });

  test('a will counts against the limit of retained messages', async (t) => {
    const config = { limits: { retained_messages: 20 } };
    const broker = await startBroker(t, { config, security: security(['open/#']) });
    const observer = await login(broker.listener(), 'watcher');
    await subscribe(observer, 'open/#');
    for (let index = 0; index < 30; index++) {
      const device = await login(broker.listener(), 'device', willTo(`open/${index}`));
      device.destroy();
      await observer.nextOf('publish');
    }
    const late = await login(broker.listener(), 'watcher', { clientId: 'late' });
    await subscribe(late, 'open/#');
    const { length } = await late.settled();
    assert.ok(length <= 20, `${length} wills were retained`);
  });

  test('mosquitto_pub with a denied will is refused', { skip: needs(...mosquittoPrograms) }, async (t) => {
    const broker = await startBroker(t, { security: security(['open/#']) });
    const { host, port } = broker.listener();
    for (const [version, code] of [
      ['5.0', 0x87],
      ['3.1.1', 5],
    ] as const) {
      const will = { topic: 'secret/x', payload: 'gone' };
      const login = { host, port, version, clientId: 'm', username: 'device', password: testPassword };
      const { connack } = await mosquittoPublish({ ...login, will }, { topic: 'open/x', payload: '1' });
      assert.equal(connack, code);
    }
  });
});
