// The configuration file as types: every key, its default, its unit (in the name), its limits. What each key means to an
// operator stands in deploy/weir.example.yaml; a test holds the two together. Cross-checks between keys are in rules.ts.
import { z } from 'zod';

const port = z.number().int().min(1).max(65535);
const ms = z.number().int().min(0).max(86_400_000);
const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1-32 of a-z, 0-9, "-", starting with a letter');
const ip = z.union([z.ipv4(), z.ipv6()]);
const cidr = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);

const listener = z.strictObject({
  protocol: z.enum(['udp', 'tcp', 'tls']),
  address: ip,
  port,
  /** host or host:port that peers see instead of address:port. */
  advertised: z.string().min(1).max(255).optional(),
  /** PEM files; only for tls. */
  certificate: z.string().optional(),
  key: z.string().optional(),
});

const mediaAddress = z.strictObject({
  address: ip,
  advertised: ip.optional(),
});

const zone = z.strictObject({
  name,
  side: z.enum(['outside', 'inside']),
  listeners: z.array(listener).min(1).max(32),
  /** One per address family. */
  media: z.array(mediaAddress).min(1).max(2),
  /** Networks whose requests are taken; empty = none but loopback. */
  allow: z.array(cidr).max(10_000).default([]),
  /** Host part of From, To and Contact towards this zone; default: the advertised host of the listener in use. */
  domain: z.string().min(1).max(255).optional(),
  forks: z.enum(['split', 'merge']).default('split'),
  redirects: z.enum(['pass', 'follow']).default('pass'),
  sessionTimers: z.enum(['carry', 'keep']).default('carry'),
  /** Extra header names let through from inside to this outside zone. */
  passHeaders: z.array(z.string().min(1).max(64)).max(100).default([]),
  /** Header names removed from this zone's requests and responses before they go inside. */
  dropHeaders: z.array(z.string().min(1).max(64)).max(100).default([]),
  learning: z.enum(['ranked', 'signalled']).default('ranked'),
  acceptFrom: z.enum(['learned', 'any']).default('learned'),
  srtp: z.enum(['accept', 'offer', 'require', 'never', 'pass']).default('accept'),
  dscp: z
    .strictObject({ signaling: z.number().int().min(0).max(63).default(24), media: z.number().int().min(0).max(63).default(46) })
    .prefault({}),
});

const node = z.strictObject({
  name,
  /** sip: URI of the node, for example sip:10.0.0.5:5060;transport=tcp. */
  uri: z.string().min(5).max(255),
});

const failover = z.strictObject({
  /** Final response codes that send the call to the next node. */
  codes: z.array(z.number().int().min(300).max(699)).default([408, 500, 502, 503, 504]),
  /** No response at all for so long counts as a dead node. */
  responseMs: ms.default(2000),
  attempts: z.number().int().min(1).max(20).default(3),
  /** A node that failed is tried last for so long. */
  holdOffMs: ms.default(10_000),
});

const pool = z.strictObject({
  name,
  zone: name,
  nodes: z.array(node).min(1).max(1000),
  failover: failover.prefault({}),
});

const routing = z.strictObject({
  /** Pool that takes calls from outside zones. */
  pool: name.optional(),
  /** Zone and optional next hop for calls from inside; without a next hop the Request-URI is followed. */
  outbound: z.strictObject({ zone: name, nextHop: z.string().max(255).optional() }).optional(),
});

const media = z.strictObject({
  ports: z.strictObject({ min: port.default(20_000), max: port.default(59_999) }).prefault({}),
  /** 0 = cores - 1, at least 1. */
  workers: z.number().int().min(0).max(256).default(0),
  io: z.enum(['auto', 'uring', 'epoll', 'dgram']).default('auto'),
  timeoutMs: ms.default(60_000),
  /** On hold (no line sends) the timeout is this; 0 = never. */
  holdTimeoutMs: ms.default(3_600_000),
  receiveBufferBytes: z.number().int().min(4096).max(67_108_864).default(1_048_576),
});

const limits = z.strictObject({
  calls: z.number().int().min(1).max(1_000_000).default(20_000),
  /** Calls per second for the whole box; above it 503 with Retry-After. */
  callsPerSecond: z.number().int().min(1).max(100_000).default(2000),
  messageBytes: z.number().int().min(1300).max(65_535).default(65_535),
  connections: z.number().int().min(1).max(1_000_000).default(20_000),
  connectionsPerSource: z.number().int().min(1).max(1_000_000).default(200),
  connectionIdleMs: ms.default(600_000),
  /** A new connection must bring its first whole message within this time. */
  firstMessageMs: ms.default(10_000),
  tlsHandshakeMs: ms.default(5000),
  /** A call may ring for so long (RFC 3261 timer C). */
  ringMs: ms.default(180_000),
  /** A call may last for so long; 0 = no limit. */
  callMs: ms.default(43_200_000),
  drainMs: ms.default(600_000),
});

const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  format: z.enum(['json', 'pretty']).default('json'),
  /** A line with calls, media load, memory and loop delay every so many seconds; 0 = none. */
  statusSeconds: z.number().int().min(0).max(86_400).default(60),
});

export const configSchema = z.strictObject({
  zones: z.array(zone).min(1).max(64),
  pools: z.array(pool).max(1000).default([]),
  routing: routing.prefault({}),
  media: media.prefault({}),
  limits: limits.prefault({}),
  log: log.prefault({}),
  /** Directory of the call records, the certificate and other state; created with mode 0700. */
  state: z.strictObject({ directory: z.string().min(1).max(4096) }).default({ directory: '/var/lib/weir' }),
  /** One JSON line per call is appended here; empty = none. */
  cdr: z.strictObject({ file: z.string().max(4096) }).default({ file: '' }),
  /** DNS servers (RFC 3263 lookups); empty = the system's. */
  dns: z.strictObject({ servers: z.array(z.string().max(64)).max(8) }).default({ servers: [] }),
  sip: z
    .strictObject({
      /** RFC 3261 T1. */
      t1Ms: z.number().int().min(50).max(5000).default(500),
      /** Names Weir in what it sends inside of its own; outside never hears it. */
      userAgent: z.string().max(64).default('Weir'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;
export type ZoneConfig = Config['zones'][number];
export type ListenerConfig = ZoneConfig['listeners'][number];
export type PoolConfig = Config['pools'][number];
export type LimitsConfig = Config['limits'];
export type MediaConfig = Config['media'];
