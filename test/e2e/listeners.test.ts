import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseConfiguration, startBroker } from '../support/broker-process.ts';
import { eventually } from '../support/eventually.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { login, plant } from './plant.ts';

test('without a list there are tcp and ws, both on loopback (row T1)', async (t) => {
  const { listeners: _, ...others } = baseConfiguration;
  const broker = await startBroker(t, {
    config: JSON.stringify({ ...others, security_file: 'security.yaml' }),
    security: plant,
    // The usual ports may be taken on this machine.
    env: { PORTCULLIS_LISTENERS__0__PORT: '0', PORTCULLIS_LISTENERS__1__PORT: '0' },
  });
  const opened = [...broker.listeners.values()].map(({ name, protocol, host, path }) => ({
    name,
    protocol,
    host,
    path,
  }));
  assert.deepEqual(opened, [
    { name: 'tcp', protocol: 'tcp', host: '127.0.0.1', path: undefined },
    { name: 'ws', protocol: 'ws', host: '127.0.0.1', path: '/mqtt' },
  ]);
  for (const name of ['tcp', 'ws']) {
    assert.equal((await connectMqttJs(t, broker.listener(name), login('sensor-1'))).connackCode, 0);
  }
});

test('there may be several of a kind, each with its own limits (row T1)', async (t) => {
  const listeners = [
    { name: 'narrow', protocol: 'tcp', port: 0, max_connections: 1 },
    { name: 'wide', protocol: 'tcp', port: 0 },
    { name: 'narrow-ws', protocol: 'ws', port: 0, max_connections: 1, path: '/a' },
    { name: 'wide-ws', protocol: 'ws', port: 0, path: '/b' },
    { name: 'off', protocol: 'tcp', port: 0, enabled: false },
  ];
  const broker = await startBroker(t, { config: { listeners }, security: plant });
  assert.ok(!broker.listeners.has('off'));
  for (const kind of ['', '-ws']) {
    const connectTo = (name: string) =>
      connectMqttJs(t, broker.listener(`${name}${kind}`), login('sensor-1'));
    const first = await connectTo('narrow');
    assert.equal(first.connackCode, 0);
    assert.equal((await connectTo('narrow')).connackCode, undefined);
    await broker.waitForLog('connection_limit_reached', (entry) => entry['listener'] === `narrow${kind}`);
    assert.equal((await connectTo('wide')).connackCode, 0);
    assert.equal((await connectTo('wide')).connackCode, 0);
    assert.equal(first.closed, false);
    await first.end();
    // The broker may see the end of the first connection after the beginning of the next.
    await eventually(async () => ((await connectTo('narrow')).connackCode === 0 ? true : undefined));
  }
  const wrongPath = { ...broker.listener('wide-ws'), path: '/a' };
  assert.equal((await connectMqttJs(t, wrongPath, login('sensor-1'))).connackCode, undefined);
});

test('a listener without TLS beyond this machine starts with a warning (row T1)', async (t) => {
  const listeners = [{ name: 'everywhere', protocol: 'tcp', host: '0.0.0.0', port: 0 }];
  const broker = await startBroker(t, { config: { listeners }, security: plant });
  const { notice } = await broker.waitForLog(
    'configuration_notice',
    ({ field }) => field === 'listeners[0].host',
  );
  assert.match(String(notice), /without TLS/);
  const reachable = { ...broker.listener('everywhere'), host: '127.0.0.1' };
  assert.equal((await connectMqttJs(t, reachable, login('sensor-1'))).connackCode, 0);
});
