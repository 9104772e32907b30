// Reliable provisional responses as the UAS sends them (RFC 3262 section 3): numbered, one at a time, repeated until the
// PRACK comes. The receiving side is reliable-receiver.ts.
import type { Rng } from '../../../shared/rng.ts';
import type { Timer, Timers } from '../../../shared/timer-queue.ts';
import type { RAck } from '../message/rack.ts';
import type { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';
import { maxQueuedProvisionals } from './limits.ts';

/** The INVITE's transaction, as far as it is needed here. */
export interface ProvisionalSender {
  readonly request: SipRequest;
  readonly answered: boolean;
  respond(response: SipResponse, now: number): void;
}

export interface ReliableProvisionalsOptions {
  readonly timers: Timers;
  readonly rng: Rng;
  readonly t1Ms: number;
  /** No PRACK for 64*T1: the INVITE is to be rejected with a 5xx. */
  unacknowledged(now: number): void;
}

interface Provisional {
  readonly response: SipResponse;
  readonly server: ProvisionalSender;
  readonly rseq: number;
}

export class ReliableProvisionals {
  readonly #options: ReliableProvisionalsOptions;
  readonly #queue: Provisional[] = [];
  #nextRSeq: number;
  /** Sent, and no PRACK yet. */
  #current: Provisional | undefined;
  #interval = 0;
  #resend: Timer | undefined;
  #giveUp: Timer | undefined;

  constructor(options: ReliableProvisionalsOptions) {
    this.#options = options;
    // Section 3: the first RSeq is chosen at random from 1 to 2^31 - 1. Halving that leaves room to count up.
    this.#nextRSeq = 1 + options.rng.int(0x3fff_ffff);
  }

  /** A provisional was sent, or waits to be, and has no PRACK yet: a 2xx that follows up on its SDP must wait (section 3). */
  get outstanding(): boolean {
    return this.#current !== undefined || this.#queue.length > 0;
  }

  /** Sends `response` reliably, now or when the ones before it are acknowledged. Its RSeq; 0 when too many wait and it is dropped. */
  send(response: SipResponse, server: ProvisionalSender, now: number): number {
    if (this.#current?.server.answered === true) this.#advance(now);
    if (this.#queue.length >= maxQueuedProvisionals) return 0;
    const rseq = this.#nextRSeq++;
    if (!response.headers.list('require').some((option) => option.toLowerCase() === '100rel')) response.headers.append('require', '100rel');
    response.headers.set('rseq', String(rseq));
    this.#queue.push({ response, server, rseq });
    if (this.#current === undefined) this.#advance(now);
    return rseq;
  }

  /** A PRACK came. False: it matches no unacknowledged provisional, and wants a 481. */
  acknowledged(rack: RAck, now: number): boolean {
    const current = this.#current;
    if (current === undefined || rack.rseq !== current.rseq) return false;
    const { sequence, method } = current.server.request.cseq;
    if (rack.cseq.sequence !== sequence || rack.cseq.method !== method) return false;
    this.#advance(now);
    return true;
  }

  /** The call ended: no more repetitions, nothing is waited for. */
  stop(): void {
    this.#queue.length = 0;
    this.#current = undefined;
    this.#stopTimers();
  }

  /** On to the next in the queue whose INVITE still waits. */
  #advance(now: number): void {
    this.#stopTimers();
    this.#current = undefined;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (next.server.answered) continue;
      this.#current = next;
      const { timers, t1Ms } = this.#options;
      this.#giveUp = timers.schedule(now + 64 * t1Ms, (at) => this.#timedOut(at));
      this.#schedule(t1Ms, now);
      next.server.respond(next.response, now);
      return;
    }
  }

  #timedOut(now: number): void {
    const { server } = this.#current ?? {};
    this.stop();
    if (server?.answered === false) this.#options.unacknowledged(now);
  }

  #schedule(intervalMs: number, now: number): void {
    this.#interval = intervalMs;
    this.#resend = this.#options.timers.schedule(now + intervalMs, (at) => this.#again(at));
  }

  #again(now: number): void {
    const current = this.#current;
    if (current === undefined) return;
    if (current.server.answered) {
      // Section 3: a final response ends the repetitions, but a PRACK that still comes is to be recognised.
      this.#stopTimers();
      return;
    }
    // The interval doubles without the T2 ceiling.
    this.#schedule(this.#interval * 2, now);
    current.server.respond(current.response, now);
  }

  #stopTimers(): void {
    this.#options.timers.cancel(this.#resend);
    this.#options.timers.cancel(this.#giveUp);
    this.#resend = undefined;
    this.#giveUp = undefined;
  }
}
