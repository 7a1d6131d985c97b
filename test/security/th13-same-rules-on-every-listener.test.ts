import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { encodePacket } from '../../src/codec/encode-packet.ts';
import { AttackingClient, connectWith } from '../support/attacking-client.ts';
import type { BrokerProcess, Listener } from '../support/broker-process.ts';
import { startBroker } from '../support/broker-process.ts';
import type { Certificate, TestCertificates } from '../support/certificates.ts';
import { testCertificates } from '../support/certificates.ts';
import { loginOf, passwordClient, passwordHash, testPassword } from '../support/password-records.ts';
import { needs } from '../support/skip-reason.ts';
import { connackCode, login, publicationOf, publish, subscribe } from './support/requests.ts';

const protocols = ['tcp', 'tls', 'ws', 'wss'] as const;
const secureProtocols = ['tls', 'wss'] as const;
const maxConnections = 4;

const security = {
  clients: [
    passwordClient('device', [{ access: 'readWrite', topic: 'open/#' }]),
    passwordClient('other', [{ access: 'readWrite', topic: 'open/#' }]),
    passwordClient('slow', [], { authentication: { password_hash: passwordHash(testPassword, 'slow') } }),
    passwordClient('plain-only', [], { allowed_connection_types: ['MQTT'] }),
    passwordClient('web-only', [], { allowed_connection_types: ['MQTT_WS'] }),
  ],
};

/** One table for all four kinds of listener: whatever protects one protects the others (CVE class 2018-20145). */
const rules: Readonly<Record<string, (listener: Listener, broker: BrokerProcess) => Promise<void>>> = {
  'a wrong password is refused': async (listener) => {
    assert.equal(await connackCode(listener, loginOf('device', 'wrong')), 0x86);
    assert.equal(await connackCode(listener, { clientId: 'device' }), 0x86);
  },
  'a denied PUBLISH and a denied SUBSCRIBE are refused': async (listener) => {
    const client = await login(listener, 'device');
    assert.equal(await publish(client, 'secret'), 0x87);
    assert.deepEqual(await subscribe(client, ['secret', '#', 'open/x']), [0x87, 0x87, 0]);
    client.destroy();
  },
  'a session belongs to its identity': async (listener) => {
    const owner = await login(listener, 'device', { clientId: 'owned' });
    assert.equal(await connackCode(listener, { ...loginOf('other'), clientId: 'owned' }), 0x85);
    assert.deepEqual(await owner.settled(), []);
    owner.destroy();
  },
  'a connection type that is not allowed is refused': async (listener) => {
    const overWeb = listener.protocol.startsWith('ws');
    const expected = { 'plain-only': overWeb ? 0x87 : 0, 'web-only': overWeb ? 0 : 0x87 };
    for (const [name, code] of Object.entries(expected)) {
      assert.equal(await connackCode(listener, { ...loginOf(name), clientId: name }), code, name);
    }
  },
  'a CONNECT above connect_packet_bytes is closed unread': async (listener) => {
    const client = await AttackingClient.open(listener);
    client.send(connectWith({ ...loginOf('device'), clientId: 'x'.repeat(3_000) }));
    assert.deepEqual((await client.end()).packets, []);
  },
  'a packet above max_packet_size is refused': async (listener) => {
    const client = await login(listener, 'device');
    client.send(publicationOf('open/x', { payload: Buffer.alloc(5_000) }));
    assert.equal((await client.nextOf('disconnect')).reasonCode, 0x95);
    await client.end();
  },
  'more messages under way than receive_maximum end the connection': async (listener) => {
    const client = await login(listener, 'device');
    for (let packetId = 1; packetId <= 4; packetId++)
      client.send(publicationOf('open/x', { qos: 2, packetId }));
    assert.equal((await client.nextOf('disconnect')).reasonCode, 0x93);
    await client.end();
  },
  'a first packet that is no CONNECT is closed without a word': async (listener) => {
    const client = await AttackingClient.open(listener);
    client.send(publicationOf('open/x'));
    assert.deepEqual((await client.end()).packets, []);
  },
  'silence, and half a CONNECT, are closed after connect_timeout': async (listener) => {
    const half = encodePacket(connectWith(loginOf('device')), 5).subarray(0, 12);
    const clients = [await AttackingClient.open(listener), await AttackingClient.open(listener)];
    clients[1]?.sendBytes(half);
    for (const client of clients) assert.deepEqual((await client.end()).packets, []);
  },
  'Keep Alive is enforced': async (listener) => {
    const client = await login(listener, 'device', { keepAlive: 1 });
    assert.equal((await client.nextOf('disconnect')).reasonCode, 0x8d);
  },
  'a connection above max_connections is closed': async (listener) => {
    const clients = await Promise.all(
      Array.from({ length: maxConnections }, (_, index) =>
        login(listener, 'device', { clientId: `m${index}` }),
      ),
    );
    const attempt = async (): Promise<void> => {
      const client = await AttackingClient.open(listener);
      client.send(connectWith(loginOf('device')));
      await client.next();
    };
    await assert.rejects(attempt(), /closed|ended|hang up|ECONNRESET|disconnected/);
    for (const client of clients) client.destroy();
  },
  'a CONNECT above pending_authentications is refused with 0x89, and 3 in 3.1.1': async (listener) => {
    const calm = await login(listener, 'device', { clientId: 'calm' });
    const busy = await AttackingClient.open(listener);
    const five = await AttackingClient.open(listener);
    const four = await AttackingClient.open(listener, { version: 4 });
    busy.send(connectWith({ ...loginOf('slow'), clientId: 'busy' }));
    // After these turns of its event loop the broker is computing the slow hash.
    for (let turn = 0; turn < 3; turn++) await calm.settled();
    five.send(connectWith({ ...loginOf('device'), clientId: 'five' }));
    assert.equal((await five.nextOf('connack')).reasonCode, 0x89);
    four.send(connectWith({ ...loginOf('device'), clientId: 'four', protocolVersion: 4 }));
    assert.equal((await four.nextOf('connack')).reasonCode, 3);
    assert.equal((await busy.nextOf('connack')).reasonCode, 0);
    for (const client of [busy, calm]) client.destroy();
  },
};

