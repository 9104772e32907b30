// How much memory strangers may hold with messages they began and do not end, over all connections together.

export class UnfinishedBytes {
  readonly #cap: number;
  #used = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get used(): number {
    return this.#used;
  }

  /** From `before` to `after` bytes of one connection; false when all together are too many now. */
  change(before: number, after: number): boolean {
    this.#used += after - before;
    return after <= before || this.#used <= this.#cap;
  }
}
