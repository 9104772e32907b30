// RFC 3263 section 4 as one pure function: from a URI and what is known of DNS to the list of targets, best first. It is run
// again whenever more is known; what it misses it simply asks of the view, which notes the question and answers "nothing yet".
import { isIP } from 'node:net';
import { hostAddress, type SipUri } from '../message/uri.ts';
import type { Protocol, Target } from '../transport/flow.ts';
import type { AddressRecord, NaptrRecord, SrvRecord } from './dns-lookup.ts';

/** What the asker can send with, in order of preference. */
export interface Reach {
  readonly protocols: readonly Protocol[];
  readonly families: readonly (4 | 6)[];
}

/** Answers in the order to be tried; an empty list when there is none or it is not known yet. */
export interface DnsView {
  naptr(name: string): readonly NaptrRecord[];
  srv(name: string): readonly SrvRecord[];
  a(name: string): readonly AddressRecord[];
  aaaa(name: string): readonly AddressRecord[];
}

export type UriError = 'unsupported-scheme' | 'unsupported-transport' | 'bad-host' | 'bad-port';
export type TargetList =
  | { readonly kind: 'targets'; readonly targets: readonly Target[] }
  | { readonly kind: 'error'; readonly error: UriError };

interface Search {
  readonly host: string;
  readonly secure: boolean;
  readonly reach: Reach;
  readonly view: DnsView;
}

const srvPrefix: Readonly<Record<Protocol, string>> = {
  udp: '_sip._udp.',
  tcp: '_sip._tcp.',
  tls: '_sips._tcp.',
  ws: '_sip._ws.',
  wss: '_sips._ws.',
};

/** NAPTR services of RFC 3263 4.1 and RFC 7118 6. */
const naptrService: ReadonlyMap<string, Protocol> = new Map([
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2T', 'tls'],
  ['SIP+D2W', 'ws'],
  ['SIPS+D2W', 'wss'],
]);

export function defaultPort(protocol: Protocol): number {
  switch (protocol) {
    case 'udp':
    case 'tcp':
      return 5060;
    case 'tls':
      return 5061;
    case 'ws':
      return 80;
    case 'wss':
      return 443;
  }
}

export function listTargets(uri: SipUri, reach: Reach, view: DnsView): TargetList {
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return { kind: 'error', error: 'unsupported-scheme' };
  if (uri.port !== undefined && !isPort(uri.port)) return { kind: 'error', error: 'bad-port' };
  const secure = uri.scheme === 'sips';
  const host = hostName(uri);
  if (host === undefined) return { kind: 'error', error: 'bad-host' };
  const named = namedProtocol(uri, secure);
  if (named === 'unknown' || (named !== undefined && !reach.protocols.includes(named)))
    return { kind: 'error', error: 'unsupported-transport' };
  const search: Search = { host, secure, reach, view };

  // RFC 3263 4.1: a numeric host or a port in the URI takes the default transport and 4.2 then needs no SRV.
  if (isIP(host) !== 0 || uri.port !== undefined) {
    const protocol = named ?? (secure ? 'tls' : 'udp');
    if (!reach.protocols.includes(protocol)) return { kind: 'error', error: 'unsupported-transport' };
    return found(atHost(search, protocol, host, uri.port ?? defaultPort(protocol)));
  }
  if (named !== undefined) return found(byService(search, [[named, srvPrefix[named] + host]], named));
  const naptr = usableNaptr(search);
  if (naptr.length > 0) return found(byService(search, naptr, naptr[0]?.[0]));
  const services = reach.protocols.filter((protocol) => !secure || isSecure(protocol));
  if (services.length === 0) return { kind: 'error', error: 'unsupported-transport' };
  const fallback: Protocol = secure ? 'tls' : 'udp';
  return found(
    byService(
      search,
      services.map((protocol) => [protocol, srvPrefix[protocol] + host]),
      services.includes(fallback) ? fallback : services[0],
    ),
  );
}

