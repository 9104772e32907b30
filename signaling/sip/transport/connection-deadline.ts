// The time limits of one stream connection behind one timer: handshake, first message, a message that must end, silence.
// Activity only notes the time; the timer looks at it when it fires, so a busy connection never touches the timer queue.
import type { Timer, Timers } from '../../../shared/timer-queue.ts';

export interface DeadlineOptions {
  readonly timers: Timers;
  readonly now: () => number;
  readonly expired: (reason: string) => void;
}

interface Limit {
  readonly at: number;
  readonly reason: string;
}

const never: Limit = { at: Number.POSITIVE_INFINITY, reason: '' };

export class ConnectionDeadline {
  readonly #options: DeadlineOptions;
  readonly #idleMs: number;
  /** Handshake, first message or linger: at most one of them runs. */
  #stage: Limit = never;
  #unfinished: Limit = never;
  #activeAt: number;
  #timer: Timer | undefined;

  /** idleMs 0 = no limit; so for the others. */
  constructor(options: DeadlineOptions, idleMs: number) {
    this.#options = options;
    this.#idleMs = idleMs;
    this.#activeAt = options.now();
    this.#arm();
  }

  /** The connection is in a stage that must end within `ms`. */
  enter(reason: string, ms: number): void {
    this.#stage = ms === 0 ? never : { at: this.#options.now() + ms, reason };
    this.#arm();
  }

  leave(): void {
    this.#stage = never;
  }

  active(): void {
    this.#activeAt = this.#options.now();
  }

  /** A message has begun; the limit runs from its first byte. */
  begun(ms: number): void {
    if (this.#unfinished !== never) return;
    this.#unfinished = { at: this.#options.now() + ms, reason: 'message did not end' };
    this.#arm();
  }

  ended(): void {
    this.#unfinished = never;
  }

  stop(): void {
    this.#options.timers.cancel(this.#timer);
  }

  #next(): Limit {
    const idle = this.#idleMs === 0 ? never : { at: this.#activeAt + this.#idleMs, reason: 'idle' };
    const sooner = this.#unfinished.at < this.#stage.at ? this.#unfinished : this.#stage;
    return sooner.at < idle.at ? sooner : idle;
  }

  #arm(): void {
    const { at } = this.#next();
    if (at === Number.POSITIVE_INFINITY || (this.#timer !== undefined && this.#timer.at <= at)) return;
    this.stop();
    this.#timer = this.#options.timers.schedule(at, (now) => this.#fire(now));
  }

  #fire(now: number): void {
    const { at, reason } = this.#next();
    this.#timer = undefined;
    if (now >= at) this.#options.expired(reason);
    else this.#arm();
  }
}
