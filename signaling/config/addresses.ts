// What an address in the configuration means for peers: can they reach it, and from where.
import ipaddr from 'ipaddr.js';
import { formatUri, hostAddress, parseUri } from '../sip/message/uri.ts';

/** `unspecified` = all interfaces; `private` includes carrier-grade NAT and link-local; `name` = a host name. */
export type Reach = 'loopback' | 'unspecified' | 'private' | 'public' | 'name';

export function reachOf(host: string): Reach {
  if (!ipaddr.isValid(host)) return 'name';
  const range = ipaddr.process(host).range();
  if (range === 'loopback' || range === 'unspecified') return range;
  return ['private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'].includes(range) ? 'private' : 'public';
}

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** A private or loopback address told to the world; a listener that is itself on loopback is a demo or a test. */
export function hidesFromPeers(address: string, told: string): boolean {
  const reach = reachOf(told);
  return reach === 'private' || (reach === 'loopback' && reachOf(address) !== 'loopback');
}

export interface HostPort {
  /** Without brackets. */
  readonly host: string;
  readonly port?: number;
}

/** host, host:port, [v6] or [v6]:port, by the grammar of a SIP URI's hostport; a bare IPv6 address is taken too. */
export function parseHostPort(text: string): HostPort | undefined {
  if (ipaddr.IPv6.isValid(text)) return { host: text };
  const uri = parseUri(`sip:${text}`);
  if (uri === undefined || uri.host === '' || uri.user !== undefined || uri.params.size > 0 || uri.headers !== '') return undefined;
  if (formatUri(uri) !== `sip:${text}`) return undefined;
  return { host: hostAddress(uri), ...(uri.port === undefined ? {} : { port: uri.port }) };
}
