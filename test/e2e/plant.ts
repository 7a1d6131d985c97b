import { testCertificates } from '../support/certificates.ts';
import { passwordClient, testPassword } from '../support/password-records.ts';

/** What a CONNECT of this client brings. */
export function login(username: string): { readonly username: string; readonly password: string } {
  return { username, password: testPassword };
}

/** A small site: sensors that report and obey, a dashboard that reads and commands, an engineer who may all. */
export const plant = {
  clients: [
    passwordClient('sensor-1', [], { roles: ['sensor'] }),
    passwordClient('sensor-2', [], { roles: ['sensor'] }),
    passwordClient('dashboard', [
      { access: 'read', topic: 'sensors/#' },
      { access: 'write', topic: 'commands/#' },
    ]),
    passwordClient('engineer', [{ access: 'readWrite', topic: '#' }]),
  ],
  roles: [
    {
      name: 'sensor',
      permissions: [
        { access: 'write', topic: 'sensors/${username}/#' },
        { access: 'read', topic: 'commands/${username}/#' },
      ],
    },
  ],
};

/** A listener of every kind, named by its protocol; `mutual` is TLS that wants a client certificate. Two take any Origin. */
export async function everyListener(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { authority, server } = await testCertificates();
  const tls = { cert_file: server.certFile, key_file: server.keyFile };
  const verified = { ...tls, verify: true, ca_file: authority.caFile };
  return [
    { name: 'tcp', protocol: 'tcp', port: 0 },
    { name: 'tls', protocol: 'tls', port: 0, tls },
    { name: 'mutual', protocol: 'tls', port: 0, tls: verified },
    { name: 'ws', protocol: 'ws', port: 0 },
    { name: 'wss', protocol: 'wss', port: 0, tls },
    { name: 'ws-any-origin', protocol: 'ws', port: 0, allowed_origins: ['*'] },
    { name: 'wss-any-origin', protocol: 'wss', port: 0, allowed_origins: ['*'], tls },
  ];
}
