// Where a request without a dialog goes: from outside to the pool, from inside out to its Request-URI or the configured
// next hop. Decides only; sending and failover are the caller's.
import type { FailoverPolicy, Pool, PoolNode } from '../balancer/pool.ts';
import type { Config } from '../config/schema.ts';
import { parseNameAddr } from '../sip/message/name-addr.ts';
import { formatParams } from '../sip/message/params.ts';
import type { SipRequest } from '../sip/message/request.ts';
import { formatUri, parseUri, type SipUri } from '../sip/message/uri.ts';
import type { TargetResolver } from './resolver-interface.ts';
import { poolRoute, type Route, uriRoute } from './route.ts';
import type { Zone, ZoneTable } from './zone.ts';

export type Routing = { readonly kind: 'route'; readonly route: Route } | { readonly kind: 'refused'; readonly status: number };

/** Towards a carrier or phone there is one attempt per address and no node to blame. */
const outboundFailover: FailoverPolicy = { codes: [408, 500, 502, 503, 504], responseMs: 4000, attempts: 8, holdOffMs: 0 };

export class Router {
  readonly #zones: ZoneTable;
  readonly #resolver: TargetResolver;
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #routing: Config['routing'];

  constructor(options: { config: Config; zones: ZoneTable; resolver: TargetResolver; pools: ReadonlyMap<string, Pool> }) {
    this.#zones = options.zones;
    this.#resolver = options.resolver;
    this.#pools = options.pools;
    this.#routing = options.config.routing;
  }

  /** `zone` is where the request came from; `requestUri` defaults to its own. */
  route(request: SipRequest, zone: Zone, requestUri = request.uri): Routing {
    const uri = parseUri(requestUri);
    // RFC 3261 section 8.2.2.1: a scheme we cannot route.
    if (uri === undefined || !['sip', 'sips', 'tel'].includes(uri.scheme)) return { kind: 'refused', status: 416 };
    const hops = this.#furtherHops(request);
    return zone.outside ? this.#inward(request, uri, requestUri, hops) : this.#outward(uri, requestUri, hops);
  }

  /** The node that a literal address belongs to, if any. */
  nodeAt(address: string): { readonly pool: Pool; readonly node: PoolNode } | undefined {
    for (const pool of this.#pools.values()) {
      for (const node of pool.nodes) if (unbracketed(parseUri(node.uri)?.host ?? '') === address) return { pool, node };
    }
    return undefined;
  }

  get pools(): ReadonlyMap<string, Pool> {
    return this.#pools;
  }

  #inward(request: SipRequest, uri: SipUri, requestUri: string, hops: readonly string[]): Routing {
    // A preloaded Route would let a stranger choose where we send (RFC 3261 section 26.1.4, open relay).
    if (hops.length > 0) return { kind: 'refused', status: 403 };
    const pool = this.#routing.pool === undefined ? undefined : this.#pools.get(this.#routing.pool);
    const zone = pool === undefined ? undefined : this.#zones.get(pool.zone);
    if (pool === undefined || zone === undefined) return { kind: 'refused', status: 404 };
    const dialled = uri.scheme === 'sip' ? requestUri : formatUri({ ...uri, scheme: 'sip' });
    const requestUriFor = (node: PoolNode): string => {
      if (uri.scheme === 'tel') return userAt(uri, node);
      if (this.#isOwn(uri)) return atNode(uri, node);
      return isSecure(node) ? requestUri : dialled;
    };
    return { kind: 'route', route: poolRoute({ pool, zone, resolver: this.#resolver, requestUriFor, key: request.callId }) };
  }

  #outward(uri: SipUri, requestUri: string, hops: readonly string[]): Routing {
    const outbound = this.#routing.outbound;
    const zone = outbound === undefined ? undefined : this.#zones.get(outbound.zone);
    if (zone === undefined) return { kind: 'refused', status: 404 };
    const nextHop = hops[0] ?? outbound?.nextHop;
    // Nobody is registered here: our own name alone leads nowhere.
    if (nextHop === undefined && (uri.host === '' || this.#isOwn(uri))) return { kind: 'refused', status: 404 };
    const shownUri = nextHop !== undefined && this.#isOwn(uri) ? atHost(uri, nextHop) : requestUri;
    return {
      kind: 'route',
      route: uriRoute({
        zone,
        resolver: this.#resolver,
        hop: nextHop ?? requestUri,
        requestUri: shownUri,
        routeSet: hops.map((hop) => `<${hop}>`),
        failover: outboundFailover,
      }),
    };
  }

  #isOwn(uri: SipUri): boolean {
    return this.#zones.isOwnHost(uri.host);
  }

  /** URIs of the Route set behind those that name us (RFC 3261 section 16.4). */
  #furtherHops(request: SipRequest): string[] {
    const uris = request.headers.list('route').map((value) => parseNameAddr(value)?.uri ?? value);
    while (uris[0] !== undefined && this.#zones.isOwnHost(parseUri(uris[0])?.host ?? '')) uris.shift();
    return uris;
  }
}

/** RFC 3261 section 26.2.2: sips asks for TLS on each hop. Behind Weir the operator's net is trusted as it is. */
function atNode(uri: SipUri, node: PoolNode): string {
  return atHost(isSecure(node) ? uri : { ...uri, scheme: 'sip' }, node.uri);
}

function isSecure(node: PoolNode): boolean {
  return parseUri(node.uri)?.scheme === 'sips';
}

/** A telephone number as a user of `node` (RFC 3261 section 19.1.6), without its visual separators (RFC 3966 section 5.1.1). */
function userAt({ user = '', params }: SipUri, node: PoolNode): string {
  const number = `${user.replace(/[-.()]/g, '')}${formatParams(params)}`;
  return atHost({ scheme: 'sip', user: number, host: '', params: new Map([['user', 'phone']]), headers: '' }, node.uri);
}

/** `uri` with the host and port of the SIP URI `place`. */
function atHost(uri: SipUri, place: string): string {
  const host = parseUri(place);
  if (host === undefined) return formatUri(uri);
  const { port: _port, ...rest } = uri;
  return formatUri({ ...rest, host: host.host, ...(host.port === undefined ? {} : { port: host.port }) });
}

function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
