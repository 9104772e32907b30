// The end of a call, whatever it was: each party that has a dialog gets a BYE, each that rings a CANCEL, a caller still
// waiting its final response; the media is freed, and when the last dialog is closed the call is told and forgotten.
import { errorMessage } from '../../shared/errors.ts';
import { ackRequest } from '../sip/dialog/dialog.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientFailure, ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Branch } from './branch.ts';
import type { Call } from './call.ts';
import { carryMessage, reply, wayBetween } from './carry.ts';
import { type CloseReason, reasonHeader } from './close-reason.ts';
import { reasonFor } from './header-policy.ts';
import type { Leg } from './leg.ts';

/** A transfer's NOTIFYs may come after the BYE (RFC 5057 section 4): the dialog pair waits so long for them. */
const notifyWaitMs = 32_000;
/** A 2xx may come again for 32 s, in which a party hardly gets through more re-INVITEs than this. */
const keptAcks = 4;

export interface EndOptions {
  readonly reason: CloseReason;
  /** What a caller who still waits is told. */
  readonly status: number;
  /** Its response, where the callee's side made one. */
  readonly response?: SipResponse;
  /** The BYE or CANCEL that ended the call, and whose it was. */
  readonly by?: Leg;
  readonly request?: SipRequest;
}

export function endCall(call: Call, options: EndOptions): void {
  if (call.state === 'ended') return;
  const answered = call.state === 'answered';
  const now = call.context.now();
  call.state = 'ended';
  call.ending = { reason: options.reason, status: answered ? 200 : options.status, at: now };
  const from = options.by?.zone ?? call.zone;
  cancelBranches(call, ({ destination: { zone: to } }) => {
    const carried = options.request === undefined ? undefined : reasonFor(options.request.headers, { from, to, host: '' });
    return carried ?? reasonHeader(options.reason);
  });
  refuseLaterInvites(call);
  if (!answered && !call.server.answered) call.server.respond(options.response ?? refusal(call, options), now);
  for (const leg of [...call.legs]) {
    if (leg === options.by) closeLeg(call, leg);
    else if ((answered && leg.pair === call.pair) || leg.ackDue !== undefined) hangUp(call, leg, options.reason, options.request);
    else if (!leg.closing) call.removeLeg(leg);
  }
  freeMedia(call);
}

/** A step of the call threw. When its end throws too, all is let go of as it stands. */
export function endFaultyCall(call: Call): void {
  const ended = call.state === 'ended';
  try {
    endCall(call, { reason: 'internal-error', status: 500 });
    if (!ended) return;
  } catch (thrown) {
    call.log.error({ error: errorMessage(thrown) }, 'call-end-fault');
  }
  for (const leg of [...call.legs]) call.removeLeg(leg);
  freeMedia(call);
}

/** A BYE from a party (RFC 3261 section 15.1.2): answered at once, told to the other. */
export function onBye(call: Call, leg: Leg, server: ServerTransaction): void {
  server.respond(reply(server.request, 200, leg.dialog.localTag), call.context.now());
  const reason: CloseReason = leg.role === 'caller' ? 'caller-hangup' : 'callee-hangup';
  if (call.state === 'ended') return closeLeg(call, leg);
  endCall(call, { reason, status: leg.role === 'caller' ? 487 : 480, by: leg, request: server.request });
}

/** Ends one dialog from our side. `ended` is the BYE of the other party, whose Reason and headers go along. */
export function hangUp(call: Call, leg: Leg, reason: CloseReason, ended?: SipRequest): void {
  if (leg.ended || leg.closing) return;
  leg.closing = true;
  if (leg.accepted !== undefined) {
    // RFC 3261 section 15: no BYE before the ACK for our 2xx, or before its 64*T1 are over.
    leg.accepted.whenDone(() => call.post(() => sendBye(call, leg, reason, ended)));
    return;
  }
  if (leg.ackDue !== undefined) acknowledge(call, leg, ackRequest(leg.dialog, leg.ackDue));
  sendBye(call, leg, reason, ended);
}

