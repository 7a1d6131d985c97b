import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker-process.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { passwordClient } from '../support/password-records.ts';
import { login } from './plant.ts';

test('requests are answered on their response topic, if the answerer may write there', async (t) => {
  const broker = await startBroker(t, {
    security: {
      clients: [
        passwordClient('asker', [
          { access: 'write', topic: 'service/square' },
          { access: 'read', topic: 'answers/asker/#' },
        ]),
        passwordClient('service', [
          { access: 'read', topic: 'service/square' },
          { access: 'write', topic: 'answers/+/square' },
        ]),
      ],
    },
  });
  const service = await connectMqttJs(t, broker.listener(), login('service'));
  const outcomes: Promise<number | 'closed'>[] = [];
  service.client.on('message', (_, payload, { properties }) => {
    const { responseTopic = '', correlationData } = properties ?? {};
    const answer = `${Number(payload) ** 2}`;
    const own = correlationData === undefined ? {} : { properties: { correlationData } };
    outcomes.push(service.publish(responseTopic, answer, { qos: 1, ...own }));
  });
  await service.subscribe('service/square', { qos: 1 });

  const asker = await connectMqttJs(t, broker.listener(), login('asker'));
  assert.deepEqual(await asker.subscribe('answers/asker/#', { qos: 1 }), [1]);
  const ask = (value: number, responseTopic: string) =>
    asker.publish('service/square', `${value}`, {
      qos: 1,
      properties: { responseTopic, correlationData: Buffer.from(`request ${value}`) },
    });
  // A response topic is only a wish: where the service may not write, nothing arrives.
  await ask(2, 'service/secret');
  for (const value of [3, 4, 5]) await ask(value, 'answers/asker/square');
  const answers = await asker.waitForMessages(3);
  assert.deepEqual(
    answers.map(({ payload, properties }) => [String(payload), String(properties?.correlationData)]),
    [3, 4, 5].map((value) => [`${value ** 2}`, `request ${value}`]),
  );
  assert.deepEqual(await Promise.all(outcomes), [0x87, 0, 0, 0]);
});
