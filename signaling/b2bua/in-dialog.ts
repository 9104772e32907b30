// Requests within the dialogs of a call: checked and told apart by method. INVITE is in re-invite.ts, PRACK in prack.ts, all
// that simply crosses in relay.ts; the ACK of a 2xx is here.

import { ackRequest } from '../sip/dialog/dialog.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { carryMessage, putSdp, reply, wayBetween } from './carry.ts';
import { acknowledge, endCall, onBye } from './hang-up.ts';
import type { Leg } from './leg.ts';
import { relayPrack } from './prack.ts';
import { reInvite } from './re-invite.ts';
import { relay } from './relay.ts';
import { answerRefresh, refuseTooShort } from './session-timer.ts';

export function onRequest(call: Call, leg: Leg, server: ServerTransaction): void | Promise<void> {
  const { request } = server;
  const now = call.context.now();
  if (!leg.inOrder(request)) return server.respond(reply(request, 500, leg.dialog.localTag), now);
  leg.heard(request, server.flow);
  if (request.method === 'BYE') return onBye(call, leg, server);
  // After the BYE only the reports of a transfer may still come.
  if (leg.closing && request.method !== 'NOTIFY') return server.respond(reply(request, 481, leg.dialog.localTag), now);
  if (refuseTooShort(call, leg, server)) return;
  if (request.method === 'INVITE') return reInvite(call, leg, server);
  if (request.method === 'PRACK') return relayPrack(call, leg, server);
  if (request.method === 'UPDATE' && answerRefresh(call, leg, server)) return;
  return relay(call, leg, server);
}

/** The ACK of a 2xx crosses to the INVITE of ours that it stands for, with the answer of a late offer. */
export async function onAck(call: Call, leg: Leg, request: SipRequest): Promise<void> {
  // RFC 3261 section 13.2.2.4: it bears the number of its INVITE; a late copy of an earlier one acknowledges nothing.
  if (request.cseq.sequence !== leg.acceptedSequence) return;
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
  } else if (pair.openOffer === to) {
    // It owed us the answer to a late offer (section 13.2.1). The next offer of either side must find the way free.
    await call.media.withdraw(pair);
  }
  if (to.ackDue !== undefined) acknowledge(call, to, ack);
}
