// Session timers (RFC 4028). `carry`: the parties negotiate end to end and Weir only watches that the refreshes come.
// `keep` (by zone): Weir is the other party of the timer on that leg, refreshes it itself, and the far leg sees nothing.

import type { Zone } from '../routing/zone.ts';
import type { Headers } from '../sip/message/headers.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { formatSessionExpires, parseMinSe, parseSessionExpires } from '../sip/message/session-expires.ts';
import type { ClientFailure, ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { hasOption, reply } from './carry.ts';
import { acknowledgeAgain, endCall } from './hang-up.ts';
import type { InviteExchange } from './invite-forward.ts';
import { LaterInvite } from './later-invite.ts';
import type { Leg } from './leg.ts';

/** RFC 4028 section 5: 90 s is the least allowed, 1800 s recommended. */
export const minSeconds = 90;
const defaultSeconds = 1800;
/** A peer's number is not trusted beyond a day: it becomes a timer. */
const maxSeconds = 86_400;
/** Refreshes tried from the half of the interval on, an eighth of it apart, until it is over. */
const maxAttempts = 4;

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

/** A party of a kept zone that asks for less than allowed is told so (RFC 4028 section 9). */
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

/** keep: refuses an INVITE or UPDATE that wants too short an interval. True when it did. */
export function refuseTooShort(call: Call, leg: Leg, server: ServerTransaction): boolean {
  const { request } = server;
  if ((request.method !== 'INVITE' && request.method !== 'UPDATE') || !tooShort(request.headers, leg.zone)) return false;
  const response = reply(request, 422, '');
  response.headers.append('min-se', String(minSeconds));
  server.respond(response, call.context.now());
  return true;
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
  const seconds = clamp(wanted?.seconds ?? Math.max(defaultSeconds, parseMinSe(asked.get('min-se') ?? '') ?? 0));
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
  const patienceMs = Math.max(seconds * 1000 - Math.min(32_000, (seconds * 1000) / 3), 1000);
  if (weRefresh) wait(call, leg, seconds * 500, () => refresh(call, leg, seconds, 1));
  else wait(call, leg, patienceMs, () => endCall(call, { reason: 'session-expired', status: 408 }));
}

/** The one thing that the timer of a leg is set for. */
function wait(call: Call, leg: Leg, delayMs: number, then: () => void): void {
  call.cancelTimer(leg.sessionTimer);
  leg.sessionTimer = call.after(delayMs, () => {
    if (call.state === 'answered' && !leg.closing) then();
  });
}

/** Refused for now, or another INVITE is in the way: once more, as long as the interval lasts. */
function retry(call: Call, leg: Leg, seconds: number, attempt: number): void {
  if (attempt >= maxAttempts) return endCall(call, { reason: 'session-expired', status: 408 });
  wait(call, leg, (seconds * 1000) / 8, () => refresh(call, leg, seconds, attempt + 1));
}

function refresh(call: Call, leg: Leg, seconds: number, attempt: number): void {
  const { context } = call;
  const byUpdate = leg.allow.has('UPDATE') || leg.shownSdp === undefined;
  if (!byUpdate && leg.invitesUnderWay) return retry(call, leg, seconds, attempt);
  const request = refreshRequest(leg, seconds, byUpdate ? undefined : leg.shownSdp);
  const later = new LaterInvite(undefined);
  call.laterInvites.add(later);
  const limit = call.after(seconds * 250, () => later.cancel(context.now()));
  if (!byUpdate) leg.invite = 'sent';
  const finish = (outcome: SipResponse | ClientFailure): void => {
    if (!call.laterInvites.delete(later)) return;
    call.cancelTimer(limit);
    if (!byUpdate) leg.invite = 'none';
    if (call.state === 'answered' && !leg.closing) refreshAnswered(call, leg, outcome, { seconds, attempt });
  };
  context.sender.send(
    leg,
    request,
    {
      response: (response) =>
        call.post(() => {
          if (response.status < 200) return;
          if (!byUpdate && response.status < 300) acknowledgeAgain(call, leg, request.cseq.sequence);
          finish(response);
        }),
      failed: (cause) => call.post(() => finish(cause)),
    },
    (transaction) => later.started(transaction, context.now()),
  );
}

function refreshRequest(leg: Leg, seconds: number, sdp: Uint8Array | undefined): SipRequest {
  const request = leg.request(sdp === undefined ? 'UPDATE' : 'INVITE');
  leg.addContact(request);
  request.headers.append('supported', 'timer');
  request.headers.append('session-expires', formatSessionExpires({ seconds, refresher: 'uac' }));
  request.headers.append('min-se', String(minSeconds));
  if (sdp === undefined) return request;
  request.headers.append('content-type', 'application/sdp');
  request.body = sdp;
  return request;
}

interface Attempt {
  readonly seconds: number;
  readonly attempt: number;
}

function refreshAnswered(call: Call, leg: Leg, outcome: SipResponse | ClientFailure, { seconds, attempt }: Attempt): void {
  if (outcome === 'transport') return retry(call, leg, seconds, attempt);
  if (outcome === 'timeout' || outcome.status === 408 || outcome.status === 481) {
    return endCall(call, { reason: 'session-expired', status: 408 });
  }
  const least = outcome.status === 422 ? parseMinSe(outcome.headers.get('min-se') ?? '') : undefined;
  // Section 7.4: with the interval that the party allows.
  if (least !== undefined && least > seconds && least <= maxSeconds && attempt < maxAttempts) {
    return refresh(call, leg, least, attempt + 1);
  }
  if (outcome.status >= 300) return retry(call, leg, seconds, attempt);
  leg.heard(outcome, leg.flow);
  const agreed = parseSessionExpires(outcome.headers.get('session-expires') ?? '');
  arm(call, leg, clamp(agreed?.seconds ?? seconds), agreed?.refresher !== 'uas');
}

function clamp(seconds: number): number {
  return Math.min(Math.max(seconds, minSeconds), maxSeconds);
}
