// Who may start something new: limits of the box, drain, hops, extensions (RFC 3261 sections 8.2, 16.3). Requests within
// dialogs are never turned away here: calls at hand come first.
import type { LimitsConfig } from '../config/schema.ts';
import type { Zone } from '../routing/zone.ts';
import type { SipRequest } from '../sip/message/request.ts';
import { minSeconds, tooShort } from './session-timer.ts';

export interface Refusal {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

export class Admission {
  readonly #limits: LimitsConfig;
  /** Token bucket of new calls: a second's worth at most. */
  #tokens: number;
  #filledAt = Number.NEGATIVE_INFINITY;
  #draining = false;

  constructor(limits: LimitsConfig) {
    this.#limits = limits;
    this.#tokens = limits.callsPerSecond;
  }

  drain(): void {
    this.#draining = true;
  }

  check(request: SipRequest, zone: Zone, calls: number, now: number): Refusal | undefined {
    if (request.maxForwards === 0) return { status: 483, headers: [] };
    const required = request.headers.list('proxy-require');
    if (required.length > 0) return { status: 420, headers: [['unsupported', required.join(', ')]] };
    if (this.#draining) return busy(30);
    if (request.method !== 'INVITE') return undefined;
    if (tooShort(request.headers, zone)) return { status: 422, headers: [['min-se', String(minSeconds)]] };
    if (calls >= this.#limits.calls) return busy(10);
    return this.#take(now) ? undefined : busy(1);
  }

  #take(now: number): boolean {
    const { callsPerSecond } = this.#limits;
    this.#tokens = Math.min(callsPerSecond, this.#tokens + ((now - this.#filledAt) * callsPerSecond) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** RFC 3261 section 21.5.4: come back in so many seconds. */
function busy(seconds: number): Refusal {
  return { status: 503, headers: [['retry-after', String(seconds)]] };
}
