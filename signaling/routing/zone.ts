// A zone at run time: the named side of the network a message came from or goes to (design.md 8), with the decisions
// that depend on it. Immutable; a reload makes new ones.
import ipaddr from 'ipaddr.js';
import type { ZoneConfig } from '../config/schema.ts';

export class Zone {
  readonly config: ZoneConfig;
  readonly name: string;
  readonly outside: boolean;
  /** Lower-case header names that the config lets out towards this zone, or takes away from what comes in. */
  readonly passHeaders: ReadonlySet<string>;
  readonly dropHeaders: ReadonlySet<string>;
  /** Weir itself is the session timer's party on legs of this zone (RFC 4028). */
  readonly keepsTimers: boolean;
  readonly #allowed: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];
  readonly #ownHosts: ReadonlySet<string>;

  constructor(config: ZoneConfig) {
    this.config = config;
    this.name = config.name;
    this.outside = config.side === 'outside';
    this.keepsTimers = config.sessionTimers === 'keep';
    this.passHeaders = new Set(config.passHeaders.map((name) => name.toLowerCase()));
    this.dropHeaders = new Set(config.dropHeaders.map((name) => name.toLowerCase()));
    this.#allowed = config.allow.map((network) => {
      if (network.includes('/')) return ipaddr.parseCIDR(network);
      const address = ipaddr.parse(network);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    });
    this.#ownHosts = new Set(ownHosts(config));
  }

  /** Whether requests from this literal address are taken at all (closed by default: only loopback without a list). */
  allows(address: string): boolean {
    const parsed = ipaddr.process(address);
    if (this.#allowed.length === 0) return parsed.range() === 'loopback';
    return this.#allowed.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
  }

  /** Whether `host` (as in a URI, without port) names Weir itself in this zone. */
  isOwnHost(host: string): boolean {
    return this.#ownHosts.has(host.toLowerCase());
  }
}

/** The zones by name, and questions over all of them. */
export class ZoneTable {
  readonly #zones: ReadonlyMap<string, Zone>;

  constructor(configs: readonly ZoneConfig[]) {
    this.#zones = new Map(configs.map((config) => [config.name, new Zone(config)]));
  }

  get(name: string): Zone | undefined {
    return this.#zones.get(name);
  }

  values(): Iterable<Zone> {
    return this.#zones.values();
  }

  isOwnHost(host: string): boolean {
    for (const zone of this.#zones.values()) if (zone.isOwnHost(host)) return true;
    return false;
  }
}

function* ownHosts(config: ZoneConfig): Iterable<string> {
  if (config.domain !== undefined) yield config.domain.toLowerCase();
  for (const listener of config.listeners) {
    yield bracketed(listener.address);
    if (listener.advertised !== undefined) yield hostOf(listener.advertised).toLowerCase();
  }
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function hostOf(hostPort: string): string {
  const end = hostPort.startsWith('[') ? hostPort.indexOf(']') + 1 : hostPort.indexOf(':');
  return end > 0 ? hostPort.slice(0, end) : hostPort;
}
