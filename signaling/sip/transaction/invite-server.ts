// The INVITE server transaction (RFC 3261 section 17.2.1) with the Accepted state of RFC 6026. Sends no 100 of its own: the
// B2BUA does at once. Retransmits non-2xx finals until ACK; 2xx are retransmitted by their sender (dialog/accepted-invite.ts).
import type { Timer } from '../../../shared/timer-queue.ts';
import { type Admission, guard, keepBytes, type ServerHost, type ServerMachine, type Transitions } from './machine.ts';

export type InviteServerState = 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

const transitions: Transitions<InviteServerState> = {
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
};

export class InviteServer implements ServerMachine {
  readonly #host: ServerHost;
  #state: InviteServerState = 'proceeding';
  #last: string | undefined;
  #interval = 0;
  #timerG: Timer | undefined;
  /** H, I or L, whichever the state has. */
  #expiry: Timer | undefined;

  constructor(host: ServerHost) {
    this.#host = host;
  }

  get state(): InviteServerState {
    return this.#state;
  }

  get done(): boolean {
    return this.#state === 'terminated';
  }

  admit(status: number): Admission {
    if (this.#state === 'proceeding') return 'send';
    // RFC 6026 section 7.1: further 2xx, repeated or of other branches, still pass in Accepted.
    return this.#state === 'accepted' && status >= 200 && status < 300 ? 'send' : 'ignore';
  }

  responded(status: number, bytes: Uint8Array, now: number): void {
    if (this.#state !== 'proceeding') return;
    if (status < 200) {
      this.#last = keepBytes(bytes);
    } else if (status < 300) {
      this.#enter('accepted', now);
    } else {
      this.#last = keepBytes(bytes);
      this.#enter('completed', now);
    }
  }

  /** In Accepted the INVITE is absorbed: the 2xx has its own retransmission (RFC 6026 section 7.1). */
  requestAgain(now: number): void {
    if (this.#last === undefined) return;
    if (this.#state === 'proceeding' || this.#state === 'completed') this.#host.retransmit(this.#last, now);
  }

  /** An ACK matched. 'user': it acknowledges a 2xx and belongs to the user (RFC 6026 section 7.1). */
  acknowledged(now: number): 'absorbed' | 'user' {
    if (this.#state === 'accepted') return 'user';
    if (this.#state === 'completed') this.#enter('confirmed', now);
    return 'absorbed';
  }

  terminate(now: number): void {
    if (this.#state !== 'terminated') this.#enter('terminated', now);
  }

  #enter(next: InviteServerState, now: number): void {
    this.#state = guard(transitions, this.#state, next);
    const { timers, timing, reliable } = this.#host;
    timers.cancel(this.#timerG);
    timers.cancel(this.#expiry);
    this.#timerG = undefined;
    this.#expiry = undefined;
    if (next === 'completed') {
      // Timer G runs over unreliable transports only, timer H over all.
      if (!reliable) this.#startG(timing.t1Ms, now);
      this.#expiry = timers.schedule(now + timing.lifetimeMs, (at) => this.#unacknowledged(at));
    } else if (next === 'confirmed') {
      this.#last = undefined;
      // Timer I absorbs further ACKs; zero over reliable transports.
      if (reliable) this.#enter('terminated', now);
      else this.#expire(timing.t4Ms, now);
    } else if (next === 'accepted') {
      this.#last = undefined;
      // Timer L, for all transports.
      this.#expire(timing.lifetimeMs, now);
    } else if (next === 'terminated') {
      this.#last = undefined;
      this.#host.ended();
    }
  }

  #expire(delayMs: number, now: number): void {
    this.#expiry = this.#host.timers.schedule(now + delayMs, (at) => this.#enter('terminated', at));
  }

  #unacknowledged(now: number): void {
    this.#host.missingAck();
    this.#enter('terminated', now);
  }

  #startG(intervalMs: number, now: number): void {
    this.#interval = intervalMs;
    this.#timerG = this.#host.timers.schedule(now + intervalMs, (at) => this.#timerGFired(at));
  }

  #timerGFired(now: number): void {
    if (this.#last !== undefined) this.#host.retransmit(this.#last, now);
    this.#startG(Math.min(this.#interval * 2, this.#host.timing.t2Ms), now);
  }
}
