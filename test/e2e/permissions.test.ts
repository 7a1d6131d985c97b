import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { sharedBroker, startBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoPublish, mosquittoSubscribe } from '../support/mosquitto.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import type { TestPermission } from '../support/password-records.ts';
import { passwordClient } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { login } from './plant.ts';

const denied = 0x87;

/** What filters are answered with, and what topics, for a client with these permissions. */
interface Case {
  readonly permissions: readonly TestPermission[];
  readonly granted?: readonly string[];
  readonly refused?: readonly string[];
  readonly writable?: readonly string[];
  readonly unwritable?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'read (row C4)': {
    permissions: [{ access: 'read', topic: 'a/+/c' }],
    granted: ['a/+/c', 'a/b/c', '$share/group/a/+/c'],
    refused: ['a/#', 'a/+/+', '+/b/c', '#', 'a/b', 'a/b/c/d', 'a/b/#', '$share/group/a/#'],
    unwritable: ['a/b/c'],
  },
  'write (row C4)': {
    permissions: [{ access: 'write', topic: 'a/#' }],
    refused: ['a/#', 'a', 'a/b'],
    writable: ['a', 'a/b', 'a/b/c', 'a/'],
    unwritable: ['ab', 'b', '/a'],
  },
  'readWrite (row C4)': {
    permissions: [{ access: 'readWrite', topic: '+' }],
    granted: ['+', 'a'],
    refused: ['#', '+/+', '/'],
    writable: ['a'],
    unwritable: ['a/b'],
  },
  'a wildcard in a permission is never matched as text': {
    permissions: [{ access: 'read', topic: '+' }],
    granted: ['+'],
    refused: ['#'],
  },
  'several allows cover a filter together (row A3)': {
    permissions: [
      { access: 'read', topic: 'a/+' },
      { access: 'read', topic: 'a/+/b' },
      { access: 'read', topic: 'c/+' },
      { access: 'read', topic: 'c/+/+/#' },
    ],
    granted: ['a/+', 'c/#', 'c/+/+', 'c/x/#'],
    refused: ['a/#', 'a/+/+', '+/+', '#'],
  },
  'a deny wins over every allow': {
    permissions: [
      { effect: 'deny', access: 'write', topic: 'a/secret' },
      { access: 'readWrite', topic: '#' },
      { access: 'write', topic: 'a/secret' },
    ],
    writable: ['a/b'],
    unwritable: ['a/secret'],
  },
  'a deny of everything asked for refuses': {
    permissions: [
      { access: 'read', topic: '#' },
      { effect: 'deny', access: 'read', topic: 'a/#' },
    ],
    granted: ['#', 'b/#'],
    refused: ['a/#', 'a/b', '$share/group/a/+'],
  },
};

describe('what permissions admit', () => {
  const names = Object.keys(cases);
  const clients = names.map((name, index) => passwordClient(`client-${index}`, cases[name]?.permissions));
  const broker = sharedBroker({ security: { clients } });

  for (const [index, name] of names.entries()) {
    test(name, async (t) => {
      const client = await connectMqttJs(t, broker().listener(), login(`client-${index}`));
      const {
        granted = [],
        refused = [],
        writable = [],
        unwritable = [],
      } = cases[name] ?? { permissions: [] };
      for (const filter of granted) assert.deepEqual(await client.subscribe(filter), [0], filter);
      for (const filter of refused) assert.deepEqual(await client.subscribe(filter), [denied], filter);
      for (const topic of writable) assert.equal(await client.publish(topic, '', { qos: 1 }), 0, topic);
      for (const topic of unwritable)
        assert.equal(await client.publish(topic, '', { qos: 1 }), denied, topic);
    });
  }
});

