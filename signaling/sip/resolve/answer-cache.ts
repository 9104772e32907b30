// Answers of one record type by name: TTL cache with a cap, one question for all who ask at once, negative answers and failures
// held for a short time, stale answers while the servers fail (RFC 8767). Not a resolver: it does not follow names.
import type { DnsAnswer } from './dns-lookup.ts';
import type { ResolveLimits } from './limits.ts';

export type CacheResult<R> =
  | { readonly kind: 'records'; readonly records: readonly R[] }
  | { readonly kind: 'failed'; readonly reason: string };

interface Entry<R> {
  readonly result: CacheResult<R>;
  readonly freshUntil: number;
  readonly staleUntil: number;
}

export class AnswerCache<R> {
  readonly #query: (name: string) => Promise<DnsAnswer<R>>;
  readonly #limits: ResolveLimits;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry<R>>();
  readonly #waiting = new Map<string, ((result: CacheResult<R>) => void)[]>();

  constructor(options: { query: (name: string) => Promise<DnsAnswer<R>>; limits: ResolveLimits; now: () => number }) {
    this.#query = options.query;
    this.#limits = options.limits;
    this.#now = options.now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Calls `done` at once when the answer is known, else when it comes; always exactly once. */
  ask(name: string, done: (result: CacheResult<R>) => void): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined && this.#now() < entry.freshUntil) {
      done(entry.result);
      return;
    }
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    if (this.#waiting.size >= this.#limits.questionsInFlight) {
      done(this.#usable(entry) ?? { kind: 'failed', reason: 'too many questions in flight' });
      return;
    }
    this.#waiting.set(name, [done]);
    this.#query(name).then(
      (answer) => this.#answered(name, answer),
      (error: unknown) => this.#failed(name, error instanceof Error ? error.message : String(error)),
    );
  }

  #answered(name: string, answer: DnsAnswer<R>): void {
    const { recordsPerAnswer, minTtlMs, maxTtlMs, unknownTtlMs, negativeMs, staleMs } = this.#limits;
    const records = answer.records.slice(0, recordsPerAnswer);
    const ttlMs = Math.min(Math.max(answer.ttlMs ?? unknownTtlMs, minTtlMs), maxTtlMs);
    const freshUntil = this.#now() + (records.length === 0 ? negativeMs : ttlMs);
    const staleUntil = records.length === 0 ? freshUntil : freshUntil + staleMs;
    this.#settle(name, { result: { kind: 'records', records }, freshUntil, staleUntil });
  }

  #failed(name: string, reason: string): void {
    const now = this.#now();
    const old = this.#entries.get(name);
    const result = this.#usable(old) ?? { kind: 'failed', reason };
    const freshUntil = now + this.#limits.failureMs;
    this.#settle(name, { result, freshUntil, staleUntil: result.kind === 'records' && old !== undefined ? old.staleUntil : freshUntil });
  }

  #usable(entry: Entry<R> | undefined): CacheResult<R> | undefined {
    return entry !== undefined && entry.result.kind === 'records' && this.#now() < entry.staleUntil ? entry.result : undefined;
  }

  #settle(name: string, entry: Entry<R>): void {
    // Deleting first moves the name to the end, so the front of the map is what was learned longest ago.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#limits.cacheEntries) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    const waiting = this.#waiting.get(name) ?? [];
    this.#waiting.delete(name);
    for (const done of waiting) done(entry.result);
  }
}
