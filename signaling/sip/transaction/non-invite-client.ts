// The non-INVITE client transaction (RFC 3261 section 17.1.2); also carries CANCEL.
import type { Timer } from '../../../shared/timer-queue.ts';
import { type ClientAction, type ClientHost, type ClientMachine, guard, type Transitions } from './machine.ts';

export type NonInviteClientState = 'trying' | 'proceeding' | 'completed' | 'terminated';

const transitions: Transitions<NonInviteClientState> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

export class NonInviteClient implements ClientMachine {
  readonly #host: ClientHost;
  #state: NonInviteClientState = 'trying';
  #reliable = false;
  #bytes: Uint8Array | undefined;
  #interval = 0;
  #timerE: Timer | undefined;
  /** F or K. */
  #expiry: Timer | undefined;

  constructor(host: ClientHost) {
    this.#host = host;
  }

  get state(): NonInviteClientState {
    return this.#state;
  }

  get untouched(): boolean {
    return this.#state === 'trying';
  }

  start(bytes: Uint8Array, reliable: boolean, now: number): void {
    this.#stopTimers();
    this.#reliable = reliable;
    this.#bytes = bytes;
    this.#expiry = this.#host.timers.schedule(now + this.#host.timing.lifetimeMs, (at) => this.#fail('timeout', at));
    if (!reliable) this.#startE(this.#host.timing.t1Ms, now);
    this.#host.transmit(bytes, 'first', now);
  }

  received(status: number, now: number): ClientAction {
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return 'drop';
    if (status >= 200) this.#enter('completed', now);
    else if (this.#state === 'trying') this.#enter('proceeding', now);
    return 'deliver';
  }

  transportFailed(now: number): void {
    if (this.#state === 'trying' || this.#state === 'proceeding') this.#fail('transport', now);
  }

  cancel(): void {
    // RFC 3261 section 9.1: only INVITE can be cancelled.
  }

  abandon(): void {
    // Timer F bounds it already, and a BYE nobody waits for must still arrive.
  }

  #enter(next: NonInviteClientState, now: number): void {
    this.#state = guard(transitions, this.#state, next);
    // Proceeding changes no timer: E goes on, at T2 from its next firing (section 17.1.2.2), and F stands.
    if (next === 'proceeding') return;
    const { timers, timing } = this.#host;
    this.#stopTimers();
    this.#bytes = undefined;
    if (next === 'completed') {
      // Timer K absorbs retransmitted finals; zero over reliable transports.
      this.#expiry = timers.schedule(now + (this.#reliable ? 0 : timing.t4Ms), (at) => this.#enter('terminated', at));
    } else {
      this.#host.ended();
    }
  }

  #fail(cause: 'timeout' | 'transport', now: number): void {
    this.#enter('terminated', now);
    this.#host.failed(cause, now);
  }

  #stopTimers(): void {
    this.#host.timers.cancel(this.#timerE);
    this.#host.timers.cancel(this.#expiry);
    this.#timerE = undefined;
    this.#expiry = undefined;
  }

  #startE(intervalMs: number, now: number): void {
    this.#interval = intervalMs;
    this.#timerE = this.#host.timers.schedule(now + intervalMs, (at) => this.#timerEFired(at));
  }

  #timerEFired(now: number): void {
    const t2Ms = this.#host.timing.t2Ms;
    this.#startE(this.#state === 'proceeding' ? t2Ms : Math.min(this.#interval * 2, t2Ms), now);
    if (this.#bytes !== undefined) this.#host.transmit(this.#bytes, 'again', now);
  }
}
