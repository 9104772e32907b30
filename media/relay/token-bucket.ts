// The packet rate of one transport: a token bucket under an explicit clock. Counts packets, not bytes: the cost of a packet in the
// loop hardly depends on its length.

export class TokenBucket {
  #perMs: number;
  #depth: number;
  #tokens: number;
  #at = 0;

  constructor(perSecond: number, burstMs: number) {
    this.#perMs = perSecond / 1000;
    this.#depth = this.#perMs * burstMs;
    this.#tokens = this.#depth;
  }

  /** Changes the rate; what is saved up is kept as far as it fits. */
  resize(perSecond: number, burstMs: number): void {
    this.#perMs = perSecond / 1000;
    this.#depth = this.#perMs * burstMs;
    this.#tokens = Math.min(this.#tokens, this.#depth);
  }

  /** Takes one token; false when there is none. */
  take(now: number): boolean {
    if (now > this.#at) {
      this.#tokens = Math.min(this.#depth, this.#tokens + (now - this.#at) * this.#perMs);
      this.#at = now;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
