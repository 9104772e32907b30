// Rules for media: the port range, one address per family and zone, and addresses that peers can send to.
import { familyOf, hidesFromPeers, reachOf } from './addresses.ts';
import type { Finding } from './finding.ts';
import type { KeyPath } from './problem.ts';
import type { Config, ZoneConfig } from './schema.ts';

export function mediaFindings(config: Config): readonly Finding[] {
  return [
    ...portFindings(config),
    ...config.zones.flatMap((zone, index) => [
      ...familyFindings(zone, ['zones', index, 'media']),
      ...passFindings(config, zone, ['zones', index, 'srtp']),
      ...zone.media.flatMap((media, at) => addressFindings(zone, media, ['zones', index, 'media', at])),
      ...listenersInRange(config, zone, ['zones', index, 'listeners']),
    ]),
  ];
}

function portFindings({ media: { ports, workers } }: Config): readonly Finding[] {
  const path: KeyPath = ['media', 'ports'];
  if (ports.min >= ports.max) {
    return [{ severity: 'error', path: [...path, 'min'], message: `found ${ports.min}, allowed: less than max (${ports.max})` }];
  }
  const findings: Finding[] = [];
  if (ports.min % 2 === 1) {
    // RFC 3550 section 11: RTP on an even port, RTCP on the odd one above it.
    findings.push({
      severity: 'error',
      path: [...path, 'min'],
      message: `found ${ports.min}, allowed: an even port (RTP takes even ports)`,
    });
  }
  const pairs = Math.floor((ports.max - ports.min + 1) / 2);
  if (pairs < Math.max(1, workers) * 2) {
    const message = `leaves ${pairs} RTP ports for ${Math.max(1, workers)} workers, allowed: at least 2 for each`;
    findings.push({ severity: 'error', path: [...path, 'max'], message });
  }
  return findings;
}

function familyFindings(zone: ZoneConfig, path: KeyPath): readonly Finding[] {
  const [first, second] = zone.media;
  if (first === undefined || second === undefined || familyOf(first.address) !== familyOf(second.address)) return [];
  const message = `${second.address} is a second IPv${familyOf(second.address)} address, allowed: one of each family`;
  return [{ severity: 'error', path: [...path, 1, 'address'], message }];
}

/** SRTP passes only between two zones that both say so. */
function passFindings(config: Config, zone: ZoneConfig, path: KeyPath): readonly Finding[] {
  if (zone.srtp !== 'pass' || config.zones.some((other) => other.side !== zone.side && other.srtp === 'pass')) return [];
  const message = 'pass has no effect: no zone of the other side has srtp: pass; it is taken for accept';
  return [{ severity: 'warning', path, message }];
}

function addressFindings(zone: ZoneConfig, media: ZoneConfig['media'][number], path: KeyPath): readonly Finding[] {
  const { address, advertised } = media;
  const where = [...path, advertised === undefined ? 'address' : 'advertised'];
  if (advertised !== undefined && familyOf(advertised) !== familyOf(address)) {
    return [{ severity: 'error', path: where, message: `${advertised} is not of the family of ${address}` }];
  }
  const told = advertised ?? address;
  if (reachOf(told) === 'unspecified') {
    return [{ severity: 'error', path: where, message: `${told} cannot be told to peers: set advertised, or use one address` }];
  }
  if (zone.side !== 'outside' || !hidesFromPeers(address, told)) return [];
  const message = `tells outside peers the media address ${told}, which they cannot reach over the internet; set advertised if they come from there`;
  return [{ severity: 'warning', path: where, message }];
}

function listenersInRange({ media: { ports } }: Config, zone: ZoneConfig, path: KeyPath): readonly Finding[] {
  return zone.listeners.flatMap((listener, at): Finding[] => {
    if (listener.protocol !== 'udp' || listener.port < ports.min || listener.port > ports.max) return [];
    const message = `${listener.port} lies inside media.ports (${ports.min} to ${ports.max}); calls would find it taken`;
    return [{ severity: 'warning', path: [...path, at, 'port'], message }];
  });
}
