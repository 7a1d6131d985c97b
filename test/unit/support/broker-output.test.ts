import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { parseListenerLine } from '../../support/broker-process.ts';
import { LineLog } from '../../support/line-log.ts';
import { parseDebugOutput } from '../../support/mosquitto.ts';
import { needs } from '../../support/skip-reason.ts';

describe('lines of listeners', () => {
  for (const [line, listener] of [
    ['listener tcp: tcp 127.0.0.1:1883', { name: 'tcp', protocol: 'tcp', host: '127.0.0.1', port: 1883 }],
    [
      'listener ws: ws [::1]:8084/mqtt',
      { name: 'ws', protocol: 'ws', host: '::1', port: 8084, path: '/mqtt' },
    ],
    [
      'listener my tls: tls localhost:8883',
      { name: 'my tls', protocol: 'tls', host: 'localhost', port: 8883 },
    ],
    ['ready', undefined],
  ] as const) {
    test(line, () => assert.deepEqual(parseListenerLine(line), listener));
  }
});

describe('a log of lines', () => {
  test('is read across chunks, and waits for what comes', async () => {
    const stream = new PassThrough();
    const log = new LineLog<string>((line) => line);
    log.read(stream);
    const waited = log.waitFor((line) => line === 'second', 1_000);
    stream.write('first\nsec');
    stream.write('ond\n');
    assert.equal(await waited, 'second');
    assert.deepEqual(log.entries, ['first', 'second']);
  });

  test('waits no longer than the stream lasts', async () => {
    const stream = new PassThrough();
    const log = new LineLog<string>((line) => line);
    log.read(stream);
    const waited = log.waitFor((line) => line === 'never');
    stream.end('last');
    assert.equal(await waited, undefined);
    assert.deepEqual(log.entries, ['last']);
  });
});

test('the codes in the debug output of mosquitto are read', () => {
  const output = [
    'Client a received CONNACK (0)',
    'Client a received PUBACK (Mid: 1, RC:135)',
    'Client a received PUBCOMP (Mid: 2, RC:0)',
    'Warning: Publish 1 failed: Not authorized.',
    'Client a received DISCONNECT (142)',
  ].join('\n');
  assert.deepEqual(parseDebugOutput(output), {
    connack: 0,
    acknowledged: [135, 0],
    disconnect: 142,
    warnings: ['Publish 1 failed: Not authorized.'],
  });
});

test('a missing program is a reason to skip, a present one is not', () => {
  assert.equal(needs('sh'), false);
  assert.equal(needs('sh', 'no-such-program'), 'not on this machine: no-such-program');
});
