// Transfers across the pair: which NOTIFYs are awaited, and the id that ties a NOTIFY to its REFER (RFC 3515 section
// 2.4.6): the CSeq number of the REFER, which differs on the two legs. Refer-To itself is translated in dialog-names.ts.
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { Leg } from './leg.ts';

/** Transfers of one party that are told apart; their reports take seconds. */
const maxRefers = 16;

/** A REFER goes to `to` under another number than its sender gave it. */
export function noteReferNumber(to: Leg, sent: SipRequest, asked: SipRequest): void {
  to.referIds.set(sent.cseq.sequence, asked.cseq.sequence);
  for (const oldest of to.referIds.keys()) {
    if (to.referIds.size <= maxRefers) break;
    to.referIds.delete(oldest);
  }
}

/** The party's REFER was accepted: it is owed reports, unless it wanted none (RFC 4488). */
export function noteRefer(leg: Leg, response: SipResponse): void {
  if (!/^\s*false\b/i.test(response.headers.get('refer-sub') ?? '')) leg.reports++;
}

/** A NOTIFY goes to `to`: the last report of a transfer says so. */
export function noteNotify(to: Leg, request: SipRequest): void {
  if (!isReferEvent(request)) return;
  const state = request.headers.get('subscription-state') ?? '';
  if (/^\s*terminated\b/i.test(state) && to.reports > 0) to.reports--;
}

/** `sent` is a NOTIFY made from one that came on `from`: its id becomes the number that the other party's REFER had. */
export function translateReferId(from: Leg, sent: SipRequest): void {
  if (sent.method !== 'NOTIFY' || !isReferEvent(sent)) return;
  const event = sent.headers.get('event') ?? '';
  const id = /;\s*id\s*=\s*(\d{1,10})/i.exec(event)?.[1];
  if (id === undefined) return;
  const other = from.referIds.get(Number(id));
  sent.headers.set('event', other === undefined ? 'refer' : `refer;id=${other}`);
}

function isReferEvent(request: SipRequest): boolean {
  return /^\s*refer\s*(;|$)/i.test(request.headers.get('event') ?? '');
}
