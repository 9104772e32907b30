// Requests within the dialogs of a call: checked, told apart by method, and carried to the other leg. Methods that Weir
// does not know cross like any other.

import { ackRequest } from '../sip/dialog/dialog.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { saveRecord } from './call-record.ts';
import { carryMessage, carryResponse, dropBody, putSdp, reply, wayBetween } from './carry.ts';
import { acknowledge, endCall, onBye } from './hang-up.ts';
import type { Leg } from './leg.ts';
import { relayPrack } from './prack.ts';
import { reInvite } from './re-invite.ts';
import { noteNotify, noteRefer, translateReferId } from './refer.ts';
import { answerRefresh, carriesTimers, refreshed } from './session-timer.ts';

/** Refresh the remote target (RFC 3261 section 12.2, 3311, 6665), so they carry our Contact. */
const targetRefreshing: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

export function onRequest(call: Call, leg: Leg, server: ServerTransaction): void | Promise<void> {
  const { request } = server;
  const now = call.context.now();
  if (!leg.inOrder(request)) return server.respond(reply(request, 500, leg.dialog.localTag), now);
  leg.heard(request, server.flow);
  if (request.method === 'BYE') return onBye(call, leg, server);
  // After the BYE only the reports of a transfer may still come.
  if (leg.closing && request.method !== 'NOTIFY') return server.respond(reply(request, 481, leg.dialog.localTag), now);
  if (request.method === 'INVITE') return reInvite(call, leg, server);
  if (request.method === 'PRACK') return relayPrack(call, leg, server);
  if (request.method === 'UPDATE' && answerRefresh(call, leg, server)) return;
  return relay(call, leg, server);
}

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
  if (to === undefined || to.ended) return server.respond(reply(request, 481, from.dialog.localTag), context.now());
  const sdp = sdpOf(request);
  let shown: Uint8Array | undefined;
  if (sdp !== undefined) {
    const result = await offerOrAnswer(call, from, request.method, sdp);
    if (result.kind === 'refused') return server.respond(reply(request, result.status, from.dialog.localTag), context.now());
    shown = result.sdp;
    if (to.ended) return server.respond(reply(request, 481, from.dialog.localTag), context.now());
  }
  const sent = to.request(request.method);
  carryMessage(request, sent, wayBetween(from, to), context);
  if (targetRefreshing.has(request.method)) to.addContact(sent);
  if (shown !== undefined) putSdp(request, sent, shown);
  translateReferId(from, sent);
  options.prepare?.(sent);
  if (request.method === 'REFER') to.referIds.set(sent.cseq.sequence, request.cseq.sequence);
  if (request.method === 'NOTIFY') noteNotify(to, request);
  const finish = (response: SipResponse | undefined, status: number): void =>
    call.post(() => finishRelay(call, { from, to, server, offered: shown !== undefined }, response, status));
  context.sender.send(to, sent, {
    response(response) {
      if (response.status >= 200) finish(response, response.status);
    },
    failed: (cause) => finish(undefined, cause === 'timeout' ? 408 : 503),
  });
}

interface Relayed {
  readonly from: Leg;
  readonly to: Leg;
  readonly server: ServerTransaction;
  /** The request carried an offer: the response answers it, or refuses it. */
  readonly offered: boolean;
}

async function finishRelay(call: Call, relayed: Relayed, response: SipResponse | undefined, status: number): Promise<void> {
  const { from, to, server, offered } = relayed;
  const { request } = server;
  const pair = from.pair;
  if (response === undefined) {
    if (offered && pair !== undefined) await call.media.withdraw(pair);
    server.respond(reply(request, status, from.dialog.localTag), call.context.now());
    return legAnswered(call, to, request.method, status);
  }
  to.heard(response, to.flow);
  const carried = carryResponse(request, response, wayBetween(to, from), from.dialog.localTag, call.context);
  if (targetRefreshing.has(request.method) && status < 300) from.addContact(carried);
  const sdp = sdpOf(response);
  if (offered && pair !== undefined) {
    if (status < 300 && sdp !== undefined) {
      const answer = await call.media.answer(pair, to, sdp, 'final');
      if (answer.kind === 'sdp') putSdp(response, carried, answer.sdp);
      else dropBody(carried);
    } else await call.media.withdraw(pair);
  }
  if (status < 300) succeeded(call, relayed, response);
  server.respond(carried, call.context.now());
  legAnswered(call, to, request.method, status);
}

function succeeded(call: Call, { from, to, server }: Relayed, response: SipResponse): void {
  const { method } = server.request;
  if (method === 'REFER') noteRefer(from);
  if (method === 'UPDATE') {
    if (carriesTimers(from, to)) refreshed(call, response);
    saveRecord(call);
  }
}

/** RFC 3261 section 12.2.1.2, RFC 5057: the far party does not know the dialog any more, or does not answer a refresh. */
export function legAnswered(call: Call, leg: Leg, method: string, status: number): void {
  const gone = status === 481 || ((status === 408 || status === 503) && (method === 'UPDATE' || method === 'INVITE'));
  if (!gone || call.state !== 'answered' || leg.closing) return;
  call.log.info({ leg: leg.role, method, status }, 'leg-lost');
  endCall(call, { reason: 'leg-lost', status: 480 });
}

/** SDP in PRACK answers the offer of a reliable provisional, else it offers (RFC 3262 section 5); in UPDATE it offers. */
function offerOrAnswer(call: Call, from: Leg, method: string, sdp: Uint8Array): ReturnType<Call['media']['offer']> | RefusedSdp {
  const pair = from.pair;
  if (pair === undefined) return { kind: 'refused', status: 481, reason: 'no peer' };
  if (method === 'PRACK' && pair.openOffer === from.peer) return call.media.answer(pair, from, sdp, 'final');
  return call.media.offer(pair, from, sdp);
}

interface RefusedSdp {
  readonly kind: 'refused';
  readonly status: number;
  readonly reason: string;
}

/** The ACK of a 2xx crosses to the INVITE of ours that it stands for, with the answer of a late offer. */
export async function onAck(call: Call, leg: Leg, request: SipRequest): Promise<void> {
  leg.accepted?.acknowledged();
  leg.accepted = undefined;
  const to = leg.peer;
  const pair = leg.pair;
  if (to === undefined || pair === undefined || to.ackDue === undefined || to.closing) return;
  const ack = ackRequest(to.dialog, to.ackDue);
  carryMessage(request, ack, wayBetween(leg, to), call.context);
  const sdp = sdpOf(request);
  if (sdp !== undefined) {
    const answer = await call.media.answer(pair, leg, sdp, 'final');
    if (answer.kind === 'sdp') putSdp(request, ack, answer.sdp);
    else {
      call.log.info({ status: answer.status, why: answer.reason }, 'answer-refused');
      endCall(call, { reason: 'sdp-refused', status: answer.status });
      return;
    }
  }
  if (to.ackDue !== undefined) acknowledge(call, to, ack);
}
