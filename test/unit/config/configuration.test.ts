import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noticeText } from '../../../src/config/configuration.ts';
import { limitsWith } from '../../../src/runtime/limits.ts';
import { configuration, configurationErrors } from './fixtures.ts';

describe('portcullis.yaml: defaults', () => {
  it('an empty file has every default of the contract', () => {
    const { warnings, ...settings } = configuration('');
    assert.deepEqual(settings, {
      serverName: 'host-1',
      dataDir: '/site/data',
      listeners: [
        listenerWith({ name: 'tcp', protocol: 'tcp', port: 1883 }),
        listenerWith({ name: 'ws', protocol: 'ws', port: 8084 }),
      ],
      mqtt: {
        ackWait: 30_000,
        connectTimeout: 5_000,
        maxPacketSize: 1024 ** 2,
        receiveMaximum: 1024,
        topicAliasMaximum: 10,
        maxSessionExpiry: 7 * 86_400_000,
        maxQueuedMessages: 10_000,
        maxQueuedAge: 7 * 86_400_000,
        onDeniedPublish: 'disconnect',
      },
      anonymous: false,
      useMutualTls: false,
      policy: {
        accessChanges: 'immediate',
        subscribeCheck: 'covered',
        onLostSubscription: 'suspend',
        trustClientId: false,
      },
      limits: limitsWith(),
    });
    assert.deepEqual(warnings.map(noticeText), [
      'server_name: "host-1": is not set: the host name is used; set server_name to keep it when the host is renamed',
    ]);
  });

  it('a given listener list replaces the default; ports follow the protocol', () => {
    const { listeners } = configuration(`listeners:
  - { name: a, protocol: tls, tls: { cert_file: c.pem, key_file: /k.pem, ca_file: ca.pem, verify: true } }
  - { name: b, protocol: wss, path: /x, allowed_origins: ['https://a.example'], tls: { cert_file: c.pem, key_file: k.pem, min_version: TLSv1.3, handshake_timeout: 250ms } }
  - { name: c, protocol: ws, host: '::1', max_connections: 5, shared_client_ids: yes, providers: [basic], proxy_protocol: { trusted: [127.0.0.1/32] } }
limits: { connections: 77 }`);
    assert.deepEqual(listeners, [
      listenerWith({
        name: 'a',
        protocol: 'tls',
        port: 8883,
        maxConnections: 77,
        tls: {
          certFile: '/site/c.pem',
          keyFile: '/k.pem',
          caFile: '/site/ca.pem',
          verify: true,
          handshakeTimeout: 2000,
          minVersion: 'TLSv1.2',
        },
      }),
      listenerWith({
        name: 'b',
        protocol: 'wss',
        port: 8085,
        path: '/x',
        allowedOrigins: ['https://a.example'],
        maxConnections: 77,
        tls: {
          certFile: '/site/c.pem',
          keyFile: '/site/k.pem',
          verify: false,
          handshakeTimeout: 250,
          minVersion: 'TLSv1.3',
        },
      }),
      listenerWith({
        name: 'c',
        protocol: 'ws',
        host: '::1',
        port: 8084,
        maxConnections: 5,
        sharedClientIds: true,
        providers: ['basic'],
        proxyProtocol: { trusted: ['127.0.0.1/32'] },
      }),
    ]);
  });

  it('paths start at the folder of the file', () => {
    const settings = configuration('security_file: s.yaml\ndata_dir: ../d', { file: 'etc/p.yaml' });
    assert.equal(settings.securityFile, '/site/etc/s.yaml');
    assert.equal(settings.dataDir, '/site/d');
  });

  it('words that stand for numbers', () => {
    const { mqtt } = configuration(
      'mqtt: { ack_wait: 0s, max_keep_alive: 90s, max_session_expiry: off, max_ack_pending: 0 }',
    );
    assert.equal(mqtt.ackWait, 30_000, 'row N5');
    assert.equal(mqtt.maxKeepAlive, 90);
    assert.equal(mqtt.maxSessionExpiry, Number.POSITIVE_INFINITY);
    assert.equal(mqtt.maxAckPending, 1024, 'row N6');
  });

  it('anonymous', () => {
    const anonymousOf = (text: string) => configuration(`anonymous: ${text}`).anonymous;
    assert.equal(anonymousOf('off'), false);
    assert.deepEqual(anonymousOf('{ roles: [guest] }'), { ignoreCredentials: false, roles: ['guest'] });
    assert.deepEqual(anonymousOf('{ client: c, ignore_credentials: true }'), {
      ignoreCredentials: true,
      client: 'c',
    });
  });
});

