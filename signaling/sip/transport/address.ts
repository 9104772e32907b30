// IP addresses as text, the way the kernel and SIP write them. Names are resolved elsewhere; nothing in here asks anybody.
import { isIP } from 'node:net';

/** ::ffff:192.0.2.1 is 192.0.2.1: a peer is one peer on whatever socket it arrives. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** As it stands in a URI or Via (RFC 3261 25.1 IPv6reference). */
export function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** As it stands in Via received (RFC 3261 25.1 via-received): no brackets, and our scope means nothing to the peer. */
export function withoutScope(address: string): string {
  const percent = address.indexOf('%');
  return percent < 0 ? address : address.slice(0, percent);
}

export function familyOf(address: string): 4 | 6 | undefined {
  const family = isIP(address);
  return family === 4 || family === 6 ? family : undefined;
}

/** Who counts as one source: an IPv4 address, or an IPv6 /64, since that is what one customer is given (RFC 6177). */
export function sourceKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = withoutScope(address).split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(8 - front.length - back.length, 0);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

export interface HostPort {
  /** IPv6 in brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/** "host", "host:port", "2001:db8::1", "[2001:db8::1]:5060"; undefined when it is none of these. */
export function parseHostPort(text: string): HostPort | undefined {
  if (isIP(text) !== 0) return { host: bracketed(text), port: undefined };
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/.exec(text);
  const host = match?.[1];
  if (host === undefined || (host.startsWith('[') && isIP(host.slice(1, -1)) !== 6)) return undefined;
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  return port !== undefined && (port < 1 || port > 65_535) ? undefined : { host, port };
}
