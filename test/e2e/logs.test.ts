import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events } from '../../src/observability/events.ts';
import { startBroker } from '../support/broker-process.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { passwordClient, passwordHash } from '../support/password-records.ts';
import { login, plant } from './plant.ts';

test('the log has a line with a known code for each of these, and no secret in any (row M8)', async (t) => {
  const hash = passwordHash('mauve-secret');
  const hashed = {
    name: 'hashed',
    authentication: { kind: 'password', username: 'hashed', password_hash: hash },
  };
  const broker = await startBroker(t, { security: { ...plant, clients: [...plant.clients, hashed] } });
  for (const version of mqttVersions) {
    const options = { ...login('sensor-1'), version };
    await connectMqttJs(t, broker.listener(), { ...options, password: 'wrong-secret' });
    await connectMqttJs(t, broker.listener(), { username: 'unknown', password: 'typed-secret', version });
    await connectMqttJs(t, broker.listener(), { username: 'hashed', password: 'mauve-secret', version });
    const will = {
      topic: 'sensors/sensor-1/w',
      payload: Buffer.from('will-secret'),
      qos: 0,
      retain: false,
    } as const;
    const own = { contentType: 'property-secret', userProperties: { key: 'property-secret' } };
    const sensor = await connectMqttJs(t, broker.listener(), { ...options, more: { will } });
    await sensor.subscribe(['#', 'commands/sensor-1/#']);
    await sensor.publish('sensors/sensor-1/t', 'payload-secret', { qos: 1, properties: own });
    await sensor.publish('commands/denied', 'payload-secret', { qos: 1, properties: own });
  }
  await broker.stop();

  const logged = broker.logs();
  for (const event of [
    'broker_started',
    'connect_refused',
    'client_connected',
    'client_disconnected',
    'subscribe_denied',
    'publish_denied',
    'broker_stopping',
    'broker_stopped',
  ]) {
    assert.ok(
      logged.some((entry) => entry.event === event),
      event,
    );
  }
  for (const { event, time, level } of logged) {
    assert.ok(event !== undefined && event in events, String(event));
    assert.equal(typeof time, 'number');
    assert.ok(['info', 'warn', 'error'].includes(String(level)));
  }
  // Every line of the log is JSON, and stdout has the lines of the contract only.
  const lines = broker.outputText().trimEnd().split('\n');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('{')).map((line) => line.replace(/\d+$/, 'PORT')),
    ['listener tcp: tcp 127.0.0.1:PORT', 'ready'],
  );
  const secrets = ['secret', login('').password, hash.split('$').at(-1) ?? '', hash.split('$').at(-2) ?? ''];
  for (const secret of secrets) {
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('hex'),
    ]) {
      assert.ok(!broker.outputText().includes(form), `the output holds ${form}`);
    }
  }
});

test('a refusal says who, why and what would have allowed it', async (t) => {
  const watcher = passwordClient('watcher', [{ access: 'read', topic: 'rooms/+' }]);
  const broker = await startBroker(t, { security: { clients: [watcher] } });
  const client = await connectMqttJs(t, broker.listener(), { ...login('watcher'), clientId: 'w1' });
  await client.subscribe('rooms/#');
  await client.publish('rooms/1', 'x', { qos: 1 });
  const expected = {
    client_id: 'w1',
    username: 'watcher',
    client: 'watcher',
    listener: 'tcp',
    address: '127.0.0.1',
  };
  for (const [event, reason] of [
    ['subscribe_denied', /"rooms\/#" is denied because it matches "rooms\/[^"]+"/],
    ['publish_denied', /"rooms\/1" is denied because no permission allows it/],
  ] as const) {
    const entry = await broker.waitForLog(event);
    for (const [field, value] of Object.entries(expected)) assert.equal(entry[field], value, field);
    assert.match(String(entry['decision']), reason);
  }
  await connectMqttJs(t, broker.listener(), { ...login('watcher'), password: 'no' });
  const refused = await broker.waitForLog('connect_refused');
  assert.deepEqual(
    [refused['username'], refused['reason_code'], refused['cause']],
    ['watcher', 0x86, 'bad-credentials'],
  );
});
