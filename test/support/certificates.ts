import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './run-program.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateRequest {
  /** As openssl writes it: `/O=Plant 7/CN=sensor-001`; a name may stand more than once. */
  readonly subject: string;
  /** As openssl writes it: `DNS:localhost,IP:127.0.0.1`. */
  readonly subjectAltName?: string;
  readonly usage?: 'clientAuth' | 'serverAuth';
  readonly days?: number;
}

/** A certificate authority made for one test process. */
export class CertificateAuthority {
  readonly caFile: string;
  readonly directory: string;
  private readonly keyFile: string;
  private issued = 0;

  private constructor(directory: string) {
    this.directory = directory;
    this.caFile = join(directory, 'ca.pem');
    this.keyFile = join(directory, 'ca-key.pem');
  }

  static async create(name = 'Portcullis test CA'): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(temporaryDirectory('certificates'));
    await mustRun('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
      ...['-keyout', authority.keyFile, '-out', authority.caFile, '-subj', `/CN=${name}`],
      ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ]);
    return authority;
  }

  /** Issues a certificate with a key of its own. */
  async issue(request: CertificateRequest): Promise<Certificate> {
    this.issued += 1;
    const stem = join(this.directory, `issued-${this.issued}`);
    const made = { certFile: `${stem}.pem`, keyFile: `${stem}-key.pem` };
    const extensions = [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      `extendedKeyUsage=${request.usage ?? 'clientAuth'}`,
      ...(request.subjectAltName === undefined ? [] : [`subjectAltName=${request.subjectAltName}`]),
    ];
    writeFileSync(`${stem}.ext`, `${extensions.join('\n')}\n`);
    await mustRun('openssl', [
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-utf8'],
      ...['-keyout', made.keyFile, '-out', `${stem}.csr`, '-subj', request.subject],
    ]);
    await mustRun('openssl', [
      ...['x509', '-req', '-in', `${stem}.csr`, '-out', made.certFile, '-extfile', `${stem}.ext`],
      ...['-CA', this.caFile, '-CAkey', this.keyFile, '-set_serial', String(1000 + this.issued)],
      ...['-days', String(request.days ?? 30)],
    ]);
    return made;
  }

  /** A client certificate with this common name. */
  client(commonName: string): Promise<Certificate> {
    return this.issue({ subject: `/CN=${commonName}` });
  }

  /** A server certificate for localhost and 127.0.0.1. */
  server(): Promise<Certificate> {
    return this.issue({
      subject: '/CN=localhost',
      subjectAltName: 'DNS:localhost,IP:127.0.0.1',
      usage: 'serverAuth',
    });
  }
}

export interface TestCertificates {
  readonly authority: CertificateAuthority;
  readonly server: Certificate;
}

let made: Promise<TestCertificates> | undefined;

/** A CA with a server certificate, made once per test process. Needs the program openssl. */
export function testCertificates(): Promise<TestCertificates> {
  made ??= CertificateAuthority.create().then(async (authority) => ({
    authority,
    server: await authority.server(),
  }));
  return made;
}
