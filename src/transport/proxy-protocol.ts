import { isIPv4, isIPv6 } from 'node:net';
import type { RemoteEndpoint } from './remote-address.ts';
import { canonicalAddress } from './remote-address.ts';

/** Longest version 1 header with its CRLF (PROXY protocol, 2.1). */
const V1_BYTES_MAX = 107;
/** Longest version 2 header that is read; the specification allows 65,551, senders use a few hundred. */
const V2_BYTES_MAX = 4096;
const V2_FIXED_BYTES = 16;

const v1Prefix = Buffer.from('PROXY ', 'latin1');
const v2Signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

export type ProxyHeader =
  /** So far the bytes are the beginning of a header. */
  | { readonly kind: 'incomplete' }
  /** `source` is absent when the proxy speaks for itself (LOCAL) or does not know (UNKNOWN, UNSPEC). */
  | { readonly kind: 'complete'; readonly byteLength: number; readonly source?: RemoteEndpoint }
  | { readonly kind: 'malformed'; readonly reason: string };

const incomplete: ProxyHeader = { kind: 'incomplete' };

/** Reads a PROXY protocol header, version 1 or 2, from the first bytes of a connection (row P9). */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes.length === 0) return incomplete;
  if (startsLike(bytes, v2Signature)) return parseV2(bytes);
  if (startsLike(bytes, v1Prefix)) return parseV1(bytes);
  return malformed('the connection does not begin with a PROXY header');
}

/** Whether as many bytes as there are agree with the signature. */
function startsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.subarray(0, length).equals(signature.subarray(0, length));
}

function malformed(reason: string): ProxyHeader {
  return { kind: 'malformed', reason };
}

function complete(byteLength: number, source: RemoteEndpoint | undefined): ProxyHeader {
  return source === undefined ? { kind: 'complete', byteLength } : { kind: 'complete', byteLength, source };
}

/** PROXY protocol, 2.1: `PROXY TCP4 source destination sourcePort destinationPort\r\n`. */
function parseV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_BYTES_MAX).indexOf('\r\n', 0, 'latin1');
  if (end === -1) {
    return bytes.length < V1_BYTES_MAX
      ? incomplete
      : malformed(`version 1: no CRLF in ${V1_BYTES_MAX} bytes`);
  }
  const byteLength = end + 2;
  const fields = bytes.toString('latin1', 0, end).split(' ');
  // Whatever follows UNKNOWN on the line is ignored, says the specification.
  if (fields[1] === 'UNKNOWN') return complete(byteLength, undefined);

  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = fields;
  if (fields.length !== 6) return malformed('version 1: not six fields');
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : undefined;
  if (isAddress === undefined) return malformed('version 1: protocol is not TCP4, TCP6 or UNKNOWN');
  if (!isAddress(source) || !isAddress(destination))
    return malformed(`version 1: not an address of ${family}`);
  if (!isPort(sourcePort) || !isPort(destinationPort)) return malformed('version 1: not a port');
  const address = canonicalAddress(source);
  return address === undefined
    ? malformed('version 1: not an address')
    : complete(byteLength, { address, port: Number(sourcePort) });
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** Decimal, 0..65535, without leading zeros. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

const localCommand = 0;
const proxyCommand = 1;

/** Address families and transports of version 2 that carry an MQTT connection, and where the source stands. */
const v2Families = new Map([
  [0x11, { addressBytes: 4, blockBytes: 12, text: ipv4Text }],
  [0x21, { addressBytes: 16, blockBytes: 36, text: ipv6Text }],
]);
const v2Unspecified = 0x00;

/** PROXY protocol, 2.2: signature, version and command, family, length, addresses, TLVs (which are skipped). */
function parseV2(bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_FIXED_BYTES) return incomplete;
  const versionAndCommand = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const blockBytes = bytes.readUInt16BE(14);
  const byteLength = V2_FIXED_BYTES + blockBytes;
  const command = versionAndCommand & 0x0f;
  if (versionAndCommand >> 4 !== 2) return malformed('version 2: the version is not 2');
  if (command !== localCommand && command !== proxyCommand) return malformed('version 2: unknown command');
  if (byteLength > V2_BYTES_MAX) return malformed(`version 2: longer than ${V2_BYTES_MAX} bytes`);

  const layout = v2Families.get(family);
  const carriesSource = command === proxyCommand && family !== v2Unspecified;
  if (carriesSource && layout === undefined)
    return malformed('version 2: neither TCP over IPv4 nor over IPv6');
  if (carriesSource && layout !== undefined && blockBytes < layout.blockBytes) {
    return malformed('version 2: too short for its addresses');
  }
  if (bytes.length < byteLength) return incomplete;
  if (!carriesSource || layout === undefined) return complete(byteLength, undefined);

  const portOffset = V2_FIXED_BYTES + 2 * layout.addressBytes;
  const address = canonicalAddress(layout.text(bytes.subarray(V2_FIXED_BYTES)));
  return address === undefined
    ? malformed('version 2: not an address')
    : complete(byteLength, { address, port: bytes.readUInt16BE(portOffset) });
}

function ipv4Text(bytes: Buffer): string {
  return bytes.subarray(0, 4).join('.');
}

function ipv6Text(bytes: Buffer): string {
  return [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => bytes.readUInt16BE(offset).toString(16)).join(':');
}
