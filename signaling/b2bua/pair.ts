// Two legs joined back to back, and the offer/answer state between them (RFC 3264, RFC 6337): whose offer is open, so
// that any SDP can be told to be an offer, an answer or a repetition, whatever message carries it.
import { invariant } from '../../shared/assert.ts';
import type { Leg } from './leg.ts';

export class Pair {
  readonly caller: Leg;
  readonly callee: Leg;
  /** The branch of the call whose far side this is: names it to the session engine. */
  readonly branch: string;
  /** Who has offered and not been answered. */
  openOffer: Leg | undefined;
  /** The open offer was answered in an unreliable provisional: for peers that put no SDP in their 2xx that is the answer. */
  previewed = false;
  /** The open offer as it came and as it was shown on, to recognise its repetitions; `before` is what was shown before it. */
  offered: { readonly received: Uint8Array; readonly shown: Uint8Array; readonly before: Uint8Array | undefined } | undefined;

  constructor(options: { caller: Leg; callee: Leg; branch: string; openOffer: Leg | undefined }) {
    this.caller = options.caller;
    this.callee = options.callee;
    this.branch = options.branch;
    this.openOffer = options.openOffer;
    this.callee.pair = this;
    this.join();
  }

  /** Merged forks share the caller's leg: from the answer on it speaks with this callee. */
  join(): void {
    this.caller.pair = this;
  }

  other(leg: Leg): Leg {
    invariant(leg === this.caller || leg === this.callee, 'leg is not of this pair');
    return leg === this.caller ? this.callee : this.caller;
  }
}

/** The pair that a request from one leg to another runs in; a callee's leg has but one. */
export function pairBetween(from: Leg, to: Leg): Pair | undefined {
  return from.role === 'callee' ? from.pair : to.pair;
}
