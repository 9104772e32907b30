// Rules for pools and routing: names that exist, on the side they belong to, and node addresses that the zone can reach.
import { hostAddress, isSip, parseUri, type SipUri } from '../sip/message/uri.ts';
import { familyOf, reachOf } from './addresses.ts';
import { type Finding, uniqueNames } from './finding.ts';
import { type KeyPath, printable } from './problem.ts';
import type { Config, PoolConfig, ZoneConfig } from './schema.ts';
import { suggestion } from './suggestion.ts';

const uriForm = 'a SIP URI such as sip:192.0.2.10:5060;transport=tcp';

export function poolFindings(config: Config): readonly Finding[] {
  return config.pools.flatMap((pool, index) => {
    const path = ['pools', index];
    const zone = zoneNamed(config, pool.zone, [...path, 'zone']);
    const nodes = pool.nodes.flatMap((node, at) => uriFindings(node.uri, zone.zone, [...path, 'nodes', at, 'uri']));
    return [...zone.findings, ...uniqueNames(pool.nodes, [...path, 'nodes']), ...nodes];
  });
}

export function routingFindings(config: Config): readonly Finding[] {
  return [...inboundFindings(config), ...outboundFindings(config)];
}

function inboundFindings(config: Config): readonly Finding[] {
  const name = config.routing.pool;
  const path = ['routing', 'pool'];
  if (name === undefined) {
    return [{ severity: 'warning', path, message: 'is not set: calls from outside zones will be refused' }];
  }
  const pool = config.pools.find((entry) => entry.name === name);
  if (pool === undefined) return [unknown('pool', name, config.pools, path)];
  return sideFinding(config, pool, path);
}

function sideFinding(config: Config, pool: PoolConfig, path: KeyPath): readonly Finding[] {
  const zone = config.zones.find((entry) => entry.name === pool.zone);
  if (zone === undefined || zone.side === 'inside') return [];
  const message = `pool "${pool.name}" is in zone "${zone.name}", which is outside; allowed: a pool in an inside zone`;
  return [{ severity: 'error', path, message }];
}

function outboundFindings(config: Config): readonly Finding[] {
  const outbound = config.routing.outbound;
  if (outbound === undefined) return [];
  const path = ['routing', 'outbound'];
  const { zone, findings } = zoneNamed(config, outbound.zone, [...path, 'zone']);
  const wrongSide: Finding[] =
    zone?.side === 'inside'
      ? [{ severity: 'error', path: [...path, 'zone'], message: `"${zone.name}" is an inside zone, allowed: an outside zone` }]
      : [];
  const nextHop = outbound.nextHop === undefined ? [] : uriFindings(outbound.nextHop, zone, [...path, 'nextHop']);
  return [...findings, ...wrongSide, ...nextHop];
}

function uriFindings(text: string, zone: ZoneConfig | undefined, path: KeyPath): readonly Finding[] {
  const uri = parseUri(text);
  if (uri === undefined || !isSip(uri) || uri.host === '')
    return [{ severity: 'error', path, message: `found "${printable(text)}", allowed: ${uriForm}` }];
  return zone === undefined ? [] : reachFindings(uri, zone, path);
}

/** A zone without a listener of that protocol and family has nothing to send from. */
function reachFindings(uri: SipUri, zone: ZoneConfig, path: KeyPath): readonly Finding[] {
  const protocol = protocolOf(uri);
  const listeners = zone.listeners.filter((listener) => protocol === undefined || listener.protocol === protocol);
  if (listeners.length === 0) {
    return [{ severity: 'error', path, message: `needs ${protocol}, but zone "${zone.name}" has no ${protocol} listener to send from` }];
  }
  const host = hostAddress(uri);
  if (reachOf(host) === 'name' || listeners.some((listener) => familyOf(listener.address) === familyOf(host))) return [];
  return [{ severity: 'error', path, message: `is IPv${familyOf(host)}, but zone "${zone.name}" has no listener of that family` }];
}

/** RFC 3263 section 4.1 for a literal address: what the URI says, else udp; a host name is left to DNS. */
function protocolOf(uri: SipUri): 'udp' | 'tcp' | 'tls' | undefined {
  if (uri.scheme === 'sips') return 'tls';
  const transport = uri.params.get('transport')?.toLowerCase();
  if (transport === 'udp' || transport === 'tcp' || transport === 'tls') return transport;
  return reachOf(hostAddress(uri)) === 'name' ? undefined : 'udp';
}

function zoneNamed(config: Config, name: string, path: KeyPath): { zone: ZoneConfig | undefined; findings: readonly Finding[] } {
  const zone = config.zones.find((entry) => entry.name === name);
  return { zone, findings: zone === undefined ? [unknown('zone', name, config.zones, path)] : [] };
}

function unknown(what: 'zone' | 'pool', name: string, known: readonly { readonly name: string }[], path: KeyPath): Finding {
  const names = known.map((entry) => entry.name);
  const hint = suggestion(name, names);
  return {
    severity: 'error',
    path,
    message: `there is no ${what} "${printable(name)}"${hint === '' ? `, allowed: ${names.join(', ') || 'none defined'}` : hint}`,
  };
}
