import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AttackingClient } from '../support/attacking-client.ts';
import { sharedBroker } from '../support/broker-process.ts';
import { mosquittoPrograms, mosquittoSubscribe } from '../support/mosquitto.ts';
import { loginOf, passwordClient, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { connackCode, login, publish, subscribe } from './support/requests.ts';

/**
 * A name that would widen a topic template must not be usable as one (row A1): a `+` as username would read everybody's
 * topics (CVE-2017-7650).
 */
const templates = [
  { access: 'readWrite', topic: 'devices/${username}/#' },
  { access: 'readWrite', topic: '${username}/own' },
  { access: 'readWrite', topic: 'ids/${clientId}/#' },
] as const;

const unsafeNames = ['+', '#', '+/+', 'a/b', 'a+', '#a', '/', 'a/#'];

describe('TH01 names that would widen a template', () => {
  const broker = sharedBroker({
    config: { policy: { trust_client_id: true } },
    security: {
      clients: [
        ...unsafeNames.map((username, index) =>
          passwordClient(`unsafe-${index}`, templates, { authentication: { username } }),
        ),
        passwordClient('victim', templates),
        passwordClient('system', templates, { authentication: { username: '$SYS' } }),
      ],
    },
  });

  for (const username of unsafeNames) {
    test(`username ${JSON.stringify(username)} gives no right through a template`, async () => {
      const client = await login(broker().listener(), username, { clientId: 'x' });
      for (const filter of [
        'devices/victim/#',
        'devices/+/#',
        'devices/#',
        `devices/${username}/x`,
        '+/own',
        '#',
      ]) {
        const [code = 0] = await subscribe(client, filter);
        // 0x8F where the name makes no valid filter.
        assert.ok([0x87, 0x8f].includes(code), `${filter}: ${code}`);
      }
      assert.equal(await publish(client, 'devices/victim/state'), 0x87);
      client.destroy();
    });
  }

  for (const clientId of unsafeNames) {
    test(`client id ${JSON.stringify(clientId)} gives no right through a template`, async () => {
      const client = await login(broker().listener(), 'victim', { clientId });
      assert.deepEqual(await subscribe(client, ['ids/+/x', 'ids/#', 'ids/other/#']), [0x87, 0x87, 0x87]);
      client.destroy();
    });
  }

  test('a safe name beside them has what its template says', async () => {
    const client = await login(broker().listener(), 'victim', { clientId: 'mine' });
    assert.deepEqual(await subscribe(client, ['devices/victim/#', 'victim/own', 'ids/mine/#']), [0, 0, 0]);
    client.destroy();
  });

  test('$SYS as username opens no topic that begins with $', async () => {
    const client = await login(broker().listener(), '$SYS', { clientId: 'x' });
    const filters = ['$SYS/own', '$SYS/#', '$SYS/broker/version'];
    assert.deepEqual(await subscribe(client, filters), [0x87, 0x87, 0x87]);
    assert.equal(await publish(client, '$SYS/own'), 0x87);
    client.destroy();
  });

  test('a name with NUL is refused as malformed and an empty one as unknown', async () => {
    const malformed = await AttackingClient.open(broker().listener());
    malformed.sendBytes(
      Buffer.from([0x10, 17, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 0x82, 0, 0, 0, 0, 1, 0x63, 0, 1, 0]),
    );
    assert.equal((await malformed.nextOf('connack')).reasonCode, 0x81);

    assert.equal(await connackCode(broker().listener(), loginOf('')), 0x86);
  });

  test('mosquitto_sub under the name + is refused everything', {
    skip: needs(...mosquittoPrograms),
  }, async (t) => {
    const { host, port } = broker().listener();
    const subscriber = await mosquittoSubscribe(
      t,
      { host, port, version: '3.1.1', clientId: 'm', username: '+', password: testPassword },
      ['devices/+/#', 'devices/victim/#', '#'],
    );
    assert.deepEqual(subscriber.granted, [128, 128, 128]);
  });
});