function listenerWith(more: object): object {
  return {
    enabled: true,
    host: '127.0.0.1',
    path: '/mqtt',
    allowedOrigins: [],
    sharedClientIds: false,
    maxConnections: 100_000,
    ...more,
  };
}

describe('portcullis.yaml: what is wrong is said with file, line, key, value and remedy', () => {
  const cases: readonly (readonly [text: string, ...messages: string[]])[] = [
    ['server_nam: x', 'p.yaml:1: server_nam: unknown key; did you mean "server_name"?'],
    ['mqtt: { ackWait: 3s }', 'p.yaml:1: mqtt.ackWait: unknown key; did you mean "ack_wait"?'],
    [
      'policy:\n  colour: x',
      'p.yaml:2: policy.colour: unknown key; known keys: access_changes, subscribe_check, on_lost_subscription, trust_client_id',
    ],
    [
      'mqtt:\n  ack_wait: 30',
      'p.yaml:2: mqtt.ack_wait: "30": a duration carries its unit; write 30s; units: ms, s, m, h, d',
    ],
    [
      'mqtt:\n  connect_timeout: 0',
      'p.yaml:2: mqtt.connect_timeout: "0": a duration carries its unit; write 100ms; units: ms, s, m, h, d',
    ],
    [
      'mqtt: { max_keep_alive: 0 }',
      'p.yaml:1: mqtt.max_keep_alive: "0": a duration carries its unit; write off; units: ms, s, m, h, d',
    ],
    [
      'mqtt: { max_keep_alive: 1500ms }',
      'p.yaml:1: mqtt.max_keep_alive: "1500ms": must be whole seconds; write 2s',
    ],
    [
      'mqtt: { ack_wait: 30 s }',
      'p.yaml:1: mqtt.ack_wait: "30 s": is not a duration; write a whole number and its unit (ms, s, m, h, d), such as 10s',
    ],
    [
      'mqtt: { ack_wait: off }',
      'p.yaml:1: mqtt.ack_wait: "off": is not a duration; write a whole number and its unit (ms, s, m, h, d), such as 10s',
    ],
    [
      'mqtt: { ack_wait: -1s }',
      'p.yaml:1: mqtt.ack_wait: "-1s": is not a duration; write a whole number and its unit (ms, s, m, h, d), such as 10s',
    ],
    [
      'mqtt: { max_packet_size: 65536 }',
      'p.yaml:1: mqtt.max_packet_size: "65536": a size carries its unit; write 65536B; units: B, kB, KB, MB, GB, KiB, MiB, GiB, TiB',
    ],
    [
      'mqtt: { max_packet_size: 1GiB }',
      'p.yaml:1: mqtt.max_packet_size: "1GiB": must be 16B..268435460B; write a size of 16B..268435460B',
    ],
    [
      'mqtt: { receive_maximum: 0x1F }',
      'p.yaml:1: mqtt.receive_maximum: "0x1F": must be a whole number of 1..65535; write decimal digits, 1..65535',
    ],
    [
      'mqtt: { receive_maximum: 1e3 }',
      'p.yaml:1: mqtt.receive_maximum: "1e3": must be a whole number of 1..65535; write decimal digits, 1..65535',
    ],
    [
      'mqtt: { on_denied_publish: dropp }',
      'p.yaml:1: mqtt.on_denied_publish: "dropp": is not known; did you mean "drop"?',
    ],
    ['mqtt: 5', 'p.yaml:1: mqtt: must be a map, not a single value; write "key: value" below it'],
    ['data_dir: [a]', 'p.yaml:1: data_dir: must be one path, not a list; write a path'],
    ['server_name:', 'p.yaml:1: server_name: has no value; write a text'],
    ['server_name: ""', 'p.yaml:1: server_name: "": is blank; write a text, or remove the key'],
    [
      'server_name: "a\\0b"',
      'p.yaml:1: server_name: "a\\u0000b": holds U+0000 or half a surrogate pair; remove the character: MQTT forbids it',
    ],
    ['- a', 'p.yaml:1: document: must be a map, not a list; write "key: value" below it'],
    ['listeners: []', 'p.yaml:1: listeners: is an empty list; give at least one map'],
    [
      'listeners: [{ name: a, protocol: tcp, enabled: no }]',
      'p.yaml:1: listeners: no listener is enabled; enable one',
    ],
    [
      'listeners: [{ name: a, protocol: tcp }, { name: a, protocol: ws, port: 1883 }]',
      'p.yaml:1: listeners[1].name: "a": another listener has this name; give each listener its own',
      'p.yaml:1: listeners[1].port: another listener has 127.0.0.1 port 1883; give each its own port, or 0 to let the system choose',
    ],
    [
      'listeners:\n  - name: a\n    protocol: tls',
      'p.yaml:2: listeners[0].tls: is missing, and protocol tls needs it; add tls: { cert_file: FILE, key_file: FILE }',
    ],
    [
      'listeners:\n- { name: a, protocol: tls, tls: { cert_file: c, key_file: k, verify: true } }',
      'p.yaml:2: listeners[0].tls.ca_file: is missing, and verify: yes needs it; name the PEM file with the certificates of the authority that signs client certificates',
    ],
    [
      'listeners: [{ name: a, protocol: ws, tls: { cert_file: c, key_file: k } }]',
      'p.yaml:1: listeners[0].tls: protocol ws has no TLS; use protocol: wss, or remove tls',
    ],
    [
      'listeners: [{ name: a, protocol: tcp, path: /mqtt }]',
      'p.yaml:1: listeners[0].path: protocol tcp has none; remove path, or use protocol: ws',
    ],
    [
      'listeners: [{ name: a, protocol: tcp, port: 65536 }]',
      'p.yaml:1: listeners[0].port: "65536": must be a whole number of 0..65535; write decimal digits, 0..65535',
    ],
    [
      "listeners: [{ name: a, protocol: tcp, host: '[::1]' }]",
      'p.yaml:1: listeners[0].host: "[::1]": is not an IP address or host name; write 127.0.0.1, ::1 (without brackets or port), 0.0.0.0 for all, or a host name',
    ],
    [
      'listeners: [{ name: a, protocol: ws, allowed_origins: [HTTPS://A.example:443/] }]',
      'p.yaml:1: listeners[0].allowed_origins[0]: "HTTPS://A.example:443/": is not an exact origin; write https://a.example',
    ],
    [
      'listeners: [{ name: a, protocol: tcp, proxy_protocol: {} }]',
      'p.yaml:1: listeners[0].proxy_protocol.trusted: is missing; add trusted: Blocks whose PROXY header is believed.',
    ],
    [
      'listeners: [{ name: a, protocol: tcp, proxy_protocol: { trusted: [10.0.0.1] } }]',
      'p.yaml:1: listeners[0].proxy_protocol.trusted[0]: "10.0.0.1": is not a CIDR block; write address/length, such as 10.0.0.1/32',
    ],
    [
      'anonymous: yes',
      'p.yaml:1: anonymous: "yes": does not say what anonymous clients may do; write { roles: [ROLE] } or { client: NAME }, or no',
    ],
    [
      'anonymous: { roles: [a], client: b }',
      'p.yaml:1: anonymous: holds both roles and client; write { roles: [ROLE] } or { client: NAME }',
    ],
    [
      'anonymous: { roles: [a], ignore_credentials: true }\nlisteners: [{ name: a, protocol: tcp, host: 0.0.0.0 }]',
      'p.yaml:1: anonymous.ignore_credentials: "yes": listener "a" can be reached from other machines; write no, or give every enabled listener host: 127.0.0.1',
    ],
    [
      'limits: { topic_levels: 0, drain_time: 5 }',
      'p.yaml:1: limits.topic_levels: "0": must be a whole number of 1..65536; write decimal digits, 1..65536',
      'p.yaml:1: limits.drain_time: "5": a duration carries its unit; write 5s; units: ms, s, m, h, d',
    ],
  ];
  for (const [text, ...messages] of cases) {
    it(text, () => assert.deepEqual(configurationErrors(text), messages));
  }

  it('everything at once, in order of appearance', () => {
    const errors = configurationErrors('mqtt:\n  ack_wait: 1\nworkers: x\nfoo: 1\nlisteners:\n  - name: a\n');
    assert.deepEqual(
      errors.map((error) => error.split(': ').slice(0, 2).join(' ')),
      ['p.yaml:2 mqtt.ack_wait', 'p.yaml:3 workers', 'p.yaml:4 foo', 'p.yaml:6 listeners[0].protocol'],
    );
  });

  it('a file of nothing but mistakes is cut short', () => {
    const text = Array.from({ length: 500 }, (_, index) => `key-${index}: x`).join('\n');
    const errors = configurationErrors(text);
    assert.equal(errors.length, 201);
    assert.equal(
      errors[200],
      'document: 300 more errors are not listed; mend the ones above and check again',
    );
  });
});

