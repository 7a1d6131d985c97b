import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root } from './paths.ts';

/** A broker under load: 50 users u<i> with password p<i> and rights below t/u<i>/, and `sub` that reads t/#. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  stop(): void;
}

const USERS = 50;
const users = Array.from({ length: USERS }, (_, index) => ({ name: `u${index}`, password: `p${index}` }));

/** The built broker of a checkout: this one, or another commit's. */
export async function startPortcullis(name: string, checkout: string, folder: string): Promise<Peer> {
  const port = await freePort();
  const config = {
    listeners: [{ name: 'tcp', protocol: 'tcp', port }],
    security_file: 'security.yaml',
  };
  const security = {
    clients: [
      ...users.map(({ name: username, password }) => ({
        name: username,
        authentication: { kind: 'password', username, password },
        roles: ['own'],
      })),
      {
        name: 'sub',
        authentication: { kind: 'password', username: 'sub', password: 'sub' },
        permissions: [{ access: 'read', topic: 't/#' }],
      },
    ],
    roles: [{ name: 'own', permissions: [{ access: 'readWrite', topic: 't/${username}/#' }] }],
  };
  mkdirSync(folder, { recursive: true });
  // JSON is YAML.
  writeFileSync(join(folder, 'portcullis.yaml'), JSON.stringify(config));
  writeFileSync(join(folder, 'security.yaml'), JSON.stringify(security), { mode: 0o600 });
  const args = ['--max-semi-space-size=64', join(checkout, 'dist', 'main.js'), 'start', '--config'];
  const child = spawn(process.execPath, [...args, join(folder, 'portcullis.yaml')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await untilReady(child, name);
  return peer(name, port, child);
}

/** Debian's mosquitto with the same users and rules, without limits of its own. */
export async function startMosquitto(folder: string): Promise<Peer> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const passwords = join(folder, 'passwords');
  const plain = [...users, { name: 'sub', password: 'sub' }];
  writeFileSync(passwords, plain.map(({ name, password }) => `${name}:${password}\n`).join(''));
  execFileSync('mosquitto_passwd', ['-U', passwords]);
  writeFileSync(join(folder, 'acl'), 'pattern readwrite t/%u/#\nuser sub\ntopic read t/#\n');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous false',
    `password_file ${passwords}`,
    `acl_file ${join(folder, 'acl')}`,
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'set_tcp_nodelay true',
    'log_dest none',
    'user root',
  ];
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  const child = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
  await untilListening(port);
  return peer('mosquitto', port, child);
}

function peer(name: string, port: number, child: ChildProcess): Peer {
  return { name, port, pid: child.pid as number, stop: () => child.kill('SIGTERM') };
}

function untilReady(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('ready\n')) resolve();
    });
    child.once('exit', (code) =>
      reject(new Error(`${name} ended with ${code} before it was ready; run npm run build`)),
    );
  });
}

async function untilListening(port: number): Promise<void> {
  const { connect } = await import('node:net');
  for (let attempt = 0; attempt < 100; attempt++) {
    const reached = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (reached) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Makes the load generator; it needs a C compiler. */
export function buildLoadGenerator(): string {
  const folder = join(root, 'bench', 'end-to-end', 'mqload');
  execFileSync('make', ['-s', '-C', folder], { stdio: 'inherit' });
  return join(folder, 'mqload');
}
