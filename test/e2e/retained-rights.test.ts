import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reload } from '../security/support/reload.ts';
import { startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login } from './plant.ts';

function security(secretReaders: readonly string[]) {
  const reader = (name: string) => {
    const deny = { effect: 'deny', access: 'read', topic: 'rooms/+/secret' } as const;
    return passwordClient(name, [
      { access: 'read', topic: 'rooms/#' },
      ...(secretReaders.includes(name) ? [] : [deny]),
    ]);
  };
  const writer = passwordClient('writer', [{ access: 'write', topic: '#' }]);
  return { clients: [writer, reader('all'), reader('some')] };
}

test('retained messages are judged for each reader, at each subscription', {
  skip: needs(...mosquittoPrograms),
}, async (t) => {
  const broker = await startBroker(t, { security: security(['all']) });
  const writer = await connectMqttJs(t, broker.listener(), login('writer'));
  const topics = ['rooms/1', 'rooms/1/secret', 'rooms/2'];
  for (const topic of topics) await writer.publish(topic, topic, { qos: 1, retain: true });
  /** Topics that a new subscription brings, up to the message that is there for everybody. */
  const replayed = async (username: string): Promise<readonly string[]> => {
    const connection = { ...broker.listener(), version: '3.1.1' as const, ...login(username) };
    const subscriber = await mosquittoSubscribe(t, connection, ['rooms/#'], 1);
    await writer.publish('rooms/last', 'last', { qos: 1 });
    await subscriber.waitForOutput(new RegExp(`MESSAGE .* ${Buffer.from('last').toString('hex')} `));
    await subscriber.stop();
    return subscriber.messages
      .map(({ topic }) => topic)
      .filter((topic) => topic !== 'rooms/last')
      .sort();
  };
  assert.deepEqual(await replayed('all'), topics);
  assert.deepEqual(await replayed('some'), ['rooms/1', 'rooms/2']);
  await reload(broker, { 'security.yaml': security(['some']) });
  assert.deepEqual(await replayed('all'), ['rooms/1', 'rooms/2']);
  assert.deepEqual(await replayed('some'), topics);
});
