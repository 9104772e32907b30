// What the destinations of a call answer: provisionals and early dialogs, the 2xx that wins and those that lose, the
// failures that send the call to the next destination or back to the caller.
import type { Destination } from '../routing/route.ts';
import { createUacDialog, createUasDialog } from '../sip/dialog/dialog.ts';
import { tagOf } from '../sip/message/name-addr.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientFailure, ClientObserver } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { sdpOf } from './body.ts';
import type { Branch } from './branch.ts';
import type { Call } from './call.ts';
import { saveRecord } from './call-record.ts';
import { carryResponse, hostTowards } from './carry.ts';
import { acknowledgeAgain, cancelBranches, endCall, hangUp } from './hang-up.ts';
import { forwardAccepted, forwardProvisional, type InviteExchange } from './invite-forward.ts';
import { Leg } from './leg.ts';
import { Pair } from './pair.ts';
import { redirectRoute } from './redirect.ts';
import { carriedRejection, outcomeOf } from './rejection.ts';
import { wantedInterval } from './session-timer.ts';

/** Dialogs that one INVITE of ours may make; a proxy that forks wider is broken or hostile. */
const maxForks = 16;

/** How a call goes on when a destination did not take it. */
export interface Course {
  /** The next destination of the route, or the end. */
  readonly next: (call: Call) => void;
  /** The same destination again, on other terms. */
  readonly again: (call: Call, destination: Destination) => Promise<void>;
}

export function observeBranch(call: Call, branch: Branch, course: Course): ClientObserver {
  return {
    response(response, { flow }) {
      call.cancelTimer(branch.silence);
      // Provisionals come as many as the callee likes, and a 2xx comes again.
      if (response.status < 200) call.tryPost(() => onProvisional(call, branch, response, flow));
      else if (response.status < 300) call.tryPost(() => onAccepted(call, branch, response, flow));
      else call.post(() => onRejected(call, branch, response, course));
    },
    failed: (cause) => call.post(() => onFailure(call, branch, cause, course)),
  };
}

async function onProvisional(call: Call, branch: Branch, response: SipResponse, flow: Flow): Promise<void> {
  if (branch.state === 'trying') branch.state = 'proceeding';
  if (response.status === 100 || !branch.open || call.state !== 'setup') return;
  call.progressAt ??= call.context.now();
  const pair = pairFor(call, branch, response, flow);
  if (pair === undefined) {
    // No To-tag, no dialog: only the status crosses.
    const way = { from: branch.destination.zone, to: call.zone, host: hostTowards(call.zone, call.server.flow) };
    return call.server.respond(carryResponse(call.invite, response, way, call.tag, call.context), call.context.now());
  }
  pair.callee.heard(response, flow);
  await forwardProvisional(call, exchangeOf(call, branch, pair), response);
}

async function onAccepted(call: Call, branch: Branch, response: SipResponse, flow: Flow): Promise<void> {
  const known = branch.callees.get(tagOf(response.to) ?? '');
  if (known !== undefined && known.acks.length > 0) return acknowledgeAgain(call, known, branch.request.cseq.sequence);
  if (known !== undefined && known === call.pair?.callee) return;
  if (call.state !== 'setup' || !branch.open) return discard(call, branch, response, flow);
  const pair = pairFor(call, branch, response, flow);
  if (pair === undefined) {
    discard(call, branch, response, flow);
    return endCall(call, { reason: 'rejected', status: 502 });
  }
  pair.callee.heard(response, flow);
  const exchange = exchangeOf(call, branch, pair);
  await call.media.answered();
  if ((await forwardAccepted(call, exchange, response)) === 'refused') {
    return endCall(call, { reason: 'sdp-refused', status: 502 });
  }
  // The caller may have cancelled while the answer was worked on.
  if (call.state !== 'setup') return hangUp(call, pair.callee, call.ending?.reason ?? 'caller-cancelled');
  win(call, branch, pair);
}

function win(call: Call, branch: Branch, pair: Pair): void {
  const now = call.context.now();
  branch.state = 'answered';
  call.state = 'answered';
  call.answeredAt = now;
  call.pair = pair;
  pair.join();
  call.route?.report(branch.destination, { kind: 'answered' }, now);
  cancelBranches(call, () => 'SIP;cause=200');
  for (const leg of [...call.legs]) if (leg.pair !== pair && !leg.closing) call.removeLeg(leg);
  for (const other of call.branches) if (other !== branch) call.post(() => call.media.endBranch(other.id));
  const { callMs } = call.context.limits;
  if (callMs > 0) call.after(callMs, () => endCall(call, { reason: 'duration-limit', status: 408 }));
  call.log.info({ node: branch.destination.node?.name, setup_ms: Math.round(now - call.startedAt) }, 'call-answered');
  saveRecord(call);
}

