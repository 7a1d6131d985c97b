import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate, CertificateAuthority } from '../../support/certificates.ts';
import { mustRun } from '../../support/run-program.ts';

/** A CRL of the test CA that names these certificates; gives its path. */
export async function revocationList(
  authority: CertificateAuthority,
  revoked: readonly Certificate[],
): Promise<string> {
  const inFolder = (name: string): string => join(authority.directory, name);
  const settings = {
    database: inFolder('index.txt'),
    certificate: authority.caFile,
    private_key: inFolder('ca-key.pem'),
    default_md: 'sha256',
    default_crl_days: '30',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(inFolder('ca.cnf'), ['[ca]', 'default_ca = test', '[test]', ...lines, ''].join('\n'));
  writeFileSync(settings.database, '');
  const ca = (...args: readonly string[]): Promise<unknown> =>
    mustRun('openssl', ['ca', '-config', inFolder('ca.cnf'), ...args]);
  for (const { certFile } of revoked) await ca('-revoke', certFile);
  const crlFile = inFolder('crl.pem');
  await ca('-gencrl', '-out', crlFile);
  return crlFile;
}
