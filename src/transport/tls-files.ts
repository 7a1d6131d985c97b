import type { KeyObject } from 'node:crypto';
import { constants, createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import type { TlsSettings } from '../config/configuration.ts';
import type { ListenerProblem } from './listener-error.ts';
import { ListenerError } from './listener-error.ts';

/** Key material as it was read at one time, checked. */
export interface TlsMaterial {
  readonly options: TlsOptions;
  readonly validFrom: Date;
  readonly validTo: Date;
}

interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly crl: Buffer | undefined;
}

type Refuse = (problem: ListenerProblem, cause?: unknown) => never;

/**
 * Reads the files of a TLS or WSS listener and checks that they can serve: readable, PEM, key unencrypted and belonging
 * to the certificate, a CA where clients are verified. Throws ListenerError naming the file and the remedy.
 */
export function loadTlsMaterial(listener: string, settings: TlsSettings): TlsMaterial {
  const refuse: Refuse = (problem, cause) => {
    throw new ListenerError(listener, problem, { cause });
  };
  const files = readTlsFiles(settings, refuse);
  const certificate = checkPair(settings, files, refuse);
  checkTrust(settings, files, refuse);
  const options = tlsOptions(settings, files);
  checkOptions(settings, options, refuse);
  return { options, validFrom: certificate.validFromDate, validTo: certificate.validToDate };
}

/** Differs when any of the files differs, readable or not. */
export function tlsFingerprint(settings: TlsSettings): string {
  const hash = createHash('sha256');
  for (const path of tlsPaths(settings)) {
    const content = readOrUndefined(path);
    hash.update(`${content?.length ?? 'unreadable'}:`).update(content ?? '');
  }
  return hash.digest('hex');
}

/** Paths of all files that the settings name. */
export function tlsPaths({ certFile, keyFile, caFile, crlFile }: TlsSettings): string[] {
  return [certFile, keyFile, caFile, crlFile].filter((path) => path !== undefined);
}

function readTlsFiles(settings: TlsSettings, refuse: Refuse): TlsFiles {
  const read = (field: string, path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      const message = `cannot be read (${errorCode(error)})`;
      return refuse(
        { field, value: path, message, remedy: 'give a PEM file that this user may read' },
        error,
      );
    }
  };
  const { certFile, keyFile, caFile, crlFile } = settings;
  return {
    cert: read('tls.cert_file', certFile),
    key: read('tls.key_file', keyFile),
    ca: caFile === undefined ? undefined : read('tls.ca_file', caFile),
    crl: crlFile === undefined ? undefined : read('tls.crl_file', crlFile),
  };
}

/** The leaf certificate, once it is known that the key is its own. */
function checkPair(
  { certFile, keyFile }: TlsSettings,
  { cert, key }: TlsFiles,
  refuse: Refuse,
): X509Certificate {
  const certificate = parseCertificate(cert);
  if (certificate === undefined) {
    const remedy = 'give a PEM file with the server certificate first and its intermediates after it';
    return refuse({ field: 'tls.cert_file', value: certFile, message: 'holds no certificate', remedy });
  }
  if (!certificate.checkPrivateKey(parseKey(keyFile, key, refuse))) {
    const message = `is not the key of the certificate in ${JSON.stringify(certFile)}`;
    return refuse({
      field: 'tls.key_file',
      value: keyFile,
      message,
      remedy: 'give the two files that belong together',
    });
  }
  return certificate;
}

function parseKey(keyFile: string, pem: Buffer, refuse: Refuse): KeyObject {
  if (pem.includes('ENCRYPTED')) {
    const remedy = 'store it unencrypted (openssl pkey -in KEY -out PLAIN) with file mode 0600';
    return refuse({ field: 'tls.key_file', value: keyFile, message: 'is an encrypted private key', remedy });
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // The parser's error is left out: nothing that has seen a key goes into a log.
    const remedy = 'give a PEM file with the unencrypted key of the server certificate';
    return refuse({ field: 'tls.key_file', value: keyFile, message: 'holds no private key', remedy });
  }
}

/** Without a CA of our own, Node would verify clients against the public ones: anybody could get a certificate. */
function checkTrust({ verify, caFile }: TlsSettings, { ca }: TlsFiles, refuse: Refuse): void {
  const field = 'tls.ca_file';
  const remedy = 'give a PEM file with the certificates of the CAs that issue client certificates';
  if (verify && caFile === undefined)
    refuse({ field, value: '', message: 'is missing although verify is on', remedy });
  if (caFile === undefined || ca === undefined) return;
  const blocks =
    ca.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) refuse({ field, value: caFile, message: 'holds no certificate', remedy });
  const broken = blocks.findIndex((block) => parseCertificate(block) === undefined);
  if (broken !== -1)
    refuse({ field, value: caFile, message: `certificate ${broken + 1} is not valid PEM`, remedy });
}

function tlsOptions({ verify, minVersion }: TlsSettings, { cert, key, ca, crl }: TlsFiles): TlsOptions {
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    minVersion,
    requestCert: verify,
    rejectUnauthorized: verify,
    // A renegotiation could present another certificate than the one that was read. A resumed session presents none:
    // with verify on there are neither tickets nor (Node keeps none of itself) a cache (TH30).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (verify ? constants.SSL_OP_NO_TICKET : 0),
  };
}

/** What only OpenSSL can say, such as a key that is too small or a CRL that does not parse. */
function checkOptions({ certFile, crlFile }: TlsSettings, options: TlsOptions, refuse: Refuse): void {
  const { crl, ...withoutCrl } = options;
  try {
    createSecureContext(withoutCrl);
  } catch (error) {
    const message = `is refused by OpenSSL (${errorCode(error)})`;
    refuse({
      field: 'tls.cert_file',
      value: certFile,
      message,
      remedy: 'issue a certificate with a stronger key',
    });
  }
  try {
    createSecureContext(options);
  } catch (error) {
    const message = `is refused by OpenSSL (${errorCode(error)})`;
    refuse({
      field: 'tls.crl_file',
      value: crlFile ?? '',
      message,
      remedy: 'give a PEM file with the CRL of each CA',
    });
  }
}

function parseCertificate(pem: Buffer | string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function readOrUndefined(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
