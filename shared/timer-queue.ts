// All that waits, in one binary heap under an explicit clock. Machines schedule here and never see setTimeout; a shell
// calls `tick` at `deadline`, a test calls it with virtual time.

export interface Timer {
  /** Milliseconds on the clock of the queue's owner; Infinity once fired or cancelled. */
  readonly at: number;
}

export interface Timers {
  /** Runs `fire` at the first tick whose now is >= `at`. A throw in `fire` reaches the caller of tick. */
  schedule(at: number, fire: (now: number) => void): Timer;
  cancel(timer: Timer | undefined): void;
}

class Entry implements Timer {
  at: number;
  fire: ((now: number) => void) | undefined;

  constructor(at: number, fire: (now: number) => void) {
    this.at = at;
    this.fire = fire;
  }
}

export class TimerQueue implements Timers {
  readonly #heap: Entry[] = [];
  #cancelled = 0;

  /** Timers still to fire. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  schedule(at: number, fire: (now: number) => void): Timer {
    // NaN and Infinity from arithmetic on peers' numbers must not corrupt the heap order.
    const entry = new Entry(Number.isFinite(at) ? at : Number.MAX_SAFE_INTEGER, fire);
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return entry;
  }

  cancel(timer: Timer | undefined): void {
    if (!(timer instanceof Entry) || timer.fire === undefined) return;
    timer.fire = undefined;
    this.#cancelled++;
    // Cancelled entries stay until they surface; when they are the majority, one pass drops them all.
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** When `tick` is due next; Infinity when nothing waits. */
  deadline(): number {
    while (this.#heap[0] !== undefined && this.#heap[0].fire === undefined) {
      this.#pop();
      this.#cancelled--;
    }
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Fires what is due, in order of time. Timers scheduled meanwhile for a time <= now fire in the same tick. */
  tick(now: number): void {
    while (this.deadline() <= now) {
      const entry = this.#pop();
      const fire = entry?.fire;
      if (entry === undefined || fire === undefined) continue;
      entry.fire = undefined;
      entry.at = Number.POSITIVE_INFINITY;
      fire(now);
    }
  }

  #compact(): void {
    const live = this.#heap.filter((entry) => entry.fire !== undefined).sort((a, b) => a.at - b.at);
    this.#heap.length = 0;
    for (const entry of live) this.#heap.push(entry);
    this.#cancelled = 0;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      this.#down(0);
    }
    return top;
  }

  #up(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLess(index, parent)) return;
      index = parent;
    }
  }

  #down(start: number): void {
    const heap = this.#heap;
    let index = start;
    for (;;) {
      const left = index * 2 + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const leftAt = heap[left]?.at ?? Number.POSITIVE_INFINITY;
      const child = (heap[right]?.at ?? Number.POSITIVE_INFINITY) < leftAt ? right : left;
      if (!this.#swapIfLess(child, index)) return;
      index = child;
    }
  }

  /** Swaps when heap[a] is due before heap[b]. */
  #swapIfLess(a: number, b: number): boolean {
    const heap = this.#heap;
    const x = heap[a];
    const y = heap[b];
    if (x === undefined || y === undefined || x.at >= y.at) return false;
    heap[a] = y;
    heap[b] = x;
    return true;
  }
}
