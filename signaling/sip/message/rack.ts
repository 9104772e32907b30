// RAck and RSeq (RFC 3262 section 7): which reliable provisional response a PRACK acknowledges.

import { boundedNumber, clampedNumber, digitsEnd, numberAt, skipSpace } from './chars.ts';
import { type CSeq, formatCSeq, parseCSeq } from './cseq.ts';
import { messageLimits } from './limits.ts';

export interface RAck {
  readonly rseq: number;
  readonly cseq: CSeq;
}

export function parseRAck(text: string): RAck | undefined {
  const start = skipSpace(text, 0);
  const end = digitsEnd(text, start);
  const rseq = numberAt(text, start, end, messageLimits.seconds);
  const rest = skipSpace(text, end);
  if (rseq === undefined || rest === end) return undefined;
  const cseq = parseCSeq(text.slice(rest));
  return cseq === undefined ? undefined : { rseq, cseq };
}

export function formatRAck(rack: RAck): string {
  return `${rack.rseq} ${formatCSeq(rack.cseq)}`;
}

/** RSeq: 1 to 2^32-1. */
export function parseRSeq(text: string): number | undefined {
  const rseq = boundedNumber(text, messageLimits.seconds);
  return rseq === 0 ? undefined : rseq;
}

/** delta-seconds as in Expires and Min-Expires, clamped to 2^32-1 (RFC 3261 20.19). */
export function parseSeconds(text: string): number | undefined {
  return clampedNumber(text, messageLimits.seconds);
}
