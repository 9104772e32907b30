// One run of the resolver for one URI: evaluates target-list.ts, asks for what it missed, evaluates again with every answer,
// until nothing is missing on its path or the time is up. What is not known yet counts as absent, so NAPTR, SRV and addresses are
// asked for at once and one slow answer off the path delays nobody. Answers are held until the end: a cache that expires
// meanwhile cannot make it circle.
import type { Rng } from '../../../shared/rng.ts';
import type { Timer, Timers } from '../../../shared/timer-queue.ts';
import type { SipUri } from '../message/uri.ts';
import type { Target } from '../transport/flow.ts';
import type { AnswerCache, CacheResult } from './answer-cache.ts';
import type { AddressRecord, NaptrRecord, SrvRecord } from './dns-lookup.ts';
import type { ResolveLimits } from './limits.ts';
import { orderSrv } from './srv-order.ts';
import { type DnsView, listTargets, type Reach, type UriError } from './target-list.ts';

export type ResolveError = UriError | 'no-records' | 'dns-failed' | 'timeout';
export type ResolveResult = { readonly targets: readonly Target[] } | { readonly error: ResolveError };

export interface Answers {
  readonly naptr: AnswerCache<NaptrRecord>;
  readonly srv: AnswerCache<SrvRecord>;
  readonly a: AnswerCache<AddressRecord>;
  readonly aaaa: AnswerCache<AddressRecord>;
}

export interface ResolutionOptions {
  readonly uri: SipUri;
  readonly reach: Reach;
  readonly answers: Answers;
  readonly rng: Rng;
  readonly timers: Timers;
  readonly deadline: number;
  readonly limits: ResolveLimits;
  readonly done: (result: ResolveResult) => void;
}

export class Resolution {
  readonly #options: ResolutionOptions;
  readonly #view: DnsView;
  /** Questions that the last evaluation met and that nobody has asked yet. */
  #missing: (() => void)[] = [];
  /** Names without an answer on the path of the last evaluation; 0 = its list is final. */
  #unknown = 0;
  #questions = 0;
  #failures = 0;
  #asking = false;
  #answeredWhileAsking = false;
  #ended = false;
  #timer: Timer | undefined;

  constructor(options: ResolutionOptions) {
    this.#options = options;
    const { answers, rng } = options;
    this.#view = {
      naptr: this.#known(answers.naptr, (records) => records),
      // Drawn once per run: evaluating again must not reshuffle.
      srv: this.#known(answers.srv, (records) => orderSrv(records, rng)),
      a: this.#known(answers.a, (records) => records),
      aaaa: this.#known(answers.aaaa, (records) => records),
    };
  }

  /** Evaluates and asks until something has to be waited for. */
  start(): void {
    do {
      this.#unknown = 0;
      const list = listTargets(this.#options.uri, this.#options.reach, this.#view);
      if (list.kind === 'error') {
        this.#end({ error: list.error });
        return;
      }
      if (this.#unknown === 0) {
        this.#finish(list.targets, this.#failures > 0 ? 'dns-failed' : 'no-records');
        return;
      }
    } while (this.#askMissing());
    this.#timer ??= this.#options.timers.schedule(this.#options.deadline, () => this.#timedOut());
  }

  /** True when the cache answered at once. */
  #askMissing(): boolean {
    const missing = this.#missing;
    this.#missing = [];
    this.#answeredWhileAsking = false;
    this.#asking = true;
    for (const ask of missing) ask();
    this.#asking = false;
    return this.#answeredWhileAsking;
  }

  #answered(): void {
    if (this.#ended) return;
    if (this.#asking) this.#answeredWhileAsking = true;
    else this.start();
  }

  /** What is known by now is better than nothing. */
  #timedOut(): void {
    const list = listTargets(this.#options.uri, this.#options.reach, this.#view);
    this.#finish(list.kind === 'targets' ? list.targets : [], 'timeout');
  }

  #finish(targets: readonly Target[], otherwise: ResolveError): void {
    const distinct = new Map<string, Target>();
    for (const target of targets) {
      const key = `${target.protocol} ${target.address} ${target.port}`;
      if (!distinct.has(key) && distinct.size < this.#options.limits.targets) distinct.set(key, target);
    }
    this.#end(distinct.size > 0 ? { targets: [...distinct.values()] } : { error: otherwise });
  }

  #end(result: ResolveResult): void {
    this.#ended = true;
    this.#options.timers.cancel(this.#timer);
    this.#options.done(result);
  }

  /** A view of one record type that notes each name it has no answer for. */
  #known<R>(cache: AnswerCache<R>, order: (records: readonly R[]) => readonly R[]): (name: string) => readonly R[] {
    const held = new Map<string, readonly R[] | undefined>();
    const ask = (name: string) =>
      cache.ask(name, (result: CacheResult<R>) => {
        if (result.kind === 'failed') this.#failures++;
        held.set(name, result.kind === 'failed' ? [] : order(result.records));
        this.#answered();
      });
    return (name) => {
      if (!held.has(name)) {
        const allowed = this.#questions++ < this.#options.limits.questionsPerResolution;
        held.set(name, allowed ? undefined : []);
        if (allowed) this.#missing.push(() => ask(name));
      }
      const records = held.get(name);
      if (records === undefined) this.#unknown++;
      return records ?? [];
    };
  }
}
