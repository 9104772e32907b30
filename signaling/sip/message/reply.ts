// The response skeleton a UAS builds (RFC 3261 section 8.2.6.2). It adds no To-tag, Contact or body: that is its user's.

import { Headers } from './headers.ts';
import { reasonPhrase } from './reason-phrase.ts';
import type { SipRequest } from './request.ts';
import { SipResponse } from './response.ts';

/** Copies every Via, From, To, Call-ID and CSeq, and for a 100 the Timestamp (8.2.6.1). What the request lacks is left out. */
export function replyTo(request: SipRequest, status: number, reason: string = reasonPhrase(status)): SipResponse {
  const headers = new Headers();
  for (const field of request.headers.fields()) if (field.name === 'via') headers.appendField(field);
  const names = status === 100 ? [...copiedNames, 'timestamp'] : copiedNames;
  for (const name of names) {
    const field = request.headers.fields().find((other) => other.name === name);
    if (field !== undefined) headers.appendField(field);
  }
  return new SipResponse({ status, reason, headers });
}

const copiedNames = ['from', 'to', 'call-id', 'cseq'];