describe('roles and variables', () => {
  const roles = [
    { name: 'reporter', permissions: [{ access: 'write', topic: 'reports/${username}/+' }] },
    { name: 'reader', permissions: [{ access: 'read', topic: 'reports/#' }] },
    { name: 'careful', permissions: [{ effect: 'deny', access: 'read', topic: 'reports/+/secret' }] },
    { name: 'placed', permissions: [{ access: 'write', topic: 'floors/${attributes.floor}/${username}' }] },
    { name: 'device', permissions: [{ access: 'write', topic: 'devices/${clientId}/#' }] },
  ];
  const clients = [
    passwordClient('ann', [{ access: 'write', topic: 'notes' }], {
      roles: ['reporter', 'reader', 'careful'],
    }),
    passwordClient('bob', [], { roles: ['reporter', 'placed'], attributes: { floor: 3 } }),
    passwordClient('dev', [], { roles: ['device'] }),
    passwordClient('bound', [], { roles: ['device'], authentication: { client_id: 'bound-1' } }),
    passwordClient('a+b', [], { roles: ['reporter'] }),
    passwordClient('a/b', [], { roles: ['reporter'] }),
    passwordClient('#', [], { roles: ['reporter'] }),
  ];
  const broker = sharedBroker({ security: { clients, roles } });
  const connectAs = (t: TestContext, name: string, clientId?: string) =>
    connectMqttJs(t, broker().listener(), {
      ...login(name),
      ...(clientId === undefined ? {} : { clientId }),
    });

  test('the union of own permissions and roles holds (row C5)', async (t) => {
    const ann = await connectAs(t, 'ann');
    assert.equal(await ann.publish('notes', '', { qos: 1 }), 0);
    assert.equal(await ann.publish('reports/ann/1', '', { qos: 1 }), 0);
    assert.deepEqual(await ann.subscribe('reports/#'), [0]);
    assert.deepEqual(await ann.subscribe('notes'), [denied]);
    const bob = await connectAs(t, 'bob');
    assert.deepEqual(await bob.subscribe('reports/#'), [denied]);
    assert.equal(await bob.publish('notes', '', { qos: 1 }), denied);
  });

  test('a deny takes its topics out of a granted subscription at delivery, shared ones included', async (t) => {
    const ann = await connectAs(t, 'ann');
    assert.deepEqual(await ann.subscribe(['reports/#', '$share/group/reports/+/+'], { qos: 1 }), [1, 1]);
    const bob = await connectAs(t, 'bob');
    await bob.publish('reports/bob/secret', 'secret', { qos: 1, retain: true });
    await bob.publish('reports/bob/open', 'open', { qos: 1 });
    await ann.waitForMessages(2);
    await ann.subscribe('reports/bob/+', { qos: 1 });
    await bob.publish('reports/bob/open', 'last', { qos: 1 });
    await ann.waitForPayload('last');
    assert.ok(!ann.payloads.includes('secret'));
    await bob.publish('reports/bob/secret', '', { qos: 1, retain: true });
  });

  test('a variable is the client itself, and nobody else (row A1)', async (t) => {
    const bob = await connectAs(t, 'bob');
    assert.equal(await bob.publish('reports/ann/1', '', { qos: 1 }), denied);
    assert.equal(await bob.publish('reports/${username}/1', '', { qos: 1 }), denied);
    assert.equal(await bob.publish('floors/3/bob', '', { qos: 1 }), 0);
    assert.equal(await bob.publish('floors/4/bob', '', { qos: 1 }), denied);
  });

  test('a client id counts only where the credential names it (row A1)', async (t) => {
    const dev = await connectAs(t, 'dev', 'dev-1');
    assert.equal(await dev.publish('devices/dev-1/t', '', { qos: 1 }), denied);
    const bound = await connectAs(t, 'bound', 'bound-1');
    assert.equal(await bound.publish('devices/bound-1/t', '', { qos: 1 }), 0);
    assert.equal(await bound.publish('devices/dev-1/t', '', { qos: 1 }), denied);
  });

  test('names that would be more than a level are not bound (row A1)', async (t) => {
    for (const [name, topic] of [
      ['a+b', 'reports/a+b/1'],
      ['a/b', 'reports/a/b/1'],
      ['#', 'reports/x/1'],
    ] as const) {
      const client = await connectAs(t, name);
      assert.equal(client.connackCode, 0);
      // MQTT.js itself would not send a topic with a wildcard.
      const target = /[+#]/.test(topic) ? 'reports/a/1' : topic;
      assert.equal(await client.publish(target, '', { qos: 1 }), denied, name);
    }
  });

  test('policy.trust_client_id binds whatever id is sent', async (t) => {
    const trusting = await startBroker(t, {
      config: { policy: { trust_client_id: true } },
      security: { clients, roles },
    });
    const connectWith = (clientId: string) =>
      connectMqttJs(t, trusting.listener(), { ...login('dev'), clientId });
    assert.equal(await (await connectWith('dev-1')).publish('devices/dev-1/t', '', { qos: 1 }), 0);
    assert.equal(await (await connectWith('a/b')).publish('devices/a/b/t', '', { qos: 1 }), denied);
  });

  test("mosquitto's clients see the same", { skip: needs(...mosquittoPrograms) }, async (t) => {
    const as = (name: string) => ({ ...broker().listener(), version: '5.0' as const, ...login(name) });
    const ann = await mosquittoSubscribe(t, as('ann'), ['reports/#', 'notes'], 1);
    assert.deepEqual(ann.granted, [1, denied]);
    for (const [topic, code] of [
      ['reports/ann/2', denied],
      ['reports/bob/2', 0],
    ] as const) {
      const { acknowledged } = await mosquittoPublish(as('bob'), { topic, payload: topic, qos: 1 });
      assert.deepEqual(acknowledged, [code]);
    }
    assert.equal(String((await ann.waitForMessages(1))[0]?.payload), 'reports/bob/2');
  });
});
