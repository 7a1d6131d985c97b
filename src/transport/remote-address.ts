import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Where a connection comes from, in canonical text. */
export interface RemoteEndpoint {
  readonly address: string;
  readonly port: number;
}

const mappedPrefix = '::ffff:';

/**
 * One text per address: IPv6 compressed in lower case without its zone, IPv4-mapped IPv6 as IPv4.
 * Undefined when the text is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const zone = text.indexOf('%');
  const withoutZone = zone === -1 ? text : text.slice(0, zone);
  if (!isIPv6(withoutZone)) return undefined;
  const { address } = new SocketAddress({ address: withoutZone, family: 'ipv6' });
  const tail = address.startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : '';
  return isIPv4(tail) ? tail : address;
}

/**
 * A predicate over canonical addresses. Entries are CIDR blocks or single addresses.
 * Throws RangeError with the entry that is neither.
 */
export function addressMatcher(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) addEntry(list, entry);
  return (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function addEntry(list: BlockList, entry: string): void {
  const [network = '', prefix, ...rest] = entry.split('/');
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const widest = family === 'ipv4' ? 32 : 128;
  const length = prefix === undefined ? widest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  const isNetwork = isIPv4(network) || (isIPv6(network) && !network.includes('%'));
  if (!isNetwork || rest.length > 0 || !(length <= widest)) throw new RangeError(entry);
  list.addSubnet(network, length, family);
}
