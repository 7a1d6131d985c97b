import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigurationError, noticeText } from '../../../src/config/configuration.ts';
import { loadConfiguration } from '../../../src/config/load.ts';

const cwd = mkdtempSync(join(tmpdir(), 'portcullis-config-'));
after(() => rmSync(cwd, { recursive: true, force: true }));
mkdirSync(join(cwd, 'etc'));
const write = (name: string, content: string | Buffer) => writeFileSync(join(cwd, name), content);

const load = (file?: string, env: Record<string, string> = {}, folder = cwd) =>
  loadConfiguration({ cwd: folder, env, hostname: () => 'host-1', ...(file === undefined ? {} : { file }) });

async function errorsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  try {
    await loading;
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.notices.map((notice) => noticeText(notice).replaceAll(cwd, 'CWD'));
  }
  return [];
}

describe('loadConfiguration', () => {
  it('without a file: the defaults, announced', async () => {
    const { configuration, security } = await load(undefined, {}, join(cwd, 'etc'));
    assert.deepEqual(
      configuration.listeners.map(({ name, host, port }) => [name, host, port]),
      [
        ['tcp', '127.0.0.1', 1883],
        ['ws', '127.0.0.1', 8084],
      ],
    );
    assert.equal(configuration.dataDir, join(cwd, 'etc', 'data'));
    assert.deepEqual(security, {
      clients: [],
      roles: [],
      providers: { order: ['basic'], basic: { stopOnReject: false } },
    });
    assert.deepEqual(configuration.warnings.map(noticeText), [
      'server_name: "host-1": is not set: the host name is used; set server_name to keep it when the host is renamed',
      'configuration: there is no portcullis.yaml: the defaults hold, and nobody is known; write portcullis.yaml, or give --config FILE',
    ]);
  });

  it('portcullis.yaml of the folder, if there is one', async () => {
    write('portcullis.yaml', 'server_name: found');
    assert.equal((await load()).configuration.serverName, 'found');
  });

  it('both files, each with its own folder, and the warnings of both', async () => {
    write('etc/p.yaml', 'server_name: s\nsecurity_file: s.yaml\nadmin: {}\nanonymous: { roles: [guest] }');
    write(
      'etc/s.yaml',
      "roles: [{ name: guest }]\nclients: [{ name: a, authentication: { kind: password, username: a, password: '${file:pw}' } }]",
    );
    write('etc/pw', 's3cret\n');
    const { configuration, security } = await load('etc/p.yaml');
    assert.equal(configuration.securityFile, join(cwd, 'etc/s.yaml'));
    assert.equal(security.clients[0]?.authentication.password, 's3cret');
    assert.deepEqual(configuration.warnings.map(noticeText), [
      'etc/p.yaml:3: admin: has no effect in this version; remove admin until then',
    ]);
  });

  it('the errors of both files at once', async () => {
    write(
      'both.yaml',
      'workers: x\nsecurity_file: both-s.yaml\nanonymous: { roles: [gest] }\nlimits: { topic_levels: 2 }',
    );
    write('both-s.yaml', 'roles: [{ name: guest, permissions: [{ access: read, topic: a/b/c }] }]\nfoo: 1');
    assert.deepEqual(await errorsOf(load('both.yaml')), [
      'both.yaml:1: workers: "x": must be a whole number of 1..256; write decimal digits, 1..256',
      'both.yaml:3: anonymous.roles[0]: "gest": there is no such role; did you mean "guest"?',
      'both-s.yaml:1: roles[0].permissions[0].topic: "a/b/c": has more than 2 levels; shorten it, or raise limits.topic_levels',
      'both-s.yaml:2: foo: unknown key; known keys: clients, roles, groups, group_rules, bans, providers',
    ]);
  });

  it('anonymous names a client or roles that exist', async () => {
    write('anonymous.yaml', 'anonymous: { client: nobody }');
    assert.deepEqual(await errorsOf(load('anonymous.yaml')), [
      'anonymous.yaml:1: anonymous.client: "nobody": there is no such client; add the client, or remove its name here',
    ]);
  });

  it('a security file that is not there is one error, not more', async () => {
    write('missing.yaml', 'server_name: s\nsecurity_file: none.yaml\nanonymous: { roles: [guest] }');
    assert.deepEqual(await errorsOf(load('missing.yaml')), [
      'missing.yaml:2: security_file: "CWD/none.yaml": there is no such file; name a file that can be read',
    ]);
  });

  it('TLS files of enabled listeners must be there; those of others need not', async () => {
    write(
      'tls.yaml',
      'listeners:\n- { name: a, protocol: tls, tls: { cert_file: c.pem, key_file: tls.yaml } }\n- { name: b, protocol: wss, enabled: no, tls: { cert_file: c.pem, key_file: k.pem } }',
    );
    assert.deepEqual(await errorsOf(load('tls.yaml')), [
      'tls.yaml:2: listeners[0].tls.cert_file: "CWD/c.pem": there is no such file; name a file that can be read',
    ]);
  });

  it('files that cannot be used', async () => {
    write('latin1.yaml', Buffer.from([0x61, 0xe4]));
    const remedy = 'name a readable file with --config FILE';
    assert.deepEqual(await errorsOf(load('none.yaml')), [
      `none.yaml: file: there is no such file; ${remedy}`,
    ]);
    assert.deepEqual(await errorsOf(load('etc')), [`etc: file: it is a folder; ${remedy}`]);
    assert.deepEqual(await errorsOf(load('latin1.yaml')), [
      `latin1.yaml: file: the file is not UTF-8; ${remedy}`,
    ]);
    assert.deepEqual(await errorsOf(load('server.conf')), [
      'server.conf: file: NATS configuration files are not available in this version; write portcullis.yaml',
    ]);
  });

  it('a file above 64 MiB is refused before it is parsed', async () => {
    const files = { read: (_: string, limit: number) => Buffer.alloc(limit + 1, '#') };
    assert.deepEqual(await errorsOf(loadConfiguration({ file: 'big.yaml', cwd, env: {}, files })), [
      'big.yaml: file: the file is larger than 67108864 bytes; name a readable file with --config FILE',
    ]);
  });

  it('a portcullis.yaml that may not be read does not give way to the defaults', async () => {
    const files = {
      read(): Buffer {
        throw Object.assign(new Error('denied'), { code: 'EACCES' });
      },
    };
    assert.deepEqual(await errorsOf(loadConfiguration({ cwd, env: {}, files })), [
      'portcullis.yaml: file: this process may not read the file; name a readable file with --config FILE',
    ]);
  });

  it('the warnings come with the errors', async () => {
    write('warned.yaml', 'server_name: s\nadmin: {}\nworkers: 0');
    await assert.rejects(load('warned.yaml'), (error: unknown) => {
      assert.ok(error instanceof ConfigurationError);
      assert.deepEqual(
        error.warnings.map(({ field }) => field),
        ['admin'],
      );
      return true;
    });
  });
});

describe('examples/', () => {
  it('load without a warning', async () => {
    const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
    const { configuration, security } = await load('portcullis.yaml', {}, examples);
    assert.deepEqual(configuration.warnings, []);
    assert.deepEqual(
      security.clients.map(({ name }) => name),
      ['sensor-001', 'dashboard'],
    );
  });
});
