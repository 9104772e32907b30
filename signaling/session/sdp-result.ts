// What offer and answer come to: a description for the other side, or a refusal as the SIP status that tells it.
import type { RelayFailed } from './relay.ts';

/**
 * 488 the description cannot be served, 491 an offer is open, 481 no such call, branch or party, 503 no ports or no
 * worker, 500 our fault.
 */
export type RefusalStatus = 481 | 488 | 491 | 500 | 503;

export interface Refusal {
  readonly kind: 'refused';
  readonly status: RefusalStatus;
  readonly reason: string;
}

export type SdpResult = { readonly kind: 'sdp'; readonly sdp: Uint8Array } | Refusal;

export function refused(status: RefusalStatus, reason: string): Refusal {
  return { kind: 'refused', status, reason };
}

export function refusedByRelay(failed: RelayFailed): Refusal {
  return refused(statusOf(failed), `${failed.failure}: ${failed.message}`);
}

function statusOf({ failure }: RelayFailed): RefusalStatus {
  switch (failure) {
    case 'no-ports':
    case 'draining':
    case 'worker-gone':
    case 'timeout':
      return 503;
    // The zone has no address of the family that the peer speaks.
    case 'unknown-interface':
      return 488;
    case 'unknown-session':
    case 'bad-command':
      return 500;
  }
}