describe('portcullis.yaml: features that have not come yet', () => {
  const refused: readonly (readonly [text: string, place: string, remedy: string])[] = [
    [
      'use_mutual_tls: yes',
      'use_mutual_tls: "yes"',
      'write no; a tls listener with verify: yes asks for certificates beside passwords',
    ],
    [
      'login_backoff: { failures: 3 }',
      'login_backoff',
      'write off, and limit attempts in front of the broker until then',
    ],
    ['login_backoff: {}', 'login_backoff', 'write off, and limit attempts in front of the broker until then'],
    ['policy: { access_changes: on_reconnect }', 'policy.access_changes: "on_reconnect"', 'use immediate'],
    ['policy: { subscribe_check: strict }', 'policy.subscribe_check: "strict"', 'use covered'],
    ['policy: { subscribe_check: overlap }', 'policy.subscribe_check: "overlap"', 'use covered'],
    [
      'policy: { on_lost_subscription: disconnect }',
      'policy.on_lost_subscription: "disconnect"',
      'use suspend',
    ],
    ['workers: 2', 'workers: "2"', 'write 1'],
    ['storage: { security: "postgres://u:s3cret@db/p" }', 'storage.security: "postgres://…"', 'use sqlite'],
    ['storage: { cache: "redis://u:s3cret@c" }', 'storage.cache: "redis://…"', 'use memory'],
    ['storage: { messages: nats }', 'storage.messages: "nats"', 'use sqlite'],
    ['nats: { servers: ["nats://u:s3cret@n"] }', 'nats', 'remove nats: this version runs on one node'],
    [
      'listeners: [{ name: a, protocol: tls, tls: { cert_file: c, key_file: k, crl_file: l } }]',
      'listeners[0].tls.crl_file: "l"',
      'remove crl_file, and set enabled: no in the clients of revoked devices',
    ],
    [
      'listeners: [{ name: a, protocol: tcp, providers: [x509] }]',
      'listeners[0].providers[0]: "x509"',
      'use basic or anonymous',
    ],
  ];
  for (const [text, place, remedy] of refused) {
    it(`refused: ${text}`, () => {
      assert.deepEqual(configurationErrors(text), [
        `p.yaml:1: ${place}: is not available in this version; ${remedy}`,
      ]);
    });
  }

  it('accepted where it changes nothing', () => {
    const text =
      'login_backoff: off\nuse_mutual_tls: no\nworkers: 1\npolicy: { access_changes: immediate, subscribe_check: covered, on_lost_subscription: suspend }';
    assert.deepEqual(configurationErrors(text), []);
  });

  const warned: readonly (readonly [text: string, remedy: string])[] = [
    ['admin: { port: 1 }', 'remove admin until then'],
    ['observability: {}', 'remove observability until then'],
    [
      'application_log: { max_age: 1d }',
      'APPLICATION clients have the queue of a DEVICE until then; remove application_log',
    ],
    [
      'storage: { durability: disk }',
      'sessions and messages are kept in memory and end with the process; remove storage until then',
    ],
  ];
  for (const [text, remedy] of warned) {
    it(`accepted with a warning: ${text}`, () => {
      const { warnings } = configuration(`server_name: s\n${text}`);
      const key = text.split(':')[0];
      assert.deepEqual(warnings.map(noticeText), [
        `p.yaml:2: ${key}: has no effect in this version; ${remedy}`,
      ]);
    });
  }
});

