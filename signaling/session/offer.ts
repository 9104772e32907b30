// The offer step (RFC 3264 section 5): judge the description, find or reserve a transport at either side of each line,
// write the description the other side gets. Nothing is told to the relay but `reserve`: media moves with the answer.
import type { Rng } from '../../shared/rng.ts';
import {
  type Branch,
  type CallState,
  type Exchange,
  type ExchangeLine,
  exchangesOf,
  findBranch,
  findTransport,
  type LineEnd,
  otherRole,
  type Role,
  type Side,
} from './call-state.ts';
import { effectivePolicy } from './keying.ts';
import { sessionLimits } from './limits.ts';
import type { ReadLine } from './line-reader.ts';
import { keyingOfOffer, keyingToOffer, type RandomBytes } from './local-keys.ts';
import { digestOf, offeredKeys, outgoingLine, readDescription, sdpResult, writeDescription } from './negotiation.ts';
import type { Relay } from './relay.ts';
import type { OfferRequest } from './requests.ts';
import { type Refusal, refused, refusedByRelay, type SdpResult } from './sdp-result.ts';
import type { SrtpPolicy } from './side-policy.ts';
import { planTransports, type TransportPlan, transportRequest } from './transport-plan.ts';

export function newCall(callId: string, nearTag: string, rng: Rng): CallState {
  return {
    version: 1,
    callId,
    aliasKey: rng.token(22),
    nearTag,
    near: newSide(rng),
    nearLines: [],
    branches: [],
    answered: [],
    transports: [],
    nextTransport: 1,
    revision: 0,
    applied: 0,
    ringing: false,
  };
}

export interface OfferTools {
  readonly relay: Relay;
  readonly rng: Rng;
  readonly randomBytes: RandomBytes;
}

export async function makeOffer(call: CallState, request: OfferRequest, tools: OfferTools): Promise<SdpResult> {
  const { relay, rng } = tools;
  const place = placeOf(call, request, rng);
  if (place.kind === 'refused') return place;
  const { branch, offerer } = place;
  const digest = digestOf(request.sdp);
  if (branch.open !== null) {
    const repeated = branch.open.offererTag === request.fromTag && branch.open.offerDigest === digest;
    return repeated ? sdpResult(branch.open.offerSdp) : refused(491, 'an offer is open');
  }
  // Who offers again has taken the last answer for final (RFC 3264 section 4).
  branch.previous = undefined;
  const srtp = { from: effectivePolicy(request.from.srtp, request.to.srtp), to: effectivePolicy(request.to.srtp, request.from.srtp) };
  const description = readDescription(request.sdp, request.from, call, { step: 'offer', srtp: srtp.from });
  if (description.kind === 'refused') return description;
  const { document, lines } = description;
  const policies = offerer === 'near' ? { near: request.from, far: request.to } : { near: request.to, far: request.from };
  const plan = planTransports(call, branch, offerer, lines, policies);
  const failure = await reserve(call, plan, relay);
  if (failure !== undefined) return failure;

  const to = otherRole(offerer);
  const exchanged = lines.map((line, index) => exchangeLine(call, line, plan.ends[index] ?? null, offerer, srtp, tools));
  const outgoing = lines.map((line, index) => {
    const end = exchanged[index]?.ends?.[to];
    const mux = line.kind === 'live' && line.endpoint.rtcpMux ? 'offered' : 'none';
    return outgoingLine(line, findTransport(call, end?.transport), mux, offeredKeys(end?.offered));
  });
  const offerSdp = writeDescription(call, branch, to, document, outgoing);
  const exchange: Exchange = {
    offerer,
    offererTag: request.fromTag,
    offerDigest: digest,
    offerSdp,
    policies,
    lines: exchanged,
    answers: [],
  };
  branch.open = exchange;
  if (!call.branches.includes(branch)) call.branches.push(branch);
  return sdpResult(offerSdp);
}

type Place = { readonly kind: 'place'; readonly branch: Branch; readonly offerer: Role } | Refusal;

/** Which branch the offer is for, and which of its two sides makes it. */
function placeOf(call: CallState, request: OfferRequest, rng: Rng): Place {
  const name = request.branch ?? '';
  const known = findBranch(call, name);
  if (call.nearTag !== request.fromTag) {
    if (known?.tags.includes(request.fromTag) === true) return { kind: 'place', branch: known, offerer: 'far' };
    if (call.branches.some((branch) => exchangesOf(branch).length > 0)) return refused(481, 'the offerer is no party of this branch');
    startOver(call, request.fromTag, rng);
  }
  if (known === undefined && call.branches.length >= sessionLimits.branches)
    return refused(503, `more than ${sessionLimits.branches} branches`);
  const branch = findBranch(call, name) ?? { name, side: newSide(rng), tags: [], open: null, agreed: null, previous: undefined };
  return { kind: 'place', branch, offerer: 'near' };
}

/** All that was offered came to nothing (a late offer, then failover): the next one to offer is the near side. */
function startOver(call: CallState, nearTag: string, rng: Rng): void {
  call.nearTag = nearTag;
  call.near = newSide(rng);
  call.nearLines = [];
  call.branches = [];
  call.answered = [];
  // They served another party; the next apply closes them.
  call.transports = [];
}

function newSide(rng: Rng): Side {
  // Some peers keep the session id in 31 bits.
  return { sessionId: `${rng.int(0x7fff_ffff) + 1}`, sessionVersion: 1, lastSdp: '' };
}

async function reserve(call: CallState, plan: TransportPlan, relay: Relay): Promise<Refusal | undefined> {
  if (plan.wanted.length === 0) return undefined;
  const reply = await relay.reserve(call.callId, plan.wanted.map(transportRequest));
  if (reply.kind === 'failed') return refusedByRelay(reply);
  for (const { id, branch, line, zone, family } of plan.wanted) {
    const got = reply.transports.find((transport) => transport.id === id);
    if (got === undefined) return refused(500, `relay: transport ${id} is missing in its reply`);
    const { address, port, rtcpPort } = got;
    call.transports.push({ id, branch, line, zone, family, address, port, rtcpPort, armed: 0, armedFor: '', keying: null, localKeys: [] });
  }
  return undefined;
}

function exchangeLine(
  call: CallState,
  read: ReadLine,
  ends: TransportPlan['ends'][number],
  offerer: Role,
  srtp: { readonly from: SrtpPolicy; readonly to: SrtpPolicy },
  { randomBytes }: OfferTools,
): ExchangeLine {
  const { line, profile } = read;
  const from = findTransport(call, ends?.[offerer]);
  const to = findTransport(call, ends?.[otherRole(offerer)]);
  if (read.kind !== 'live' || from === undefined || to === undefined) return { media: line.media, profile, ends: null, rtcpMux: false };
  const keying = keyingOfOffer(from, read, srtp.from, randomBytes);
  const offered: LineEnd = { transport: from.id, endpoint: read.endpoint, keying, offered: null };
  const other: LineEnd = { transport: to.id, endpoint: null, keying: null, offered: keyingToOffer(to, read, srtp.to, randomBytes) };
  return {
    media: line.media,
    profile,
    ends: offerer === 'near' ? { near: offered, far: other } : { near: other, far: offered },
    rtcpMux: read.endpoint.rtcpMux,
  };
}
