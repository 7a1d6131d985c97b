import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientWith, security, securityErrors } from './fixtures.ts';

describe('security.yaml: what is read', () => {
  it('an empty document knows nobody and asks basic only', () => {
    for (const text of ['', '# nothing', '{}', 'clients:\nroles: []']) {
      assert.deepEqual(security(text), {
        clients: [],
        roles: [],
        providers: { order: ['basic'], basic: { stopOnReject: false } },
      });
    }
  });

  it('the contract’s example, as far as this version goes', () => {
    const document = security(`
clients:
  - name: sensor-001
    authentication: { kind: password, username: sensor-001, password: s3cret }
    client_type: DEVICE
    enabled: true
    attributes: { floor: 3 }
    allowed_connection_types: [MQTT]
    roles: [sensor]
    permissions: [ { access: write, topic: "sensors/\${username}/#" }, { effect: deny, access: read, topic: "sensors/+/secret" } ]
roles: [ { name: sensor, permissions: [ { access: read, topic: "commands/\${username}/+" } ] } ]
groups: []
group_rules: []
bans: []
providers:
  order: [basic]
  basic: { stop_on_reject: true }
`);
    assert.deepEqual(document, {
      clients: [
        {
          name: 'sensor-001',
          authentication: {
            kind: 'password',
            username: 'sensor-001',
            password: 's3cret',
            passwordless: false,
          },
          clientType: 'DEVICE',
          enabled: true,
          attributes: { floor: 3 },
          allowedConnectionTypes: ['MQTT'],
          roles: ['sensor'],
          permissions: [
            { effect: 'allow', access: 'write', topic: 'sensors/${username}/#' },
            { effect: 'deny', access: 'read', topic: 'sensors/+/secret' },
          ],
        },
      ],
      roles: [
        {
          name: 'sensor',
          permissions: [{ effect: 'allow', access: 'read', topic: 'commands/${username}/+' }],
        },
      ],
      providers: { order: ['basic'], basic: { stopOnReject: true } },
    });
  });

  for (const text of [
    '00123',
    '1e5',
    'no',
    'null',
    '~',
    '2024-01-01',
    '0x1F',
    'true',
    '1_000',
    '.inf',
    '-1',
    '1.0',
  ]) {
    it(`${text} stays text in names and passwords`, () => {
      const [client] = security(
        `clients:\n- name: ${text}\n  authentication:\n    kind: password\n    client_id: ${text}\n    username: ${text}\n    password: ${text}\n  roles: [${text}]\nroles:\n- name: ${text}`,
      ).clients;
      assert.equal(client?.name, text);
      assert.deepEqual(client?.authentication, {
        kind: 'password',
        clientId: text,
        username: text,
        password: text,
        passwordless: false,
      });
      assert.deepEqual(client?.roles, [text]);
    });
  }

  it('attributes: only plain numbers and truth values are not text', () => {
    const text = `clients:\n- name: c\n  authentication: { kind: password, username: a, password: b }\n  attributes:
    a: 3
    b: -2.5
    c: "3"
    d: 00123
    e: 1e5
    f: no
    g: null
    h: true
    i: "true"
    j: [1, x, [false]]
    k: ""
    l: 12345678901234567890
    __proto__: x`;
    assert.deepEqual(Object.entries(security(text).clients[0]?.attributes ?? {}), [
      ['a', 3],
      ['b', -2.5],
      ['c', '3'],
      ['d', '00123'],
      ['e', '1e5'],
      ['f', 'no'],
      ['g', 'null'],
      ['h', true],
      ['i', 'true'],
      ['j', [1, 'x', [false]]],
      ['k', ''],
      ['l', '12345678901234567890'],
      ['__proto__', 'x'],
    ]);
  });

  it('connection types in any case (row N10); an explicitly empty order lets nobody in (row T3)', () => {
    const text = `${clientWith('username: a, password: b', ', allowed_connection_types: [mqtt, Mqtt_ws, standard]')}\nproviders: { order: [] }`;
    const document = security(text);
    assert.deepEqual(document.clients[0]?.allowedConnectionTypes, ['MQTT', 'MQTT_WS', 'STANDARD']);
    assert.deepEqual(document.providers.order, []);
  });

  it('a passwordless record beside one with a password is not ambiguous', () => {
    const text = `clients:
- { name: a, authentication: { kind: password, username: u, password: x } }
- { name: b, authentication: { kind: password, username: u, passwordless: true } }
- { name: c, authentication: { kind: password, username: u, client_id: i, password: x } }
- { name: d, authentication: { kind: password, password: x } }`;
    assert.equal(security(text).clients.length, 4);
  });
});

