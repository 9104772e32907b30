// Carries one non-INVITE request of a dialog to the other leg, and the response back: UPDATE and PRACK with the offers and
// answers in them, INFO, MESSAGE, REFER, NOTIFY, and methods that Weir does not know.
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientFailure, ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { saveRecord } from './call-record.ts';
import { carryMessage, carryResponse, putSdp, reply, wayBetween } from './carry.ts';
import { endCall, failureStatus, legAnswered } from './hang-up.ts';
import type { Leg } from './leg.ts';
import { pairBetween } from './pair.ts';
import { noteNotify, noteRefer, noteReferNumber, translateReferId } from './refer.ts';
import { carriesTimers, refreshed } from './session-timer.ts';

/** Refresh the remote target (RFC 3261 section 12.2, 3311, 6665), so they carry our Contact. */
const targetRefreshing: ReadonlySet<string> = new Set(['UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

export interface RelayOptions {
  /** Default: the leg's peer. */
  readonly to?: Leg;
  /** Last touch on the request before it goes. */
  readonly prepare?: (request: SipRequest) => void;
}

/** Carries one non-INVITE request to the other leg and its final response back. */
export async function relay(call: Call, from: Leg, server: ServerTransaction, options: RelayOptions = {}): Promise<void> {
  const { context } = call;
  const { request } = server;
  const to = options.to ?? from.peer;
  if (to === undefined || to.ended) return server.respond(noPeer(call, request), context.now());
  const sdp = sdpOf(request);
  let shown: Uint8Array | undefined;
  if (sdp !== undefined) {
    const result = await offerOrAnswer(call, from, to, request.method, sdp);
    if (result.kind === 'refused') return server.respond(refusedOffer(call, request, result.status), context.now());
    shown = result.sdp;
    if (to.ended) return server.respond(reply(request, 481, from.dialog.localTag), context.now());
  }
  const sent = to.request(request.method);
  carryMessage(request, sent, wayBetween(from, to), context);
  if (targetRefreshing.has(request.method)) to.addContact(sent);
  if (shown !== undefined) putSdp(request, sent, shown);
  translateReferId(from, sent);
  options.prepare?.(sent);
  if (request.method === 'REFER') noteReferNumber(to, sent, request);
  if (request.method === 'NOTIFY') noteNotify(to, request);
  const finish = (outcome: SipResponse | ClientFailure): void =>
    call.post(() => finishRelay(call, { from, to, server, offered: shown !== undefined }, outcome));
  context.sender.send(to, sent, {
    response(response) {
      if (response.status >= 200) finish(response);
    },
    failed: (cause) => finish(cause),
  });
}

/** Between two destinations of a merged call nobody is there yet; else nobody is there any more. */
function noPeer(call: Call, request: SipRequest): SipResponse {
  if (call.state !== 'setup') return reply(request, 481, '');
  const later = reply(request, 500, '');
  later.headers.append('retry-after', '2');
  return later;
}

interface Relayed {
  readonly from: Leg;
  readonly to: Leg;
  readonly server: ServerTransaction;
  /** The request carried an offer: the response answers it, or refuses it. */
  readonly offered: boolean;
}

async function finishRelay(call: Call, relayed: Relayed, outcome: SipResponse | ClientFailure): Promise<void> {
  const { from, to, server, offered } = relayed;
  const { request } = server;
  const pair = pairBetween(from, to);
  if (typeof outcome === 'string') {
    if (offered && pair !== undefined) await call.media.withdraw(pair);
    server.respond(reply(request, failureStatus(outcome), from.dialog.localTag), call.context.now());
    return legAnswered(call, to, request.method, outcome);
  }
  const response = outcome;
  const { status } = response;
  to.heard(response, to.flow);
  const carried = carryResponse(request, response, wayBetween(to, from), from.dialog.localTag, call.context);
  if (targetRefreshing.has(request.method) && status < 300) from.addContact(carried);
  const sdp = sdpOf(response);
  if (offered && pair !== undefined) {
    if (status < 300 && sdp !== undefined) {
      const answer = await call.media.answer(pair, to, sdp, 'final');
      if (answer.kind === 'refused') {
        // That side believes it is agreed: the sides would be apart (as in re-invite.ts).
        server.respond(reply(request, 488, ''), call.context.now());
        return endCall(call, { reason: 'sdp-refused', status: 488 });
      }
      putSdp(response, carried, answer.sdp);
    } else await call.media.withdraw(pair);
  }
  if (status < 300) succeeded(call, relayed, response);
  server.respond(carried, call.context.now());
  legAnswered(call, to, request.method, response);
}

function succeeded(call: Call, { from, to, server }: Relayed, response: SipResponse): void {
  const { method } = server.request;
  if (method === 'REFER') noteRefer(from, response);
  if (method === 'UPDATE') {
    if (carriesTimers(from, to)) refreshed(call, response);
    saveRecord(call);
  }
}

/** SDP in PRACK answers the offer of a reliable provisional, else it offers (RFC 3262 section 5); in UPDATE it offers. */
function offerOrAnswer(call: Call, from: Leg, to: Leg, method: string, sdp: Uint8Array): ReturnType<Call['media']['offer']> | RefusedSdp {
  const pair = pairBetween(from, to);
  if (pair === undefined) return { kind: 'refused', status: 481, reason: 'no peer' };
  if (method === 'PRACK' && pair.openOffer === to) return call.media.answer(pair, from, sdp, 'final');
  // RFC 3311 section 5.2: the offer before it has no answer yet.
  if (pair.openOffer === from) return { kind: 'refused', status: 500, reason: 'an offer of the same side is open' };
  return call.media.offer(pair, from, sdp);
}

function refusedOffer(call: Call, request: SipRequest, status: number): SipResponse {
  const refusal = reply(request, status, '');
  // RFC 3311 section 5.2: a time between 0 and 10 s, for both sides not to meet again.
  if (status === 500) refusal.headers.append('retry-after', String(call.context.rng.int(11)));
  return refusal;
}

interface RefusedSdp {
  readonly kind: 'refused';
  readonly status: number;
  readonly reason: string;
}
