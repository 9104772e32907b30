// Responses to an INVITE on their way back across a pair: provisionals (reliable ones get an RSeq of ours, RFC 3262) and
// the 2xx, which is ours to repeat until the ACK comes (RFC 3261 section 13.3.1.4). Used by first and later INVITEs alike.
import { AcceptedInvite } from '../sip/dialog/accepted-invite.ts';
import { ReliableProvisionals } from '../sip/dialog/reliable-provisional.ts';
import { ReliableReceiver } from '../sip/dialog/reliable-receiver.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import type { Call } from './call.ts';
import { carryResponse, dropBody, hasOption, putSdp, reply, wayBetween } from './carry.ts';
import { endCall } from './hang-up.ts';
import { dropOption } from './header-policy.ts';
import type { Leg } from './leg.ts';
import type { Pair } from './pair.ts';
import { answerTimer } from './session-timer.ts';

/** An INVITE on its way: `server` is what came on `asker`'s leg, `sent` what we made of it for `answerer`. */
export interface InviteExchange {
  readonly pair: Pair;
  readonly server: ServerTransaction;
  readonly sent: SipRequest;
  readonly asker: Leg;
  readonly answerer: Leg;
}

export async function forwardProvisional(call: Call, exchange: InviteExchange, response: SipResponse): Promise<void> {
  const { asker, answerer, server } = exchange;
  const reliable = receiveReliably(exchange, response);
  if (reliable === 'ignore') return;
  const carried = carryResponse(server.request, response, wayBetween(answerer, asker), asker.dialog.localTag, call.context);
  asker.addContact(carried);
  dropOption(carried.headers, 'require', '100rel');
  const sdp = sdpOf(response);
  if (sdp !== undefined) {
    const shown = await answerOrOffer(call, exchange, sdp, reliable === 'unreliable' ? 'preview' : 'answer');
    if (shown.kind === 'refused') dropBody(carried);
    else putSdp(response, carried, shown.sdp);
  }
  if (server.answered) return;
  if (reliable === 'unreliable' || !acceptsReliable(server.request)) server.respond(carried, call.context.now());
  else sendReliably(call, exchange, carried, reliable.rseq);
}

/** The 2xx: shown to the asker and repeated until it acknowledges. False: its SDP cannot be used. */
export async function forwardAccepted(call: Call, exchange: InviteExchange, response: SipResponse): Promise<'sent' | 'refused'> {
  const { asker, answerer, pair, server } = exchange;
  answerer.ackDue = exchange.sent.cseq.sequence;
  const carried = carryResponse(server.request, response, wayBetween(answerer, asker), asker.dialog.localTag, call.context);
  asker.addContact(carried);
  // While an UPDATE of the answerer is open, its answer was given before; what stands here can only repeat it.
  const repeated = pair.openOffer === answerer && sdpOf(exchange.sent) !== undefined;
  const sdp = repeated ? undefined : sdpOf(response);
  if (sdp !== undefined) {
    const shown = await answerOrOffer(call, exchange, sdp, 'acceptance');
    if (shown.kind === 'refused') {
      call.log.info({ status: shown.status, why: shown.reason }, 'answer-refused');
      return 'refused';
    }
    putSdp(response, carried, shown.sdp);
  } else if (pair.openOffer === asker) {
    // The SDP of an unreliable provisional was the answer, as some peers mean it; else there is none.
    if (pair.previewed) pair.openOffer = undefined;
    else await call.media.withdraw(pair);
  }
  if (server.answered || asker.ended) return 'sent';
  answerTimer(call, exchange, response, carried);
  asker.invite = 'none';
  answerer.invite = 'none';
  acceptInvite(call, asker, server, carried);
  return 'sent';
}

/** SDP in a response answers the offer of the request, or is the offer where the request had none. */
function answerOrOffer(
  call: Call,
  exchange: InviteExchange,
  sdp: Uint8Array,
  weight: 'preview' | 'answer' | 'acceptance',
): ReturnType<Call['media']['offer']> {
  const { pair, answerer } = exchange;
  return sdpOf(exchange.sent) === undefined
    ? call.media.offer(pair, answerer, sdp, weight === 'acceptance' ? 'take-over' : 'share')
    : call.media.answer(pair, answerer, sdp, weight === 'preview' ? 'preview' : 'final');
}

function acceptInvite(call: Call, asker: Leg, server: ServerTransaction, response: SipResponse): void {
  const { context } = call;
  asker.accepted?.stop();
  asker.acceptedSequence = server.request.cseq.sequence;
  asker.accepted = new AcceptedInvite({
    timers: context.timers,
    t1Ms: context.t1Ms,
    send: (now) => server.respond(response, now),
    unacknowledged: () =>
      call.post(() => {
        asker.accepted = undefined;
        endCall(call, { reason: 'ack-timeout', status: 408 });
      }),
  });
  asker.accepted.start(context.now());
}

type Reliability = 'unreliable' | 'ignore' | { readonly rseq: number };

function receiveReliably(exchange: InviteExchange, response: SipResponse): Reliability {
  const rseq = Number(response.headers.get('rseq') ?? Number.NaN);
  if (!hasOption(response.headers, 'require', '100rel') || !Number.isInteger(rseq) || rseq < 1 || rseq > 0x7fff_ffff) return 'unreliable';
  const { answerer, sent } = exchange;
  // RSeq counts per INVITE (RFC 3262 section 4): a re-INVITE starts anew.
  const key = String(sent.cseq.sequence);
  const receiver = answerer.received.get(key) ?? new ReliableReceiver();
  answerer.received.set(key, receiver);
  return receiver.receive(rseq) === 'new' ? { rseq } : 'ignore';
}

function acceptsReliable(invite: SipRequest): boolean {
  return hasOption(invite.headers, 'supported', '100rel') || hasOption(invite.headers, 'require', '100rel');
}

function sendReliably(call: Call, exchange: InviteExchange, response: SipResponse, theirs: number): void {
  const { context } = call;
  const { asker, answerer, server } = exchange;
  asker.provisionals ??= new ReliableProvisionals({
    timers: context.timers,
    rng: context.rng,
    t1Ms: context.t1Ms,
    unacknowledged: () =>
      call.post(() => {
        // RFC 3262 section 3: no PRACK for 64*T1 rejects the INVITE.
        if (server === call.server) return endCall(call, { reason: 'ack-timeout', status: 504 });
        for (const later of call.laterInvites) if (later.server === server) later.cancel(context.now());
        server.respond(reply(server.request, 504, ''), context.now());
      }),
  });
  const ours = asker.provisionals.send(response, server, context.now());
  asker.reliable.set(ours, { leg: answerer, rseq: theirs, sequence: exchange.sent.cseq.sequence });
}
