// What calls want from the user agent they live in. Types, and the two small things every message of a call needs.
import type { Rng } from '../../shared/rng.ts';
import type { Timer, Timers } from '../../shared/timer-queue.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientObserver, ClientTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import type { Look } from './look.ts';

export interface CallHost {
  readonly rng: Rng;
  readonly timers: Timers;
  readonly t1Ms: number;
  readonly look: Look;
  now(): number;
  /** Value of our Contact for messages that leave by `flow`. */
  contact(flow: Flow, user: string): string;
  /** Sends by UDP to `hop` (a URI), by a stream on the same connection; `flow` is where the dialog was last heard. */
  send(request: SipRequest, flow: Flow, hop: string, observer: ClientObserver): ClientTransaction;
  sendAck(request: SipRequest, flow: Flow, hop: string): void;
}

export function setBody(message: SipRequest | SipResponse, body: Uint8Array, contentType = 'application/sdp'): void {
  message.headers.set('content-type', contentType);
  message.body = body;
}

/** Sends now and again, at T1, 2*T1, ... up to `longestMs`, until stopped; calls `gaveUp` after 64*T1. */
export class Repeater {
  readonly #host: CallHost;
  #timer: Timer | undefined;

  constructor(host: CallHost) {
    this.#host = host;
  }

  start(send: () => void, longestMs: number, gaveUp: () => void): void {
    const { timers, t1Ms } = this.#host;
    this.stop();
    const end = this.#host.now() + 64 * t1Ms;
    const again = (waitMs: number): void => {
      this.#timer = timers.schedule(Math.min(this.#host.now() + waitMs, end), (now) => {
        if (now >= end) return gaveUp();
        send();
        again(Math.min(waitMs * 2, longestMs));
      });
    };
    send();
    again(t1Ms);
  }

  stop(): void {
    this.#host.timers.cancel(this.#timer);
    this.#timer = undefined;
  }
}