function sendBye(call: Call, leg: Leg, reason: CloseReason, ended: SipRequest | undefined): void {
  if (leg.ended) return;
  const bye = leg.request('BYE');
  const peer = leg.peer;
  if (ended !== undefined && peer !== undefined) carryMessage(ended, bye, wayBetween(peer, leg), call.context);
  const ours = reasonHeader(reason);
  if (!bye.headers.has('reason') && ours !== undefined) bye.headers.append('reason', ours);
  if (ended === undefined && !leg.zone.outside) bye.headers.append('user-agent', call.context.userAgent);
  call.context.sender.send(leg, bye, {
    response(response) {
      if (response.status >= 200) call.post(() => closeLeg(call, leg));
    },
    failed: () => call.post(() => closeLeg(call, leg)),
  });
}

/** The party is gone from the dialog. With a transfer still reporting, both dialogs stay for its NOTIFYs. */
export function closeLeg(call: Call, leg: Leg): void {
  if (leg.ended) return;
  leg.closing = true;
  if (leg.ackDue !== undefined) acknowledge(call, leg, ackRequest(leg.dialog, leg.ackDue));
  const peer = leg.peer;
  const reporting = leg.reports > 0 || (peer?.reports ?? 0) > 0;
  if (reporting) call.after(notifyWaitMs, () => call.removeLeg(leg));
  else call.removeLeg(leg);
}

/** RFC 5057 section 5.3: a 481 to these ends a subscription, not the call. */
const ofSubscriptions: ReadonlySet<string> = new Set(['NOTIFY', 'SUBSCRIBE', 'REFER']);

/** RFC 3261 section 12.2.1.2, RFC 5057: the far party does not know the dialog any more, or gave a refresh no answer. */
export function legAnswered(call: Call, leg: Leg, method: string, outcome: SipResponse | ClientFailure): void {
  const refreshes = method === 'UPDATE' || method === 'INVITE';
  const gone =
    typeof outcome === 'string'
      ? refreshes
      : (outcome.status === 481 && !ofSubscriptions.has(method)) || (outcome.status === 408 && refreshes);
  if (!gone || call.state !== 'answered' || leg.closing) return;
  call.log.info({ leg: leg.role, method, status: typeof outcome === 'string' ? outcome : outcome.status }, 'leg-lost');
  endCall(call, { reason: 'leg-lost', status: 480 });
}

/** What the asking party hears of a request that failed on the other side. */
export function failureStatus(cause: ClientFailure): 408 | 503 {
  return cause === 'timeout' ? 408 : 503;
}

/** CANCELs all that still rings. */
export function cancelBranches(call: Call, reasonOf: (branch: Branch) => string | undefined): void {
  for (const branch of call.branches) {
    call.cancelTimer(branch.silence);
    if (!branch.open) continue;
    branch.state = 'lost';
    const reason = reasonOf(branch);
    if (reason === undefined) branch.client?.cancel(call.context.now());
    else branch.client?.cancel(call.context.now(), reason);
  }
}

/** RFC 3261 section 15.1.2: who still waits for the answer to an INVITE when the call ends gets 487. */
function refuseLaterInvites(call: Call): void {
  const now = call.context.now();
  for (const later of call.laterInvites) {
    later.cancel(now);
    const { server } = later;
    if (server?.answered === false) server.respond(reply(server.request, 487, ''), now);
  }
}

/** Sends `ack` for the 2xx that waits for it, and keeps it for repetitions of the 2xx. */
export function acknowledge(call: Call, leg: Leg, ack: SipRequest): void {
  leg.ackDue = undefined;
  leg.acks = [ack, ...leg.acks].slice(0, keptAcks);
  call.context.sender.sendAck(leg, ack);
}

/** The 2xx to our INVITE of that number came again, or came when nobody wanted it any more. */
export function acknowledgeAgain(call: Call, leg: Leg, sequence: number): void {
  const sent = leg.acks.find((ack) => ack.cseq.sequence === sequence);
  if (sent === undefined) acknowledge(call, leg, ackRequest(leg.dialog, sequence));
  else call.context.sender.sendAck(leg, sent);
}

function refusal(call: Call, options: EndOptions): SipResponse {
  const response = reply(call.invite, options.status, call.tag);
  if (options.status === 503) response.headers.append('retry-after', '5');
  return response;
}

function freeMedia(call: Call): void {
  call.media.end().then(
    (report) => call.post(() => call.settled(report)),
    (thrown: unknown) => {
      call.log.error({ error: errorMessage(thrown) }, 'media-release-failed');
      call.post(() => call.settled(undefined));
    },
  );
}