describe('security.yaml: what does not fit together', () => {
  const auth = (username: string) => `authentication: { kind: password, username: ${username}, password: x }`;
  const cases: readonly (readonly [text: string, ...messages: string[]])[] = [
    [
      `clients:\n- { name: a, ${auth('u')} }\n- { name: a, ${auth('v')} }`,
      's.yaml:3: clients[1].name: "a": another client has this name; give each its own',
    ],
    [
      'roles:\n- { name: r }\n- { name: r }',
      's.yaml:3: roles[1].name: "r": another role has this name; give each its own',
    ],
    [
      `clients:\n- { name: a, ${auth('u')}, roles: [sensr, zzz] }\nroles: [{ name: sensor }]`,
      's.yaml:2: clients[0].roles[0]: "sensr": there is no such role; did you mean "sensor"?',
      's.yaml:2: clients[0].roles[1]: "zzz": there is no such role; add the role, or remove its name here',
    ],
    [
      `clients:\n- { name: a, ${auth('u')} }\n- { name: b, ${auth('u')} }`,
      's.yaml:3: clients[1].authentication: asks for the same client_id and username as client "a"; give one of them another username or a client_id',
    ],
    [
      `clients:\n- { name: a, authentication: { kind: password, client_id: i, passwordless: yes } }\n- { name: b, authentication: { kind: password, client_id: i, passwordless: yes } }`,
      's.yaml:3: clients[1].authentication: asks for the same client_id and username as client "a"; give one of them another username or a client_id',
    ],
    [
      'providers: { order: [basic, basic] }',
      's.yaml:1: providers.order[1]: "basic": stands twice; remove one',
    ],
    [
      'providers: { order: [basic, jwt] }',
      's.yaml:1: providers.order[1]: "jwt": is not available in this version; use basic',
    ],
    [
      'providers: { order: [baisc] }',
      's.yaml:1: providers.order[0]: "baisc": is not known; did you mean "basic"?',
    ],
    [
      'providers: { order: [anonymous] }',
      's.yaml:1: providers.order[0]: "anonymous": is not known; known: basic, x509, jwt, scram, http, nats_operator, ldap',
    ],
    [
      'providers: { jwt: { algorithms: [none] } }',
      's.yaml:1: providers.jwt: is not available in this version; remove jwt: only basic exists',
    ],
    ['groups: [{ name: g }]', 's.yaml:1: groups: is not available in this version; use roles'],
    [
      'group_rules: [{}]',
      's.yaml:1: group_rules: is not available in this version; name roles in the clients',
    ],
    [
      'bans: [{ ip: 203.0.113.0/24 }]',
      's.yaml:1: bans: is not available in this version; set enabled: no in the client, or block the address in front of the broker',
    ],
    [
      clientWith('username: a, password: b', ', allowed_connection_types: [HTTP]'),
      's.yaml:1: clients[0].allowed_connection_types[0]: "HTTP": is not known; known: STANDARD, WEBSOCKET, LEAFNODE, MQTT, MQTT_WS',
    ],
    [
      clientWith('username: a, password: b', ', attributes: { "a b": 1, c: { d: 1 }, e: }'),
      's.yaml:1: clients[0].attributes: holds a name that is not letters, digits, "_", "-" and "." (64 at most); rename it, such as floor',
      's.yaml:1: clients[0].attributes.c: must be one value or a list, not a map; write name: value',
      's.yaml:1: clients[0].attributes.e: has no value; write a value, or "" for empty text',
    ],
  ];
  for (const [text, ...messages] of cases) {
    it(text, () => assert.deepEqual(securityErrors(text), messages));
  }

  it('records with a password and neither name are told apart by it; more than authentication takes are refused', () => {
    const nameless = (count: number) =>
      `clients:\n${Array.from({ length: count }, (_, index) => `- { name: c${index}, authentication: { kind: password, password: x${index} } }\n`).join('')}`;
    assert.deepEqual(securityErrors(nameless(8)), []);
    assert.deepEqual(securityErrors(nameless(9)), [
      's.yaml: clients: "9": more than 8 clients have a password and no names; give them a client_id or a username',
    ]);
  });

  it('all of it at once', () => {
    const text = `clients:
- { name: a, ${auth('u')}, roles: [x], enabled: maybe }
- { name: a, authentication: { kind: password, username: u } }
role: []`;
    assert.deepEqual(
      securityErrors(text).map((error) => error.split(': ').slice(0, 2).join(' ')),
      [
        's.yaml:2 clients[0].enabled',
        's.yaml:2 clients[0].roles[0]',
        's.yaml:3 clients[1].authentication',
        's.yaml:3 clients[1].name',
        's.yaml:3 clients[1].authentication',
        's.yaml:4 role',
      ],
    );
  });
});
