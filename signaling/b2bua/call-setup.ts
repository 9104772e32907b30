// The first half of a call's life: the caller's INVITE is answered 100, routed, and sent to one destination after the
// other until one answers. What the destinations say is in invite-response.ts.
import type { Destination } from '../routing/route.ts';
import { directRoute } from '../routing/route.ts';
import { isSips } from '../sip/dialog/dialog.ts';
import { formatReplaces, parseReplaces } from '../sip/message/replaces.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { sdpOf } from './body.ts';
import { Branch } from './branch.ts';
import type { Call } from './call.ts';
import { saveRecord } from './call-record.ts';
import { putSdp, reply } from './carry.ts';
import { replacedParty } from './dialog-table.ts';
import { firstRequest } from './first-request.ts';
import { endCall } from './hang-up.ts';
import { type Course, observeBranch } from './invite-response.ts';
import { contactFor } from './leg.ts';
import { carriedRejection } from './rejection.ts';
import { offerTimer } from './session-timer.ts';

/** A branch more is refused: a redirect or failover loop. */
const maxBranches = 32;

const course: Course = { next: nextBranch, again: launch };

export function startCall(call: Call): void {
  const { context, server } = call;
  server.respond(reply(call.invite, 100, call.tag), context.now());
  // RFC 3261 section 16.6 step 11, timer C: nobody rings for ever.
  call.after(context.limits.ringMs, () => {
    if (call.state === 'setup') endCall(call, { reason: 'ring-timeout', status: 408 });
  });
  const routing = routeOf(call);
  if (routing.kind === 'refused') return endCall(call, { reason: 'rejected', status: routing.status });
  call.route = routing.route;
  nextBranch(call);
}

/** INVITE with Replaces goes to the owner of the dialog it names, whatever the routing says (RFC 3891). */
function routeOf(call: Call): ReturnType<B2buaRouter> {
  const { context, invite } = call;
  const routing = context.router.route(invite, call.zone);
  const name = invite.headers.has('replaces') ? parseReplaces(invite.headers.get('replaces') ?? '') : undefined;
  const named = name === undefined ? undefined : context.dialogs.named(name);
  const party = named === undefined ? undefined : replacedParty(named);
  if (party === undefined) return routing;
  const { leg } = party;
  const destination: Destination = {
    zone: leg.zone,
    target: { protocol: leg.flow.protocol, address: leg.flow.address, port: leg.flow.port },
    requestUri: leg.dialog.remoteTarget,
    node: undefined,
    routeSet: leg.dialog.routeSet,
  };
  const failover = routing.kind === 'route' ? routing.route.failover : { codes: [], responseMs: 32_000, attempts: 1, holdOffMs: 0 };
  return { kind: 'route', route: directRoute(destination, failover) };
}

type B2buaRouter = Call['context']['router']['route'];

/** Asks the route for the next destination and tries it; without one the caller hears the last failure. */
function nextBranch(call: Call): void {
  const route = call.route;
  if (route === undefined || call.branches.length >= maxBranches) return exhausted(call);
  route.next(call.context.now(), (destination) => {
    call.post(() => (destination === undefined ? exhausted(call) : launch(call, destination)));
  });
}

function exhausted(call: Call): void {
  if (call.state !== 'setup') return;
  const last = call.lastRejection;
  if (last !== undefined) return endCall(call, { reason: 'no-destination', ...carriedRejection(call, last.branch, last.response) });
  endCall(call, { reason: 'no-destination', status: call.failure?.status ?? 503 });
}

/** One INVITE to one destination, with its own media towards it. */
async function launch(call: Call, destination: Destination): Promise<void> {
  if (call.state !== 'setup') return;
  const { context } = call;
  const flow = context.flows.route(destination.zone.name, destination.target);
  if (flow === undefined) {
    call.log.warn({ zone: destination.zone.name, protocol: destination.target.protocol }, 'no-listener-for-target');
    call.route?.report(destination, { kind: 'failed', retryAfterMs: 0 }, context.now());
    return nextBranch(call);
  }
  const id = String(call.branches.length + 1);
  const sdp = sdpOf(call.invite);
  let shown: Uint8Array | undefined;
  if (sdp !== undefined) {
    const offer = await call.media.firstOffer({
      tag: call.invite.from.params.get('tag') ?? '',
      branch: id,
      sdp,
      from: { zone: call.zone, address: call.server.flow.address },
      to: { zone: destination.zone, address: flow.address },
    });
    // The caller may have hung up while the ports were opened.
    if (isOver(call)) return;
    if (offer.kind === 'refused') {
      call.log.info({ status: offer.status, why: offer.reason }, 'offer-refused');
      return endCall(call, { reason: 'sdp-refused', status: offer.status });
    }
    shown = offer.sdp;
  }
  send(call, destination, flow, id, shown);
}

function isOver(call: Call): boolean {
  return call.state !== 'setup';
}

function send(call: Call, destination: Destination, flow: Flow, id: string, sdp: Uint8Array | undefined): void {
  const { context } = call;
  const localTag = context.rng.token(16);
  const request = firstRequest({ request: call.invite, from: call.zone, destination, flow, localTag, context });
  request.headers.append('contact', contactFor(flow, isSips(request.uri) ? 'sips' : 'sip'));
  keepReplaces(call, request);
  offerTimer(request.headers, destination.zone, call.sessionSeconds);
  if (sdp !== undefined) putSdp(call.invite, request, sdp);
  const branch = new Branch({ id, destination, request, localTag });
  call.branches.push(branch);
  call.log.debug({ branch: id, to: `${flow.protocol}:${flow.address}:${flow.port}`, node: destination.node?.name }, 'branch-started');
  branch.client = context.transactions.send(request, flow, observeBranch(call, branch, course), context.now());
  const responseMs = call.route?.failover.responseMs ?? 0;
  if (responseMs > 0) branch.silence = call.after(responseMs, () => silent(call, branch));
  saveRecord(call);
}

/** Not even a 100: the destination is dead as far as this call is concerned. A late answer of it is cleaned away. */
function silent(call: Call, branch: Branch): void {
  if (branch.state !== 'trying') return;
  const now = call.context.now();
  branch.state = 'lost';
  branch.client?.cancel(now);
  call.failure = { status: 504, branch };
  call.route?.report(branch.destination, { kind: 'failed', retryAfterMs: 0 }, now);
  call.log.warn({ branch: branch.id, node: branch.destination.node?.name }, 'destination-silent');
  call.post(() => call.media.endBranch(branch.id));
  if (call.state === 'setup') nextBranch(call);
}

/** The name in Replaces is for the party the call was routed to, not simply for the other side (replacedParty). */
function keepReplaces(call: Call, request: SipRequest): void {
  const value = call.invite.headers.get('replaces');
  const name = value === undefined ? undefined : parseReplaces(value);
  const named = name === undefined ? undefined : call.context.dialogs.named(name);
  const party = named === undefined ? undefined : replacedParty(named);
  if (party === undefined) return;
  request.headers.set('replaces', formatReplaces({ ...party.name, ...(name?.earlyOnly === true ? { earlyOnly: true } : {}) }));
}
