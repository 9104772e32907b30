// The ACK for a non-2xx final response, which belongs to the INVITE's transaction (RFC 3261 section 17.1.1.3).
// The ACK for a 2xx is the user's: see TransactionLayer.sendAck.
import { Headers } from '../message/headers.ts';
import { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';

const noBody = new Uint8Array(0);

/** `invite` as sent, with our Via on top. */
export function ackFor(invite: SipRequest, response: SipResponse): SipRequest {
  // The To of the response, for its tag; all else, also the Route set, is the INVITE's.
  return followUp(invite, 'ACK', response.headers.get('to') ?? '');
}

/** A bodiless request in the INVITE's transaction: same Request-URI, top Via, Route set, From, Call-ID and CSeq number. */
export function followUp(invite: SipRequest, method: 'ACK' | 'CANCEL', to: string): SipRequest {
  const headers = new Headers();
  const from = invite.headers;
  headers.append('via', from.get('via') ?? '');
  for (const route of from.getAll('route')) headers.append('route', route);
  headers.append('max-forwards', '70');
  headers.append('from', from.get('from') ?? '');
  headers.append('to', to);
  headers.append('call-id', from.get('call-id') ?? '');
  headers.append('cseq', `${invite.cseq.sequence} ${method}`);
  return new SipRequest({ method, uri: invite.uri, headers, body: noBody });
}
