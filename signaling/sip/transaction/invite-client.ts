// The INVITE client transaction (RFC 3261 section 17.1.1) with the Accepted state of RFC 6026, and when its CANCEL may go
// out (section 9.1). Ends a ringing call never: timer C is the B2BUA's.
import type { Timer } from '../../../shared/timer-queue.ts';
import { type ClientAction, type ClientHost, type ClientMachine, guard, type Transitions } from './machine.ts';

export type InviteClientState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

const transitions: Transitions<InviteClientState> = {
  calling: ['proceeding', 'completed', 'accepted', 'terminated'],
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
};

export class InviteClient implements ClientMachine {
  readonly #host: ClientHost;
  #state: InviteClientState = 'calling';
  #cancel: 'none' | 'wanted' | 'sent' = 'none';
  #abandoned = false;
  #reliable = false;
  #bytes: Uint8Array | undefined;
  #interval = 0;
  #timerA: Timer | undefined;
  /** B, D or M, or the end of the wait for a final response after CANCEL. */
  #expiry: Timer | undefined;

  constructor(host: ClientHost) {
    this.#host = host;
  }

  get state(): InviteClientState {
    return this.#state;
  }

  get untouched(): boolean {
    return this.#state === 'calling';
  }

  start(bytes: Uint8Array, reliable: boolean, now: number): void {
    this.#stopTimers();
    this.#reliable = reliable;
    this.#bytes = bytes;
    this.#expiry = this.#host.timers.schedule(now + this.#host.timing.lifetimeMs, (at) => this.#fail('timeout', at));
    if (!reliable) this.#startA(this.#host.timing.t1Ms, now);
    this.#host.transmit(bytes, 'first', now);
  }

  received(status: number, now: number): ClientAction {
    switch (this.#state) {
      case 'calling':
      case 'proceeding':
        if (status < 200) return this.#provisional(now);
        this.#enter(status < 300 ? 'accepted' : 'completed', now);
        return status < 300 ? 'deliver' : 'acknowledge-and-deliver';
      case 'accepted':
        // RFC 6026 section 7.2: every 2xx, repeated or of another branch, goes to the user, which sends the ACK.
        return status >= 200 && status < 300 ? 'deliver' : 'drop';
      case 'completed':
        return status >= 300 ? 'acknowledge' : 'drop';
      case 'terminated':
        return 'drop';
    }
  }

  cancel(now: number): void {
    if (this.#cancel !== 'none') return;
    if (this.#state === 'calling') this.#cancel = 'wanted';
    else if (this.#state === 'proceeding') this.#sendCancel(now);
  }

  /** Nobody listens any more: do not wait for a final response longer than a cancelled call would. */
  abandon(now: number): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    if (this.#state === 'proceeding' && this.#cancel !== 'sent') this.#limit(now);
  }

  /** Once accepted, 2xx may still come another way, so only timer M ends that. */
  transportFailed(now: number): void {
    if (this.#state === 'calling' || this.#state === 'proceeding') this.#fail('transport', now);
    else if (this.#state === 'completed') this.#enter('terminated', now);
  }

  #provisional(now: number): ClientAction {
    if (this.#state === 'calling') {
      this.#enter('proceeding', now);
      if (this.#abandoned) this.#limit(now);
    }
    if (this.#cancel === 'wanted') this.#sendCancel(now);
    return 'deliver';
  }

  #sendCancel(now: number): void {
    this.#cancel = 'sent';
    // RFC 3261 section 9.1: an RFC 2543 peer may never answer the INVITE; it counts as cancelled after 64*T1.
    this.#limit(now);
    this.#host.sendCancel(now);
  }

  #limit(now: number): void {
    this.#host.timers.cancel(this.#expiry);
    this.#expiry = this.#host.timers.schedule(now + this.#host.timing.lifetimeMs, (at) => this.#fail('timeout', at));
  }

  #enter(next: InviteClientState, now: number): void {
    this.#state = guard(transitions, this.#state, next);
    const { timers, timing } = this.#host;
    this.#stopTimers();
    this.#bytes = undefined;
    if (next === 'completed') {
      // Timer D absorbs retransmitted finals; zero over reliable transports, but never before the first was handled.
      this.#expiry = timers.schedule(now + (this.#reliable ? 0 : timing.timerDMs), (at) => this.#enter('terminated', at));
    } else if (next === 'accepted') {
      // Timer M, for all transports.
      this.#expiry = timers.schedule(now + timing.lifetimeMs, (at) => this.#enter('terminated', at));
    } else if (next === 'terminated') {
      this.#host.ended();
    }
  }

  #fail(cause: 'timeout' | 'transport', now: number): void {
    this.#enter('terminated', now);
    this.#host.failed(cause, now);
  }

  #stopTimers(): void {
    this.#host.timers.cancel(this.#timerA);
    this.#host.timers.cancel(this.#expiry);
    this.#timerA = undefined;
    this.#expiry = undefined;
  }

  #startA(intervalMs: number, now: number): void {
    this.#interval = intervalMs;
    this.#timerA = this.#host.timers.schedule(now + intervalMs, (at) => this.#timerAFired(at));
  }

  #timerAFired(now: number): void {
    // Section 17.1.1.2: timer A doubles without the T2 ceiling; timer B ends it.
    this.#startA(this.#interval * 2, now);
    if (this.#bytes !== undefined) this.#host.transmit(this.#bytes, 'again', now);
  }
}
