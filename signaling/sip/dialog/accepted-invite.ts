// A 2xx to an INVITE on its way (RFC 3261 section 13.3.1.4): sent again by whoever accepted the call until the ACK comes,
// over any transport, because the ACK is end to end. The transaction only absorbs the INVITE meanwhile (RFC 6026).
import type { Timer, Timers } from '../../../shared/timer-queue.ts';
import { type Timing, timingOf } from '../transaction/timing.ts';

export interface AcceptedInviteOptions {
  readonly timers: Timers;
  readonly t1Ms: number;
  /** Sends the 2xx: at the start, and each time it is due again. */
  send(now: number): void;
  /** No ACK for 64*T1: the call is to be ended with a BYE. Not called after stop or an ACK. */
  unacknowledged(now: number): void;
}

export class AcceptedInvite {
  readonly #options: AcceptedInviteOptions;
  readonly #timing: Timing;
  #done = false;
  #interval = 0;
  #resend: Timer | undefined;
  #giveUp: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: AcceptedInviteOptions) {
    this.#options = options;
    this.#timing = timingOf(options.t1Ms);
  }

  /** Neither acknowledged nor given up nor stopped. */
  get pending(): boolean {
    return !this.#done;
  }

  /** Sends the 2xx for the first time; to be called once. */
  start(now: number): void {
    if (this.#done || this.#giveUp !== undefined) return;
    this.#giveUp = this.#options.timers.schedule(now + this.#timing.lifetimeMs, (at) => this.#timedOut(at));
    this.#schedule(this.#timing.t1Ms, now);
    this.#options.send(now);
  }

  /** The ACK came. True for the first one. */
  acknowledged(): boolean {
    const first = !this.#done;
    this.#finish();
    return first;
  }

  /** The call ended some other way. */
  stop(): void {
    this.#finish();
  }

  /** Section 15: the callee may send BYE only after the ACK, or when the wait for it is over. Calls at once when it is. */
  whenDone(done: () => void): void {
    if (this.#done) done();
    else this.#waiting.push(done);
  }

  #timedOut(now: number): void {
    this.#finish();
    this.#options.unacknowledged(now);
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.timers.cancel(this.#resend);
    this.#options.timers.cancel(this.#giveUp);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  #schedule(intervalMs: number, now: number): void {
    this.#interval = intervalMs;
    this.#resend = this.#options.timers.schedule(now + intervalMs, (at) => this.#again(at));
  }

  #again(now: number): void {
    this.#schedule(Math.min(this.#interval * 2, this.#timing.t2Ms), now);
    this.#options.send(now);
  }
}
