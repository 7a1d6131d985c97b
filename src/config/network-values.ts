import { isIP } from 'node:net';
import { text } from './scalars.ts';
import type { Schema } from './schema.ts';

/** An IP address or host name to listen on. */
export function host(): Schema<string> {
  return text({
    type: 'address',
    example: '127.0.0.1, or 0.0.0.0 for all IPv4 addresses',
    check(value) {
      const hostName =
        /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
      const looksLikeIPv4 = /^[\d.]+$/.test(value);
      if (isIP(value) !== 0 || (!looksLikeIPv4 && hostName.test(value))) return undefined;
      const remedy = 'write 127.0.0.1, ::1 (without brackets or port), 0.0.0.0 for all, or a host name';
      return { message: 'is not an IP address or host name', remedy };
    },
  });
}

/** `10.0.0.0/8`, `fd00::/8`. */
export function cidr(): Schema<string> {
  return text({
    type: 'CIDR block',
    example: 'a block such as 10.0.0.0/8',
    check(value) {
      const [, address = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(value) ?? [];
      const family = isIP(address);
      if (family !== 0 && Number(length) <= (family === 4 ? 32 : 128)) return undefined;
      const whole = isIP(value) === 0 ? '10.0.0.0/8 or fd00::/8' : `${value}/${isIP(value) === 4 ? 32 : 128}`;
      return { message: 'is not a CIDR block', remedy: `write address/length, such as ${whole}` };
    },
  });
}

/** `https://console.example.com:8443` exactly as a browser sends it, or `*`. */
export function webOrigin(): Schema<string> {
  return text({
    type: 'origin',
    example: 'https://console.example.com, or *',
    check(value) {
      if (value === '*') return undefined;
      const exact = exactOrigin(value);
      if (exact === value) return undefined;
      const remedy =
        exact === undefined ? 'write https://console.example.com, or * for all' : `write ${exact}`;
      return { message: 'is not an exact origin', remedy };
    },
  });
}

function exactOrigin(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined;
  const { origin, protocol } = new URL(value);
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}