describe('TH13 every listener keeps the same rules', { skip: needs('openssl') }, () => {
  let made: TestCertificates;
  let certificate: Certificate;

  before(async () => {
    made = await testCertificates();
    certificate = await made.authority.client('device');
  });

  const start = (
    t: Parameters<typeof startBroker>[0],
    tls: Readonly<Record<string, unknown>> = {},
    limits: Readonly<Record<string, unknown>> = {},
  ): Promise<BrokerProcess> => {
    const files = { cert_file: made.server.certFile, key_file: made.server.keyFile };
    const listeners = protocols.map((protocol) => ({
      name: protocol,
      protocol,
      port: 0,
      max_connections: maxConnections,
      ...(protocol === 'tls' || protocol === 'wss' ? { tls: { ...files, ...tls } } : {}),
    }));
    return startBroker(t, {
      security,
      config: {
        listeners,
        mqtt: { connect_timeout: '1s', max_packet_size: '2KiB', receive_maximum: 3 },
        limits: { connect_packet_bytes: '1KiB', concurrent_password_hashes: 1, ...limits },
      },
    });
  };

  for (const [rule, check] of Object.entries(rules)) {
    test(`${rule}: ${protocols.join(', ')}`, async (t) => {
      const pending = rule.includes('pending_authentications') ? { pending_authentications: 1 } : {};
      const broker = await start(t, {}, pending);
      for (const protocol of protocols) {
        await check(broker.listener(protocol), broker).catch((error: Error) => {
          throw new Error(`${protocol}: ${error.message}`, { cause: error });
        });
      }
    });
  }

  test('TLS client verification holds on tls and wss alike', async (t) => {
    const broker = await start(t, { ca_file: made.authority.caFile, verify: true });
    for (const protocol of secureProtocols) {
      const listener = broker.listener(protocol);
      await assert.rejects(connackCode(listener, loginOf('device')), /closed|ended|alert|hang up/, protocol);
      assert.equal(await connackCode(listener, loginOf('device'), { certificate }), 0, protocol);
    }
  });

  test('min_version holds on tls and wss alike', async (t) => {
    const broker = await start(t, { min_version: 'TLSv1.3' });
    for (const protocol of secureProtocols) {
      const { host, port } = broker.listener(protocol);
      const socket = connectTls({ host, port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
      const error = await new Promise<Error>((resolve, reject) => {
        socket.once('error', resolve);
        socket.once('secureConnect', () => reject(new Error(`${protocol} speaks TLS 1.2`)));
      });
      assert.match(error.message, /protocol version|alert/);
    }
  });

  test('what never gets as far as MQTT is closed in time: half a TLS handshake, half an upgrade', async (t) => {
    const broker = await start(t, { handshake_timeout: '1s' });
    const beginnings: readonly (readonly [string, string])[] = [
      ['tls', '\u0016\u0003\u0001\u0002'],
      ['wss', '\u0016\u0003\u0001\u0002'],
      ['tls', ''],
      ['wss', ''],
      ['ws', 'GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n'],
      ['ws', ''],
    ];
    await Promise.all(
      beginnings.map(async ([protocol, bytes]) => {
        const { host, port } = broker.listener(protocol);
        const socket = connectTcp({ host, port });
        socket.write(bytes, 'latin1');
        await closed(socket);
      }),
    );
  });

  test('half an upgrade over wss is closed in time', async (t) => {
    const broker = await start(t);
    const { host, port } = broker.listener('wss');
    const socket = connectTls({ host, port, rejectUnauthorized: false });
    socket.write('GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n');
    await closed(socket);
  });
});

function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the connection is still open')), 10_000);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
