// A histogram of microseconds: exact below 1 ms, then in steps of 1 %. Percentiles without keeping samples.

export interface LatencyReport {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const exact = 1000;
const stepLog = Math.log(1.01);
const bucketCount = 3000;

export class Latency {
  readonly #buckets = new Uint32Array(bucketCount);
  #count = 0;
  #max = 0;

  add(us: number): void {
    const bucket = us < exact ? Math.max(0, us | 0) : Math.min(bucketCount - 1, exact + Math.floor(Math.log(us / exact) / stepLog));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
    if (us > this.#max) this.#max = us;
  }

  report(): LatencyReport {
    return { p50: this.#percentile(0.5), p99: this.#percentile(0.99), p999: this.#percentile(0.999), max: Math.round(this.#max) };
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      left -= this.#buckets[bucket] ?? 0;
      if (left <= 0) return bucket < exact ? bucket : Math.round(exact * Math.exp((bucket - exact) * stepLog));
    }
    return 0;
  }
}
