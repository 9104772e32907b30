// A route: the destinations one call may be sent to, one after the other. Each `next` gives the next address to try:
// first all addresses of a node or URI (RFC 3263 section 4.3), then the next node.
import type { FailoverPolicy, Pool, PoolNode } from '../balancer/pool.ts';
import { parseUri } from '../sip/message/uri.ts';
import { ownCopy } from '../sip/transaction/own-copy.ts';
import type { Target } from '../sip/transport/flow.ts';
import type { TargetResolver } from './resolver-interface.ts';
import type { Zone } from './zone.ts';

export interface Destination {
  readonly zone: Zone;
  readonly target: Target;
  readonly requestUri: string;
  /** Set when the destination is a member of a pool. */
  readonly node: PoolNode | undefined;
  /** Route header values to put in (next hops that are not the Request-URI's own). */
  readonly routeSet: readonly string[];
}

export type Outcome =
  | { readonly kind: 'answered' }
  /** It wants credentials (RFC 3261 section 22), which it alone can check: the next try goes to it again. */
  | { readonly kind: 'challenged' }
  /** The next destination should be tried; `retryAfterMs` as the peer asked. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number };

export interface Route {
  /** What log, record and explain call it. */
  readonly name: string;
  readonly failover: FailoverPolicy;
  /** Calls `done` once, maybe at once; undefined: nothing is left. */
  next(now: number, done: (destination: Destination | undefined) => void): void;
  report(destination: Destination, outcome: Outcome, now: number): void;
}

export interface PoolRouteOptions {
  readonly pool: Pool;
  readonly zone: Zone;
  readonly resolver: TargetResolver;
  /** Makes the Request-URI that a node gets. */
  readonly requestUriFor: (node: PoolNode) => string;
  /** Tells repeated tries of one request: its Call-ID. */
  readonly key: string;
}

/** Over the nodes of a pool. */
export function poolRoute(options: PoolRouteOptions): Route {
  const { pool, zone, resolver, key } = options;
  const tried = new Set<PoolNode>();
  let addresses: Destination[] = [];
  return {
    name: pool.name,
    failover: pool.failover,
    next(now, done) {
      const address = addresses.shift();
      if (address !== undefined) return done(address);
      const node = tried.size < pool.failover.attempts ? pool.choose(tried, now, key) : undefined;
      if (node === undefined) return done(undefined);
      tried.add(node);
      const uri = parseUri(node.uri);
      if (uri === undefined) return this.next(now, done);
      resolver.resolve(uri, (result) => {
        if ('error' in result) {
          pool.failed(node, now);
          return this.next(now, done);
        }
        addresses = result.targets.map((target) => ({ zone, target, requestUri: options.requestUriFor(node), node, routeSet: [] }));
        this.next(now, done);
      });
    },
    report(destination, outcome, now) {
      if (destination.node === undefined) return;
      switch (outcome.kind) {
        case 'answered':
          return pool.answered(destination.node);
        case 'challenged':
          return pool.challenged(destination.node, ownCopy(key), now);
        case 'failed':
          return pool.failed(destination.node, now, outcome.retryAfterMs);
      }
    },
  };
}

/** To the addresses of one URI, in a zone. `hop` is resolved, `requestUri` is sent. */
export function uriRoute(options: {
  zone: Zone;
  resolver: TargetResolver;
  hop: string;
  requestUri: string;
  routeSet: readonly string[];
  failover: FailoverPolicy;
}): Route {
  let addresses: Destination[] | undefined;
  return {
    name: options.zone.name,
    failover: options.failover,
    next(_now, done) {
      if (addresses !== undefined) return done(addresses.shift());
      const uri = parseUri(options.hop);
      if (uri === undefined) return done(undefined);
      options.resolver.resolve(uri, (result) => {
        const targets = 'error' in result ? [] : result.targets;
        addresses = targets.map((target) => ({
          zone: options.zone,
          target,
          requestUri: options.requestUri,
          node: undefined,
          routeSet: options.routeSet,
        }));
        done(addresses.shift());
      });
    },
    report() {},
  };
}

/** To one known address and nothing else: the owner of a dialog. */
export function directRoute(destination: Destination, failover: FailoverPolicy): Route {
  let left: Destination | undefined = destination;
  return {
    name: destination.node?.name ?? destination.zone.name,
    failover,
    next(_now, done) {
      const next = left;
      left = undefined;
      done(next);
    },
    report() {},
  };
}
