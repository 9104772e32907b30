// Answers to requests too broken for a transaction (RFC 3261 8.2.7, 16.3): built, limited and given back to be sent once. Neither
// in number nor in size are they worth a forged source.
import { createHmac } from 'node:crypto';
import type { Rng } from '../../../shared/rng.ts';
import { parseNameAddr, tagOf } from '../message/name-addr.ts';
import { encodeMessage } from '../message/parse-message.ts';
import { replyTo } from '../message/reply.ts';
import type { SipRequest } from '../message/request.ts';
import { transportLimits } from './limits.ts';

export interface BadRequest {
  readonly request: SipRequest;
  readonly status: number;
  readonly reason: string;
  /** Bytes received for it. */
  readonly size: number;
}

export class StatelessAnswers {
  readonly #key: string;
  #allowance: number = transportLimits.statelessAnswers;
  #refilledAt = 0;

  constructor(rng: Rng) {
    this.#key = rng.token(32);
  }

  /** undefined: not to be answered. */
  answer(bad: BadRequest, now: number): Buffer | undefined {
    // RFC 3261 17.1.1.3: an ACK is never answered.
    if (bad.request.method === 'ACK') return undefined;
    this.#refill(now);
    if (this.#allowance < 1) return undefined;
    const response = replyTo(bad.request, bad.status, bad.reason);
    const to = response.headers.get('to');
    const parsed = to === undefined ? undefined : parseNameAddr(to);
    if (to !== undefined && parsed !== undefined && tagOf(parsed) === undefined)
      response.headers.set('to', `${to};tag=${this.#tag(bad.request)}`);
    const bytes = encodeMessage(response);
    if (bytes.length > bad.size * transportLimits.amplification) return undefined;
    this.#allowance--;
    return bytes;
  }

  /** RFC 3261 8.2.7: the same for the same request each time it comes. */
  #tag(request: SipRequest): string {
    const text = `${request.headers.get('via')}\n${request.headers.get('call-id')}\n${request.headers.get('cseq')}`;
    return createHmac('sha256', this.#key).update(text, 'latin1').digest('base64url').slice(0, 16);
  }

  #refill(now: number): void {
    const perSecond = transportLimits.statelessAnswers;
    this.#allowance = Math.min(perSecond, this.#allowance + ((now - this.#refilledAt) * perSecond) / 1000);
    this.#refilledAt = now;
  }
}