/** A 2xx nobody waits for (RFC 3261 section 13.2.2.4): acknowledged, then hung up. */
function discard(call: Call, branch: Branch, response: SipResponse, flow: Flow): void {
  const tag = tagOf(response.to) ?? '';
  // Its early dialog, if it had one, ended with the call: the 2xx makes it anew.
  const dialog = branch.callees.size < maxForks * 2 ? createUacDialog(branch.request, response) : undefined;
  if (dialog === undefined) return;
  const leg = new Leg({ owner: call, role: 'callee', zone: branch.destination.zone, dialog, flow });
  branch.callees.set(tag, leg);
  leg.heard(response, flow);
  leg.ackDue = branch.request.cseq.sequence;
  call.addLeg(leg);
  hangUp(call, leg, call.ending?.reason ?? 'caller-cancelled');
}

async function onRejected(call: Call, branch: Branch, response: SipResponse, course: Course): Promise<void> {
  dropEarlyLegs(call, branch);
  if (!branch.open) return;
  branch.state = 'failed';
  if (call.state !== 'setup') return;
  call.failure = { status: response.status, branch };
  const seconds = wantedInterval(response, branch.destination.zone);
  if (seconds !== undefined && call.sessionSeconds === undefined) {
    // RFC 4028 section 7.4: it takes the call on other terms.
    call.sessionSeconds = seconds;
    await call.media.endBranch(branch.id);
    return course.again(call, branch.destination);
  }
  const redirected = response.status < 400 ? redirectRoute(call, response) : undefined;
  if (redirected !== undefined) {
    call.redirects++;
    call.route = redirected;
    call.failure = undefined;
    await call.media.endBranch(branch.id);
    call.log.info({ redirects: call.redirects }, 'redirect-followed');
    return course.next(call);
  }
  const outcome = outcomeOf(response, call.route?.failover);
  call.route?.report(branch.destination, outcome, call.context.now());
  if (outcome.kind === 'failed') return tryNext(call, branch, response, course);
  endCall(call, { reason: 'rejected', ...carriedRejection(call, branch, response) });
}

function onFailure(call: Call, branch: Branch, cause: ClientFailure, course: Course): void | Promise<void> {
  call.cancelTimer(branch.silence);
  dropEarlyLegs(call, branch);
  if (!branch.open) return;
  branch.state = 'failed';
  if (call.state !== 'setup') return;
  call.failure = { status: cause === 'timeout' ? 408 : 503, branch };
  call.log.warn({ branch: branch.id, node: branch.destination.node?.name, cause }, 'destination-failed');
  call.route?.report(branch.destination, { kind: 'failed', retryAfterMs: 0 }, call.context.now());
  return tryNext(call, branch, undefined, course);
}

/** Failover: the caller notices nothing but time (unless early media of the failed one was heard). */
async function tryNext(call: Call, branch: Branch, response: SipResponse | undefined, course: Course): Promise<void> {
  call.lastRejection = response === undefined ? undefined : { branch, response };
  await call.media.endBranch(branch.id);
  course.next(call);
}

function dropEarlyLegs(call: Call, branch: Branch): void {
  for (const callee of branch.callees.values()) {
    const caller = callee.peer;
    if (!callee.ended) call.removeLeg(callee);
    if (caller !== undefined && call.zone.config.forks === 'split' && caller !== call.pair?.caller) call.removeLeg(caller);
  }
}

function exchangeOf(call: Call, branch: Branch, pair: Pair): InviteExchange {
  return { pair, server: call.server, sent: branch.request, asker: pair.caller, answerer: pair.callee };
}

/** The pair for the dialog that `response` makes or belongs to; undefined for a provisional without a To-tag and beyond the cap. */
function pairFor(call: Call, branch: Branch, response: SipResponse, flow: Flow): Pair | undefined {
  // RFC 3261 section 12.1.2: a peer of RFC 2543 may accept without a tag, which then is empty.
  const tag = tagOf(response.to) ?? (response.status < 200 ? undefined : '');
  if (tag === undefined) return undefined;
  const known = branch.callees.get(tag);
  if (known !== undefined) return known.pair;
  const dialog = branch.callees.size < maxForks ? createUacDialog(branch.request, response) : undefined;
  if (dialog === undefined) return undefined;
  const callee = new Leg({ owner: call, role: 'callee', zone: branch.destination.zone, dialog, flow });
  callee.invite = 'sent';
  callee.shownSdp = sdpOf(branch.request);
  const caller = callerLeg(call);
  const pair = new Pair({ caller, callee, branch: branch.id, openOffer: sdpOf(call.invite) === undefined ? undefined : caller });
  call.addLeg(callee);
  branch.callees.set(tag, callee);
  return pair;
}

/** `merge`: one dialog towards the caller, whatever happens behind it. `split`: one for each dialog of the callee's side. */
function callerLeg(call: Call): Leg {
  const living = [...call.legs].filter((leg) => leg.role === 'caller');
  const [first] = living;
  if (first !== undefined && call.zone.config.forks === 'merge') return first;
  const used = call.branches.some((branch) => branch.callees.size > 0);
  const localTag = used ? call.context.rng.token(16) : call.tag;
  const dialog = createUasDialog(call.invite, localTag);
  const leg = new Leg({ owner: call, role: 'caller', zone: call.zone, dialog, flow: call.server.flow });
  leg.heard(call.invite, call.server.flow);
  leg.invite = 'received';
  call.addLeg(leg);
  return leg;
}
