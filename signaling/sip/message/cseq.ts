// CSeq (RFC 3261 sections 8.1.1.5 and 20.16): a number below 2^31 and the method, which is compared case-sensitively.

import { digitsEnd, isToken, numberAt, skipSpace } from './chars.ts';
import { messageLimits } from './limits.ts';

export interface CSeq {
  readonly sequence: number;
  readonly method: string;
}

export function parseCSeq(text: string): CSeq | undefined {
  const start = skipSpace(text, 0);
  const end = digitsEnd(text, start);
  const sequence = numberAt(text, start, end, messageLimits.sequence);
  const methodStart = skipSpace(text, end);
  const method = text.slice(methodStart);
  if (sequence === undefined || methodStart === end || !isToken(method)) return undefined;
  return { sequence, method };
}

export function formatCSeq(cseq: CSeq): string {
  return `${cseq.sequence} ${cseq.method}`;
}
