// Rules for the SIP listeners of the zones: no two on one socket, certificates only where TLS is, an address that peers can
// use, and above all no open door: an outside zone takes requests only from networks that are listed.
import { familyOf, hidesFromPeers, parseHostPort, reachOf } from './addresses.ts';
import type { Finding } from './finding.ts';
import { type KeyPath, printable } from './problem.ts';
import type { Config, ListenerConfig, ZoneConfig } from './schema.ts';

export function listenerFindings(config: Config): readonly Finding[] {
  return [
    ...collisions(config),
    ...config.zones.flatMap((zone, index) => [
      ...allowFindings(zone, ['zones', index]),
      ...zone.listeners.flatMap((listener, at) => listenerRules(zone, listener, ['zones', index, 'listeners', at])),
    ]),
  ];
}

function listenerRules(zone: ZoneConfig, listener: ListenerConfig, path: KeyPath): readonly Finding[] {
  return [...credentialRules(listener, path), ...advertisedRules(zone, listener, path)];
}

function credentialRules({ protocol, certificate, key }: ListenerConfig, path: KeyPath): readonly Finding[] {
  const given = certificate === undefined ? key !== undefined : true;
  if (protocol !== 'tls') {
    const name = certificate === undefined ? 'key' : 'certificate';
    return given
      ? [{ severity: 'error', path: [...path, name], message: `belongs to protocol: tls only, found protocol: ${protocol}` }]
      : [];
  }
  if ((certificate === undefined) === (key === undefined)) return [];
  const [present, absent] = certificate === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
  const message = `is given without ${absent}, allowed: both, or none for a certificate that Weir makes itself`;
  return [{ severity: 'error', path: [...path, present ?? ''], message }];
}

function advertisedRules(zone: ZoneConfig, listener: ListenerConfig, path: KeyPath): readonly Finding[] {
  const { address, advertised } = listener;
  if (advertised !== undefined && parseHostPort(advertised) === undefined) {
    const message = `found "${printable(advertised)}", allowed: host, host:port, or [IPv6 address]:port`;
    return [{ severity: 'error', path: [...path, 'advertised'], message }];
  }
  if (advertised === undefined && reachOf(address) === 'unspecified') {
    const message = `${address} (all addresses) cannot be told to peers: set advertised, or listen on one address`;
    return [{ severity: 'error', path: [...path, 'address'], message }];
  }
  const told = advertised === undefined ? address : (parseHostPort(advertised)?.host ?? '');
  if (zone.side !== 'outside' || !hidesFromPeers(address, told)) return [];
  const message = `tells outside peers the address ${told}, which they cannot reach over the internet; set advertised if they come from there`;
  return [{ severity: 'warning', path: [...path, advertised === undefined ? 'address' : 'advertised'], message }];
}

function allowFindings(zone: ZoneConfig, path: KeyPath): readonly Finding[] {
  const everyone = zone.allow.findIndex((network) => network.endsWith('/0'));
  if (everyone >= 0 && zone.side === 'outside') {
    const message = `${zone.allow[everyone]} takes requests from everyone, and Weir has no authentication yet: anyone can place calls`;
    return [{ severity: 'warning', path: [...path, 'allow', everyone], message }];
  }
  const exposed = zone.listeners.find((listener) => reachOf(listener.address) !== 'loopback');
  if (zone.allow.length > 0 || exposed === undefined) return [];
  const message =
    zone.side === 'outside'
      ? `is empty while the zone listens on ${exposed.address}. Weir has no authentication yet: list the networks whose requests it may take`
      : `is empty while the zone listens on ${exposed.address}: requests from the pool would be refused; list its networks`;
  return [{ severity: zone.side === 'outside' ? 'error' : 'warning', path: [...path, 'allow'], message }];
}

function collisions(config: Config): readonly Finding[] {
  const taken: { listener: ListenerConfig; where: string }[] = [];
  return config.zones.flatMap((zone, index) =>
    zone.listeners.flatMap((listener, at): Finding[] => {
      const other = taken.find((entry) => shareSocket(entry.listener, listener));
      taken.push({ listener, where: `zones[${index}].listeners[${at}]` });
      if (other === undefined) return [];
      const message = `${listener.address} port ${listener.port} is taken by ${other.where}`;
      return [{ severity: 'error', path: ['zones', index, 'listeners', at, 'port'], message }];
    }),
  );
}

function shareSocket(a: ListenerConfig, b: ListenerConfig): boolean {
  // tcp and tls share the TCP port space; udp has its own.
  if (a.port !== b.port || (a.protocol === 'udp') !== (b.protocol === 'udp')) return false;
  if (familyOf(a.address) !== familyOf(b.address)) return false;
  return a.address === b.address || reachOf(a.address) === 'unspecified' || reachOf(b.address) === 'unspecified';
}
