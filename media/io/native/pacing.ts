// When a blocking backend calls the host's turn: when woken, when the wait the host asked for is over, and after packets
// at most once a millisecond, so that a busy loop does not pay for a turn with every handful of packets.
import { maxWaitMs } from '../limits.ts';

/** Shortest time between two turns without a wake-up, and longest between packets and the turn after them. */
const turnMs = 1;

export class Pacing {
  #due = 0;
  #last = Number.NEGATIVE_INFINITY;
  /** Packets since the last turn: their handler may have moved the host's next timer closer. */
  #handled = false;

  isDue(now: number): boolean {
    return now >= this.#due || (this.#handled && now - this.#last >= turnMs);
  }

  handled(): void {
    this.#handled = true;
  }

  /** The eventfd was written to. */
  woken(): void {
    this.#due = 0;
  }

  /** `wait` is what the turn returned. */
  turned(now: number, wait: number): void {
    this.#last = now;
    this.#handled = false;
    // NaN and negative numbers from a deadline must neither spin the loop nor stop it.
    this.#due = now + (wait >= 0 ? Math.min(wait, maxWaitMs) : wait < 0 ? 0 : maxWaitMs);
  }

  /** Milliseconds the next wait may take, 0-100. */
  waitMs(now: number): number {
    const due = this.#handled ? Math.min(this.#due, this.#last + turnMs) : this.#due;
    return Math.min(Math.max(0, due - now), maxWaitMs);
  }
}
