import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { sharedBroker } from '../support/broker-process.ts';
import { testCertificates } from '../support/certificates.ts';
import { connectMqttJs } from '../support/mqtt-js.ts';
import { needs } from '../support/skip-reason.ts';
import { proxyV1, proxyV2, proxyV2From } from '../unit/transport/proxy-headers.ts';
import { login, plant } from './plant.ts';

describe('PROXY protocol (row P9)', { skip: needs('openssl') }, () => {
  const broker = sharedBroker(async () => {
    const { server } = await testCertificates();
    const behind = { port: 0, proxy_protocol: { trusted: ['127.0.0.1/32'] } };
    const tls = { cert_file: server.certFile, key_file: server.keyFile };
    return {
      config: {
        listeners: [
          { name: 'tcp', protocol: 'tcp', port: 0 },
          { name: 'behind', protocol: 'tcp', ...behind },
          { name: 'behind-tls', protocol: 'tls', ...behind, tls },
          { name: 'elsewhere', protocol: 'tcp', port: 0, proxy_protocol: { trusted: ['203.0.113.0/24'] } },
        ],
      },
      security: plant,
    };
  });

  /** A connection as a proxy opens it: its header first. */
  function openThrough(listener: string, header: Buffer): Socket {
    const { host, port } = broker().listener(listener);
    const socket = connect({ host, port });
    socket.write(header);
    return socket;
  }

  function connectThrough(t: TestContext, listener: string, stream: Socket | TLSSocket, clientId: string) {
    return connectMqttJs(t, broker().listener(listener), { ...login('sensor-1'), clientId, stream });
  }

  const addressOf = async (clientId: string): Promise<unknown> => {
    const entry = await broker().waitForLog('client_connected', (line) => line['client_id'] === clientId);
    return entry['address'];
  };

  const local = proxyV2(0x20, 0x00);
  for (const [name, header, address] of [
    ['v1', proxyV1('198.51.100.7', 40_001), '198.51.100.7'],
    ['v1-unknown', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
    ['v2', proxyV2From('198.51.100.8', 40_002), '198.51.100.8'],
    ['v2-local', local, '127.0.0.1'],
  ] as const) {
    test(`${name}: the client has the address that the proxy announces`, async (t) => {
      const client = await connectThrough(t, 'behind', openThrough('behind', header), name);
      assert.equal(await client.publish('sensors/sensor-1/t', '21', { qos: 1 }), 0);
      assert.equal(await addressOf(name), address);
    });
  }

  test('the header comes before TLS', async (t) => {
    const { authority } = await testCertificates();
    const socket = openThrough('behind-tls', proxyV1('198.51.100.9', 40_003));
    const stream = connectTls({ socket, ca: readFileSync(authority.caFile), host: '127.0.0.1' });
    const client = await connectThrough(t, 'behind-tls', stream, 'over-tls');
    assert.equal(client.connackCode, 0);
    assert.equal(await addressOf('over-tls'), '198.51.100.9');
  });

  test('without a header, or with a broken one, there is no connection', async (t) => {
    const direct = await connectMqttJs(t, broker().listener('behind'), login('sensor-1'));
    assert.equal(direct.connackCode, undefined);
    const broken = openThrough('behind', Buffer.from('PROXY TCP4 here there 1 2\r\n'));
    assert.equal((await connectThrough(t, 'behind', broken, 'broken')).connackCode, undefined);
    await broker().waitForLog('proxy_header_refused');
  });

  test('an address that is not trusted cannot announce another', async (t) => {
    const lying = openThrough('elsewhere', proxyV1('203.0.113.5', 40_004));
    assert.equal((await connectThrough(t, 'elsewhere', lying, 'lying')).connackCode, undefined);
    await broker().waitForLog('proxy_untrusted', (entry) => entry['listener'] === 'elsewhere');
  });

  test('a listener that knows of no proxy takes the header for a bad packet', async (t) => {
    const stray = openThrough('tcp', proxyV1('203.0.113.5', 40_005));
    assert.equal((await connectThrough(t, 'tcp', stray, 'stray')).connackCode, undefined);
    const plain = await connectMqttJs(t, broker().listener('tcp'), login('sensor-1'));
    assert.equal(plain.connackCode, 0);
  });
});
