// Real time for machines that wait: runs a TimerQueue from one setTimeout at a time.
import { type Timer, TimerQueue, type Timers } from '../../shared/timer-queue.ts';

/** setTimeout fires at once above this. */
const longestWaitMs = 2 ** 31 - 1;

export class TimerShell implements Timers {
  readonly #queue = new TimerQueue();
  #timeout: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;

  now(): number {
    return performance.now();
  }

  schedule(at: number, fire: (now: number) => void): Timer {
    const timer = this.#queue.schedule(at, fire);
    this.#arm();
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    this.#queue.cancel(timer);
  }

  close(): void {
    clearTimeout(this.#timeout);
    this.#due = Number.NEGATIVE_INFINITY;
  }

  #arm(): void {
    const deadline = this.#queue.deadline();
    if (deadline >= this.#due) return;
    clearTimeout(this.#timeout);
    this.#due = deadline;
    const waitMs = Math.min(Math.max(0, Math.ceil(deadline - this.now())), longestWaitMs);
    this.#timeout = setTimeout(() => this.#run(), waitMs);
  }

  #run(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.#queue.tick(this.now());
    this.#arm();
  }
}