describe('portcullis.yaml: warnings', () => {
  const warningsOf = (listener: string) =>
    configuration(
      `server_name: s\nlisteners:\n- ${listener}\n- { name: z, protocol: tcp, port: 0 }`,
    ).warnings.map(noticeText);

  it('a plain listener beyond loopback', () => {
    assert.deepEqual(warningsOf('{ name: a, protocol: ws, host: 0.0.0.0 }'), [
      'p.yaml:3: listeners[0].host: "0.0.0.0": listens without TLS beyond this machine: passwords and messages can be read on the way; use protocol: wss, or host: 127.0.0.1',
    ]);
    for (const host of [
      '127.0.0.1',
      '127.9.9.9',
      "'::1'",
      'localhost',
      "'::ffff:127.0.0.1'",
      "'0:0:0:0:0:0:0:1'",
    ]) {
      assert.deepEqual(warningsOf(`{ name: a, protocol: tcp, host: ${host} }`), [], host);
    }
    for (const host of ['10.0.0.1', "'::'", 'broker.example', 'localhost.example', "'::ffff:10.0.0.1'"]) {
      assert.equal(warningsOf(`{ name: a, protocol: tcp, host: ${host} }`).length, 1, host);
    }
    assert.deepEqual(warningsOf('{ name: a, protocol: ws, host: 0.0.0.0, enabled: no }'), []);
  });

  it('a ca_file that nothing asks for', () => {
    assert.deepEqual(
      warningsOf('{ name: a, protocol: tls, tls: { cert_file: c, key_file: k, ca_file: a } }'),
      [
        'p.yaml:3: listeners[0].tls.ca_file: has no effect without verify: yes: client certificates are not asked for; set verify: yes, or remove ca_file',
      ],
    );
  });
});