function found(targets: readonly Target[]): TargetList {
  return { kind: 'targets', targets };
}

/** All SRV names in order; when none has a record, the host itself on the default port of `fallback` (RFC 3263 4.2). */
function byService(search: Search, services: readonly (readonly [Protocol, string])[], fallback: Protocol | undefined): Target[] {
  const targets: Target[] = [];
  let answered = false;
  for (const [protocol, name] of services) {
    for (const record of search.view.srv(name)) {
      answered = true;
      // RFC 2782: a target of "." says that the service is decidedly not there; no fallback to the address of the host.
      const host = cleanName(record.target);
      if (host !== undefined && isPort(record.port)) targets.push(...atHost(search, protocol, host, record.port));
    }
  }
  if (answered || fallback === undefined) return targets;
  return atHost(search, fallback, search.host, defaultPort(fallback));
}

function atHost(search: Search, protocol: Protocol, host: string, port: number): Target[] {
  // RFC 5922 7.1: the certificate must carry the name of the URI, not the name that SRV led to.
  const serverName = isSecure(protocol) && isIP(search.host) === 0 ? { serverName: search.host } : {};
  return addresses(search, host).map((address) => ({ protocol, address, port, ...serverName }));
}

function addresses(search: Search, host: string): string[] {
  const family = isIP(host);
  if (family !== 0) return search.reach.families.some((one) => one === family) ? [host] : [];
  return search.reach.families.flatMap((one) => {
    const records = one === 4 ? search.view.a(host) : search.view.aaaa(host);
    return records.map((record) => record.address).filter((address) => isIP(address) === one);
  });
}

/** RFC 3263 4.1: services we cannot use and, for sips, those without TLS are dropped first; then order, then preference. */
function usableNaptr(search: Search): (readonly [Protocol, string])[] {
  const usable: { order: number; preference: number; protocol: Protocol; name: string }[] = [];
  for (const { order, preference, flags, service, replacement } of search.view.naptr(search.host)) {
    const protocol = naptrService.get(service.toUpperCase());
    const name = cleanName(replacement);
    // Only terminal "s" records: following other rewrites is not needed for SIP and could loop.
    if (protocol === undefined || name === undefined || flags.toLowerCase() !== 's') continue;
    if (!search.reach.protocols.includes(protocol) || (search.secure && !isSecure(protocol))) continue;
    usable.push({ order, preference, protocol, name });
  }
  usable.sort((a, b) => a.order - b.order || a.preference - b.preference);
  return usable.map(({ protocol, name }) => [protocol, name]);
}

/** undefined: the URI does not say. sips with tcp means TLS over TCP (RFC 3261 26.2.2); transport=tls is old but common. */
function namedProtocol(uri: SipUri, secure: boolean): Protocol | 'unknown' | undefined {
  if (!uri.params.has('transport')) return undefined;
  switch (uri.params.get('transport')?.toLowerCase()) {
    case 'udp':
      return secure ? 'unknown' : 'udp';
    case 'tcp':
      return secure ? 'tls' : 'tcp';
    case 'tls':
      return 'tls';
    case 'ws':
      return secure ? 'wss' : 'ws';
    case 'wss':
      return 'wss';
    default:
      return 'unknown';
  }
}

/** RFC 3263 4: TARGET is maddr when there is one. */
function hostName(uri: SipUri): string | undefined {
  return cleanName(hostAddress({ host: uri.params.get('maddr') ?? uri.host }));
}

/** Lower case, no root dot; undefined for what cannot be asked for: every question leaves as a name we have checked. */
function cleanName(text: string): string | undefined {
  if (isIP(text) !== 0) return text;
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.length > 253 || !/^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name)) return undefined;
  // A name that ends in a number is a mistyped address (RFC 1123 2.1), never a name to be asked for.
  return /(^|\.)[0-9]+$/.test(name) ? undefined : name;
}

function isSecure(protocol: Protocol): boolean {
  return protocol === 'tls' || protocol === 'wss';
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
