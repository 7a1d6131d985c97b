import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker-process.ts';
import { connectMqttJs, mqttVersions } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { login } from './plant.ts';

test('a client uses the connection types that it is allowed (row N10)', async (t) => {
  const listeners = ['tcp', 'ws'].map((protocol) => ({ name: protocol, protocol, port: 0 }));
  const allowed = {
    both: ['mqtt', 'MQTT_WS'],
    'mqtt-only': ['Mqtt'],
    'web-only': ['mqtt_ws'],
    neither: ['STANDARD', 'LEAFNODE'],
  };
  const clients = Object.entries(allowed).map(([name, types]) =>
    passwordClient(name, [], { allowed_connection_types: types }),
  );
  const security = { clients: [...clients, passwordClient('any')] };
  const broker = await startBroker(t, { config: { listeners }, security });
  for (const version of mqttVersions) {
    const no = version === '5.0' ? 0x87 : 5;
    for (const [name, overTcp, overWs] of [
      ['any', 0, 0],
      ['both', 0, 0],
      ['mqtt-only', 0, no],
      ['web-only', no, 0],
      ['neither', no, no],
    ] as const) {
      const options = { version, ...login(name) };
      const codes = [];
      for (const listener of ['tcp', 'ws']) {
        codes.push((await connectMqttJs(t, broker.listener(listener), options)).connackCode);
      }
      assert.deepEqual(codes, [overTcp, overWs], `${name} ${version}`);
    }
  }
});
