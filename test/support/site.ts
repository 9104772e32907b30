// The configuration of an end-to-end test: an outside and an inside zone on loopback addresses of the test's own, where all
// the usual ports are free, and a pool of nodes.
import type { ConfigInput } from '../../signaling/config/schema.ts';

export type ZoneInput = ConfigInput['zones'][number];

export interface Site {
  readonly outside: string;
  readonly inside: string;
  /** URIs of the nodes, named node-1, node-2, ... */
  readonly nodes: readonly string[];
  readonly failover?: NonNullable<ConfigInput['pools']>[number]['failover'];
  readonly media?: ConfigInput['media'];
  readonly limits?: ConfigInput['limits'];
  readonly sip?: ConfigInput['sip'];
  readonly outsideZone?: Partial<ZoneInput>;
  readonly insideZone?: Partial<ZoneInput>;
  readonly moreZones?: readonly ZoneInput[];
  /** Port of both zones, the port after it being that of TLS; default 5060. */
  readonly port?: number;
}

/** UDP, TCP and TLS outside, UDP and TCP inside; calls from inside go out to their Request-URI. */
export function siteConfig(site: Site): ConfigInput {
  const { outside, inside, nodes, failover = {}, media = {}, limits = {}, sip = {}, port = 5060 } = site;
  return {
    zones: [
      {
        name: 'outside',
        side: 'outside',
        listeners: [
          { protocol: 'udp', address: outside, port },
          { protocol: 'tcp', address: outside, port },
          { protocol: 'tls', address: outside, port: port + 1 },
        ],
        media: [{ address: outside }],
        ...site.outsideZone,
      },
      { name: 'inside', side: 'inside', ...plainListeners(inside, inside === outside ? port + 20 : port), ...site.insideZone },
      ...(site.moreZones ?? []),
    ],
    pools: [{ name: 'farm', zone: 'inside', nodes: nodes.map((uri, index) => ({ name: `node-${index + 1}`, uri })), failover }],
    routing: { pool: 'farm', outbound: { zone: 'outside' } },
    media: { ports: { min: 20_000, max: 20_999 }, workers: 1, ...media },
    limits,
    sip,
    log: { statusSeconds: 0 },
  };
}

/** UDP and TCP on one port, media on the same address. */
export function plainListeners(address: string, port = 5060): Pick<ZoneInput, 'listeners' | 'media'> {
  return {
    listeners: [
      { protocol: 'udp', address, port },
      { protocol: 'tcp', address, port },
    ],
    media: [{ address }],
  };
}
