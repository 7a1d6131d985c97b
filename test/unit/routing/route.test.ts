import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Receiver, withoutNoLocal } from '../../../src/routing/route.ts';
import type { Subscription } from '../../../src/routing/subscription.ts';

type Options = Partial<Omit<Subscription<string>, 'owner'>>;

function receiverOf(first: Options, ...others: readonly Options[]): Receiver<string> {
  const subscription = (options: Options): Subscription<string> => ({
    owner: 'o',
    filter: 'a',
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    ...options,
  });
  return new Receiver([subscription(first), ...others.map(subscription)]);
}

describe('Receiver', () => {
  it('has the highest QoS of its subscriptions [MQTT-3.3.4-2]', () => {
    assert.equal(receiverOf({ qos: 0 }).qos, 0);
    assert.equal(receiverOf({ qos: 1 }, { qos: 2 }, { qos: 0 }).qos, 2);
  });

  it('has every identifier, equal ones included [MQTT-3.3.4-4]', () => {
    assert.deepEqual(receiverOf({}).identifiers, []);
    assert.deepEqual(
      receiverOf({ identifier: 7 }, {}, { identifier: 3 }, { identifier: 7 }).identifiers,
      [7, 3, 7],
    );
  });

  it('keeps RETAIN as published when any subscription asked for it', () => {
    assert.equal(receiverOf({}, {}).retainAsPublished, false);
    assert.equal(receiverOf({}, { retainAsPublished: true }).retainAsPublished, true);
  });

  it('begins undecided', () => {
    const receiver = receiverOf({});
    assert.deepEqual([receiver.decisionEpoch, receiver.readable], [-1, false]);
  });
});

describe('withoutNoLocal', () => {
  it('leaves a receiver without No Local as it is', () => {
    const receiver = receiverOf({}, {});
    assert.equal(withoutNoLocal(receiver), receiver);
  });

  it('leaves nothing when every subscription asked for No Local [MQTT-3.8.3-3]', () => {
    assert.equal(withoutNoLocal(receiverOf({ noLocal: true }, { noLocal: true })), undefined);
  });

  it('leaves the other subscriptions, and the decision that was made [MQTT-3.8.3-3]', () => {
    const receiver = receiverOf(
      { noLocal: true, qos: 2, identifier: 1, retainAsPublished: true },
      { qos: 1, identifier: 2 },
    );
    receiver.decisionEpoch = 5;
    receiver.readable = true;
    const remaining = withoutNoLocal(receiver);
    assert.ok(remaining !== undefined);
    const { owner, qos, identifiers, retainAsPublished, anyNoLocal, decisionEpoch, readable } = remaining;
    assert.deepEqual(
      { owner, qos, identifiers, retainAsPublished, anyNoLocal, decisionEpoch, readable },
      {
        owner: 'o',
        qos: 1,
        identifiers: [2],
        retainAsPublished: false,
        anyNoLocal: false,
        decisionEpoch: 5,
        readable: true,
      },
    );
  });
});
