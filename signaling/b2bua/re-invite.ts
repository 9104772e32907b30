// INVITE within an answered call, from either side: hold, resume, moved media, refreshed sessions, late offers. One at a
// time per call; who comes second is told to wait (RFC 3261 section 14).
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientFailure, ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { saveRecord } from './call-record.ts';
import { carryMessage, carryResponse, putSdp, reply, wayBetween } from './carry.ts';
import { acknowledgeAgain, endCall, failureStatus, hangUp, legAnswered } from './hang-up.ts';
import { forwardAccepted, forwardProvisional, type InviteExchange } from './invite-forward.ts';
import { LaterInvite } from './later-invite.ts';
import type { Leg } from './leg.ts';

/** A re-INVITE of a party may take as long as a first one to be answered; then it is over, not the call. */
const answerWaitMs = 60_000;

export async function reInvite(call: Call, asker: Leg, server: ServerTransaction): Promise<void> {
  const { context } = call;
  const { request } = server;
  const pair = asker.pair;
  const refuse = (status: number): void => server.respond(reply(request, status, asker.dialog.localTag), context.now());
  if (pair === undefined || call.state !== 'answered' || pair !== call.pair) return refuse(491);
  const answerer = pair.other(asker);
  if (asker.invite === 'received') {
    // RFC 3261 section 14.2: a second INVITE before the first is answered.
    const busy = reply(request, 500, asker.dialog.localTag);
    busy.headers.append('retry-after', String(context.rng.int(11)));
    return server.respond(busy, context.now());
  }
  // Glare: one of ours is on its way to this party, or another one is under way with the other.
  if (asker.invitesUnderWay || answerer.invitesUnderWay || pair.openOffer !== undefined) return refuse(491);
  asker.invite = 'received';
  answerer.invite = 'sent';
  server.respond(reply(request, 100, asker.dialog.localTag), context.now());
  const idle = (): void => {
    asker.invite = 'none';
    answerer.invite = 'none';
  };
  const sdp = sdpOf(request);
  let shown: Uint8Array | undefined;
  if (sdp !== undefined) {
    const offer = await call.media.offer(pair, asker, sdp);
    if (offer.kind === 'refused' || call.pair !== pair || answerer.closing) {
      idle();
      return refuse(offer.kind === 'refused' ? offer.status : 481);
    }
    shown = offer.sdp;
  }
  const sent = answerer.request('INVITE');
  carryMessage(request, sent, wayBetween(asker, answerer), context);
  answerer.addContact(sent);
  if (shown !== undefined) putSdp(request, sent, shown);
  const exchange: InviteExchange = { pair, server, sent, asker, answerer };
  const later = new LaterInvite(server);
  call.laterInvites.add(later);
  const limit = call.after(answerWaitMs, () => later.cancel(context.now()));
  const done = (): void => {
    // Copies of the 2xx come after the next INVITE may have begun.
    if (!call.laterInvites.delete(later)) return;
    idle();
    call.cancelTimer(limit);
  };
  context.sender.send(
    answerer,
    sent,
    {
      response(response) {
        if (response.status < 300) call.tryPost(() => onResponse(call, exchange, response, done));
        else call.post(() => onResponse(call, exchange, response, done));
      },
      failed: (cause) => call.post(() => onFailed(call, exchange, cause, done)),
    },
    (transaction) => later.started(transaction, context.now()),
  );
}

/** The asker's CANCEL. */
export function cancelReInvite(call: Call, server: ServerTransaction): void {
  for (const later of call.laterInvites) if (later.server === server) later.cancel(call.context.now());
}

async function onResponse(call: Call, exchange: InviteExchange, response: SipResponse, done: () => void): Promise<void> {
  const { answerer, pair } = exchange;
  if (response.status === 100) return;
  if (response.status >= 300) return onRejected(call, exchange, response, done);
  if (call.state !== 'answered' && response.status < 200) return;
  answerer.heard(response, answerer.flow);
  if (response.status < 200) return forwardProvisional(call, exchange, response);
  if (exchange.server.answered) {
    done();
    // Its 2xx again, our ACK was lost; or nobody waits for it any more. When the asker is yet to acknowledge, the ACK follows.
    const { sequence } = exchange.sent.cseq;
    if (answerer.ackDue !== sequence) acknowledgeAgain(call, answerer, sequence);
    return;
  }
  const outcome = await forwardAccepted(call, exchange, response);
  done();
  if (call.state !== 'answered') return hangUp(call, answerer, call.ending?.reason ?? 'leg-lost');
  if (outcome === 'sent') return saveRecord(call);
  // The new answer is unusable and cannot be undone on that side: the sides would disagree on what is agreed.
  await call.media.withdraw(pair);
  exchange.server.respond(reply(exchange.server.request, 488, exchange.asker.dialog.localTag), call.context.now());
  endCall(call, { reason: 'sdp-refused', status: 488 });
}

async function onRejected(call: Call, exchange: InviteExchange, response: SipResponse, done: () => void): Promise<void> {
  const { asker, answerer, pair, server } = exchange;
  done();
  await call.media.withdraw(pair);
  const carried = carryResponse(server.request, response, wayBetween(answerer, asker), asker.dialog.localTag, call.context);
  if (!server.answered) server.respond(carried, call.context.now());
  legAnswered(call, answerer, 'INVITE', response);
}

async function onFailed(call: Call, exchange: InviteExchange, cause: ClientFailure, done: () => void): Promise<void> {
  const { asker, answerer, pair, server } = exchange;
  done();
  await call.media.withdraw(pair);
  if (!server.answered) server.respond(reply(server.request, failureStatus(cause), asker.dialog.localTag), call.context.now());
  legAnswered(call, answerer, 'INVITE', cause);
}
