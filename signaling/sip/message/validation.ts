// What a well-formed head must hold before anything looks at it (RFC 3261 sections 8.1.1, 16.3, 18.3; RFC 4475 3.1.2, 3.3).
// Judged here is only what every element must refuse; unknown schemes, extensions and the like are its users' business.

import { boundedNumber } from './chars.ts';
import type { EssentialFields } from './essential-fields.ts';
import type { Flaw, Head } from './head.ts';
import { nameBits } from './header-name.ts';
import type { Headers } from './headers.ts';
import { messageLimits } from './limits.ts';
import { splitList } from './list-value.ts';
import { parseVia } from './via.ts';

const mandatory = nameBits.via | nameBits.from | nameBits.to | nameBits.callId | nameBits.cseq;
const single = nameBits.from | nameBits.to | nameBits.callId | nameBits.cseq | nameBits.maxForwards | nameBits.contentType;

/** What is wrong with the header fields of a message; `method` is undefined for a response. */
export function flawOfHeaders(head: Head, headers: Headers, fields: EssentialFields, method: string | undefined): Flaw | undefined {
  if ((head.seen & mandatory) !== mandatory) return bad(`Missing ${missingName(head.seen)}`);
  if ((head.repeated & single) !== 0) return bad('Repeated Header Field');
  if (fields.topVia(headers) === undefined) return bad('Malformed Via');
  const cseq = fields.cseq(headers);
  if (cseq === undefined) return bad('Malformed CSeq');
  if (method !== undefined && cseq.method !== method) return bad('CSeq Method Mismatch');
  if (fields.from(headers) === undefined) return bad('Malformed From');
  if (fields.to(headers) === undefined) return bad('Malformed To');
  if (!isCallId(headers.get('call-id') ?? '')) return bad('Malformed Call-ID');
  if ((head.seen & nameBits.maxForwards) !== 0 && boundedNumber(headers.get('max-forwards') ?? '', 255) === undefined) {
    return bad('Malformed Max-Forwards');
  }
  return flawOfVias(head, headers);
}

/** The length of the body, or what is wrong with it. `available` bytes follow the header. */
export function bodyLength(head: Head, headers: Headers, framing: 'datagram' | 'stream', available: number): number | Flaw {
  if ((head.seen & nameBits.contentLength) === 0) {
    // RFC 3261 18.3: to the end of the datagram; on a stream nobody could tell where the message ends.
    return framing === 'datagram' ? available : bad('Missing Content-Length');
  }
  const length = contentLength(headers);
  if (length === undefined) return bad('Bad Content-Length');
  // RFC 3261 18.3: what a datagram holds beyond the body is discarded; one that ends before it is an error.
  return length > available ? bad('Body Shorter Than Content-Length') : length;
}

/** Digits only, and the same number in every Content-Length there is. */
function contentLength(headers: Headers): number | undefined {
  const values = headers.getAll('content-length');
  const lengths = values.map((value) => boundedNumber(value, messageLimits.messageBytes));
  const first = lengths[0];
  return lengths.every((length) => length === first) ? first : undefined;
}

/** RFC 3261 25.1: word [ "@" word ]. Only white space is refused: it would split the value where it is used as a key. */
function isCallId(text: string): boolean {
  return text !== '' && !/[ \t]/.test(text);
}

/** Whoever joins Vias by commas must have got each right: a stray one would shift the way back (RFC 4475 3.1.2.1). */
function flawOfVias(head: Head, headers: Headers): Flaw | undefined {
  if ((head.repeated & nameBits.via) === 0 && !(headers.get('via') ?? '').includes(',')) return undefined;
  let count = 0;
  for (const value of headers.getAll('via')) {
    const vias = value.includes(',') ? splitList(value) : [value];
    count += vias.length;
    if (count > messageLimits.vias) return { status: 513, reason: 'Too Many Vias' };
    if (vias.length > 1 && !vias.every((via) => parseVia(via) !== undefined)) return bad('Malformed Via');
  }
  return undefined;
}

function missingName(seen: number): string {
  if ((seen & nameBits.via) === 0) return 'Via';
  if ((seen & nameBits.from) === 0) return 'From';
  if ((seen & nameBits.to) === 0) return 'To';
  return (seen & nameBits.callId) === 0 ? 'Call-ID' : 'CSeq';
}

function bad(reason: string): Flaw {
  return { status: 400, reason };
}
