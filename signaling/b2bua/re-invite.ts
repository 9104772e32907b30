// INVITE within an answered call, from either side: hold, resume, moved media, refreshed sessions, late offers. One at a
// time per call; who comes second is told to wait (RFC 3261 section 14).
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientTransaction, ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { saveRecord } from './call-record.ts';
import { carryMessage, carryResponse, putSdp, reply, wayBetween } from './carry.ts';
import { endCall, hangUp, legAnswered, repeatAck } from './hang-up.ts';
import { forwardAccepted, forwardProvisional, type InviteExchange } from './invite-forward.ts';
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
  // Glare: one of ours is on its way to this party, or waits for its ACK.
  const crossing = asker.invite === 'sent' || answerer.invite === 'received' || asker.ackDue !== undefined;
  if (crossing || asker.accepted !== undefined || pair.openOffer !== undefined) return refuse(491);
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
  const limit = call.after(answerWaitMs, () => call.reInvites.get(server.id)?.cancel(context.now()));
  const done = (): void => {
    idle();
    call.cancelTimer(limit);
    call.reInvites.delete(server.id);
  };
  context.sender.send(
    answerer,
    sent,
    {
      response: (response) => call.post(() => onResponse(call, exchange, response, done)),
      failed: (cause) => call.post(() => onFailed(call, exchange, cause === 'timeout' ? 408 : 503, done)),
    },
    (transaction: ClientTransaction) => call.reInvites.set(server.id, transaction),
  );
}

async function onResponse(call: Call, exchange: InviteExchange, response: SipResponse, done: () => void): Promise<void> {
  const { answerer, pair } = exchange;
  if (response.status === 100) return;
  if (response.status >= 300) return onRejected(call, exchange, response, done);
  if (call.state !== 'answered' && response.status < 200) return;
  answerer.heard(response, answerer.flow);
  if (response.status < 200) return forwardProvisional(call, exchange, response);
  if (exchange.server.answered) {
    // Its 2xx again: our ACK was lost; or the asker has not acknowledged yet and the ACK will follow.
    if (answerer.ackDue === undefined) repeatAck(call, answerer);
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
  server.respond(carried, call.context.now());
  legAnswered(call, answerer, 'INVITE', response.status);
}

async function onFailed(call: Call, exchange: InviteExchange, status: number, done: () => void): Promise<void> {
  const { asker, answerer, pair, server } = exchange;
  done();
  await call.media.withdraw(pair);
  server.respond(reply(server.request, status, asker.dialog.localTag), call.context.now());
  legAnswered(call, answerer, 'INVITE', status);
}
