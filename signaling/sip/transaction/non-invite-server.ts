// The non-INVITE server transaction (RFC 3261 section 17.2.2) as corrected by RFC 4320: no provisional but 100, that one
// not early over UDP and never missing, no 408, and nothing at all once the client must have given up.
import type { Timer } from '../../../shared/timer-queue.ts';
import { type Admission, guard, keepBytes, type ServerHost, type ServerMachine, type Transitions } from './machine.ts';

/** 'withheld': the user answered 408, which is never sent; retransmissions are absorbed until the client gives up. */
export type NonInviteServerState = 'trying' | 'proceeding' | 'withheld' | 'completed' | 'terminated';

const transitions: Transitions<NonInviteServerState> = {
  trying: ['proceeding', 'withheld', 'completed', 'terminated'],
  proceeding: ['withheld', 'completed', 'terminated'],
  withheld: ['terminated'],
  completed: ['terminated'],
  terminated: [],
};

export class NonInviteServer implements ServerMachine {
  readonly #host: ServerHost;
  #state: NonInviteServerState = 'trying';
  #last: string | undefined;
  readonly #bornAt: number;
  #tryingTimer: Timer | undefined;
  #expiry: Timer | undefined;

  constructor(host: ServerHost, now: number) {
    this.#host = host;
    this.#bornAt = now;
    const { timers, timing } = host;
    this.#tryingTimer = timers.schedule(now + timing.tryingMs, (at) => this.#tryingDue(at));
    // RFC 4320 section 4.2: what cannot be answered before the client's timer F is not answered at all.
    this.#expiry = timers.schedule(now + timing.lifetimeMs, (at) => this.#enter('terminated', at));
  }

  get state(): NonInviteServerState {
    return this.#state;
  }

  get done(): boolean {
    return this.#state === 'terminated';
  }

  admit(status: number, now: number): Admission {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return 'ignore';
    if (status === 408) {
      // RFC 4320 section 4.2: a 408 is never sent; the client's own timer F says the same.
      this.#enter('withheld', now);
      return 'withhold';
    }
    if (status >= 200) return 'send';
    // RFC 4320 section 4.1: no provisional but 100, and over UDP not before the client's timer E has reached T2.
    const due = this.#host.reliable || now - this.#bornAt >= this.#host.timing.tryingMs;
    return status === 100 && due ? 'send' : 'ignore';
  }

  responded(status: number, bytes: Uint8Array, now: number): void {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    if (status < 200) {
      this.#last = keepBytes(bytes);
      if (this.#state === 'trying') this.#enter('proceeding', now);
    } else {
      if (!this.#host.reliable) this.#last = keepBytes(bytes);
      this.#enter('completed', now);
    }
  }

  requestAgain(now: number): void {
    if (this.#last === undefined) return;
    if (this.#state === 'proceeding' || this.#state === 'completed') this.#host.retransmit(this.#last, now);
  }

  terminate(now: number): void {
    if (this.#state !== 'terminated') this.#enter('terminated', now);
  }

  #enter(next: NonInviteServerState, now: number): void {
    this.#state = guard(transitions, this.#state, next);
    const { timers, timing, reliable } = this.#host;
    timers.cancel(this.#tryingTimer);
    this.#tryingTimer = undefined;
    if (next === 'completed') {
      timers.cancel(this.#expiry);
      // Timer J; zero over reliable transports.
      if (reliable) this.#enter('terminated', now);
      else this.#expiry = timers.schedule(now + timing.lifetimeMs, (at) => this.#enter('terminated', at));
    } else if (next === 'terminated') {
      timers.cancel(this.#expiry);
      this.#expiry = undefined;
      this.#last = undefined;
      this.#host.ended();
    }
  }

  #tryingDue(now: number): void {
    this.#tryingTimer = undefined;
    if (this.#state === 'trying') this.#host.trying(now);
  }
}
