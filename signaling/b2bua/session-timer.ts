// Session timers (RFC 4028). `carry`: the parties negotiate end to end and Weir only watches that the refreshes come.
// `keep` (by zone): Weir is the other party of the timer on that leg, refreshes it itself, and the far leg sees nothing.

import type { Zone } from '../routing/zone.ts';
import { ackRequest } from '../sip/dialog/dialog.ts';
import type { Headers } from '../sip/message/headers.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { formatSessionExpires, parseMinSe, parseSessionExpires, type SessionExpires } from '../sip/message/session-expires.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { hasOption, reply } from './carry.ts';
import { acknowledge, endCall } from './hang-up.ts';
import type { InviteExchange } from './invite-forward.ts';
import type { Leg } from './leg.ts';

/** RFC 4028 section 5: 90 s is the least allowed, 1800 s recommended. */
export const minSeconds = 90;
const defaultSeconds = 1800;
/** A peer's number is not trusted beyond a day: it becomes a timer. */
const maxSeconds = 86_400;

export function carriesTimers(a: { zone: Zone }, b: { zone: Zone }): boolean {
  return !a.zone.keepsTimers && !b.zone.keepsTimers;
}

/** Our own wish for the callee's leg, in the INVITE. `seconds` answers a 422. */
export function offerTimer(headers: Headers, to: Zone, seconds = defaultSeconds): void {
  if (!to.keepsTimers) return;
  headers.append('supported', 'timer');
  headers.append('session-expires', String(seconds));
  headers.append('min-se', String(Math.min(seconds, minSeconds)));
}

/** The interval that a 422 of a kept leg asks for; undefined when it is none of ours to meet. */
export function wantedInterval(response: SipResponse, zone: Zone): number | undefined {
  if (response.status !== 422 || !zone.keepsTimers) return undefined;
  const seconds = parseMinSe(response.headers.get('min-se') ?? '');
  return seconds === undefined || seconds > maxSeconds ? undefined : Math.max(seconds, defaultSeconds);
}

/** A caller of a kept zone that asks for less than allowed is told so (RFC 4028 section 8.1). */
export function tooShort(headers: Headers, zone: Zone): boolean {
  const wanted = zone.keepsTimers ? parseSessionExpires(headers.get('session-expires') ?? '') : undefined;
  return wanted !== undefined && wanted.seconds < minSeconds;
}

/** The 2xx of an INVITE crosses: sets what each leg agreed on. `carried` is what the asker will get. */
export function answerTimer(call: Call, exchange: InviteExchange, response: SipResponse, carried: SipResponse): void {
  const { asker, answerer, server } = exchange;
  if (carriesTimers(asker, answerer)) return refreshed(call, response);
  if (asker.zone.keepsTimers) agreeAsServer(call, asker, server.request.headers, carried);
  if (answerer.zone.keepsTimers) agreeAsClient(call, answerer, response);
}

/** carry: a 2xx to INVITE or UPDATE with Session-Expires starts the interval again, one without ends the timer. */
export function refreshed(call: Call, response: SipResponse): void {
  call.cancelTimer(call.sessionWatch);
  call.sessionWatch = undefined;
  const agreed = parseSessionExpires(response.headers.get('session-expires') ?? '');
  if (agreed === undefined) return;
  call.sessionWatch = call.after(clamp(agreed.seconds) * 1000, () => endCall(call, { reason: 'session-expired', status: 408 }));
}

/** keep: an UPDATE without SDP from the party only refreshes our leg and ends here. True when it was that. */
export function answerRefresh(call: Call, leg: Leg, server: ServerTransaction): boolean {
  if (!leg.zone.keepsTimers || sdpOf(server.request) !== undefined || call.state !== 'answered') return false;
  const response = reply(server.request, 200, leg.dialog.localTag);
  leg.addContact(response);
  agreeAsServer(call, leg, server.request.headers, response);
  server.respond(response, call.context.now());
  return true;
}

function agreeAsServer(call: Call, leg: Leg, asked: Headers, response: SipResponse): void {
  const wanted = parseSessionExpires(asked.get('session-expires') ?? '');
  const supports = hasOption(asked, 'supported', 'timer');
  if (wanted === undefined && !supports) return;
  const seconds = clamp(wanted?.seconds ?? defaultSeconds);
  const refresher = wanted?.refresher ?? 'uas';
  response.headers.set('session-expires', formatSessionExpires({ seconds, refresher }));
  if (supports) response.headers.append('require', 'timer');
  arm(call, leg, seconds, refresher === 'uas');
}

function agreeAsClient(call: Call, leg: Leg, response: SipResponse): void {
  const agreed = parseSessionExpires(response.headers.get('session-expires') ?? '');
  if (agreed !== undefined) arm(call, leg, clamp(agreed.seconds), agreed.refresher !== 'uas');
}

/** We refresh at half the interval; a party that should and does not is given up shortly before its end (section 10). */
function arm(call: Call, leg: Leg, seconds: number, weRefresh: boolean): void {
  call.cancelTimer(leg.sessionTimer);
  const delayMs = weRefresh ? seconds * 500 : Math.max(seconds * 1000 - Math.min(32_000, (seconds * 1000) / 3), 1000);
  leg.sessionTimer = call.after(delayMs, () => {
    if (call.state !== 'answered' || leg.closing) return;
    if (weRefresh) refresh(call, leg, seconds);
    else endCall(call, { reason: 'session-expired', status: 408 });
  });
}

function refresh(call: Call, leg: Leg, seconds: number): void {
  const byUpdate = leg.allow.has('UPDATE') || leg.shownSdp === undefined;
  // Another INVITE is under way: it refreshes as well as ours would, or ours follows it.
  if (!byUpdate && (leg.invite !== 'none' || leg.accepted !== undefined)) return arm(call, leg, Math.max(2, seconds / 8), true);
  const request = leg.request(byUpdate ? 'UPDATE' : 'INVITE');
  leg.addContact(request);
  request.headers.append('supported', 'timer');
  request.headers.append('session-expires', formatSessionExpires({ seconds, refresher: 'uac' }));
  request.headers.append('min-se', String(minSeconds));
  if (!byUpdate && leg.shownSdp !== undefined) {
    request.headers.append('content-type', 'application/sdp');
    request.body = leg.shownSdp;
    leg.invite = 'sent';
  }
  const ended = (status: number, agreed: SessionExpires | undefined): void => {
    if (!byUpdate) leg.invite = 'none';
    if (status === 408 || status === 481) return endCall(call, { reason: 'session-expired', status: 408 });
    arm(call, leg, clamp(agreed?.seconds ?? seconds), agreed?.refresher !== 'uas');
  };
  call.context.sender.send(leg, request, {
    response: (response) =>
      call.post(() => {
        if (response.status < 200) return;
        if (!byUpdate && response.status < 300) acknowledge(call, leg, ackRequest(leg.dialog, request.cseq.sequence));
        ended(response.status, parseSessionExpires(response.headers.get('session-expires') ?? ''));
      }),
    failed: (cause) => call.post(() => ended(cause === 'timeout' ? 408 : 503, undefined)),
  });
}

function clamp(seconds: number): number {
  return Math.min(Math.max(seconds, minSeconds), maxSeconds);
}
