// Where a request for a URI is to be sent (RFC 3263 section 4): the door of this folder. Caches and shares questions; hands out
// an ordered list and leaves it to the caller to walk it and to judge the addresses (they may be anything, 127.0.0.1 included).
import { type Rng, systemRng } from '../../../shared/rng.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import type { SipUri } from '../message/uri.ts';
import type { Protocol } from '../transport/flow.ts';
import { AnswerCache } from './answer-cache.ts';
import type { DnsAnswer, DnsLookup } from './dns-lookup.ts';
import { defaultResolveLimits, type ResolveLimits } from './limits.ts';
import { type Answers, Resolution, type ResolveResult } from './resolution.ts';
import type { Reach } from './target-list.ts';

export interface ResolverOptions {
  readonly dns: DnsLookup;
  readonly timers: Timers;
  readonly now: () => number;
  /** Protocols we can send with, most preferred first. */
  readonly supported: readonly Protocol[];
  /** Address families we can send with, most preferred first; default: both, IPv4 first. */
  readonly families?: readonly (4 | 6)[];
  readonly limits?: ResolveLimits;
  readonly rng?: Rng;
}

export class Resolver {
  readonly #options: ResolverOptions;
  readonly #reach: Reach;
  readonly #limits: ResolveLimits;
  readonly #rng: Rng;
  readonly #answers: Answers;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#reach = { protocols: options.supported, families: options.families ?? [4, 6] };
    this.#limits = options.limits ?? defaultResolveLimits;
    this.#rng = options.rng ?? systemRng();
    const { dns, now } = options;
    const limits = this.#limits;
    const cache = <R>(query: (name: string) => Promise<DnsAnswer<R>>) => new AnswerCache<R>({ query, limits, now });
    this.#answers = {
      naptr: cache((name) => dns.naptr(name)),
      srv: cache((name) => dns.srv(name)),
      a: cache((name) => dns.a(name)),
      aaaa: cache((name) => dns.aaaa(name)),
    };
  }

  /**
   * Calls `done` exactly once: before returning for literal addresses and cached names, else within limits.totalMs.
   * `reach` narrows what the zone of the request can send with.
   */
  resolve(uri: SipUri, done: (result: ResolveResult) => void, reach: Reach = this.#reach): void {
    new Resolution({
      uri,
      reach,
      answers: this.#answers,
      rng: this.#rng,
      timers: this.#options.timers,
      deadline: this.#options.now() + this.#limits.totalMs,
      limits: this.#limits,
      done,
    }).start();
  }
}
