// The answer step (RFC 3264 section 6): match the lines with the offer's, take over what the answerer says, write the
// description the offerer gets. The same answer again (183, then 200) gives the same description; another answer to the
// same offer, from a downstream fork, takes the place of the one before.
import { agree } from './agreement.ts';
import {
  type Branch,
  type CallState,
  type Exchange,
  type ExchangeLine,
  findBranch,
  findTransport,
  type GivenAnswer,
  otherRole,
  type Role,
} from './call-state.ts';
import type { OutgoingLine } from './description-writer.ts';
import { type Keying, keyingOfAnswer } from './keying.ts';
import { sessionLimits } from './limits.ts';
import type { ReadLine } from './line-reader.ts';
import { answeredKeys, type Description, digestOf, outgoingLine, readDescription, writeDescription } from './negotiation.ts';
import type { AnswerRequest } from './requests.ts';
import { type Refusal, refused } from './sdp-result.ts';
import { isRtp, protocolFor, sameMedia } from './transport-profile.ts';

/** `changed`: the relay must hear of the new state. */
export type AnswerOutcome = { readonly kind: 'answered'; readonly sdp: string; readonly changed: boolean } | Refusal;

export function takeAnswer(call: CallState, request: AnswerRequest): AnswerOutcome {
  const branch = findBranch(call, request.branch ?? '');
  if (branch === undefined) return refused(481, 'no such branch');
  const offer = [branch.open, branch.agreed].find((exchange) => exchange?.offererTag === request.fromTag);
  if (offer === null || offer === undefined) return refused(488, 'no offer to answer');
  const digest = digestOf(request.sdp);
  const given = offer.answers.find((answer) => answer.tag === request.toTag && answer.digest === digest);
  // Behind an offer of the other side, an answer can only be one that we had.
  const superseded = branch.open !== null && branch.open !== offer;
  if (superseded && given === undefined) return refused(491, 'an offer is open');
  const standing = offer.answers.at(-1) === given && call.answered.at(-1) === branch.name;
  if (given !== undefined && (superseded || standing)) return { kind: 'answered', sdp: given.sdp, changed: false };

  const description = readDescription(request.sdp, request.to, call, { step: 'answer' });
  if (description.kind === 'refused') return description;
  const matched = matchLines(call, offer, description.lines);
  if (matched.kind === 'refused') return matched;
  const answer = { tag: request.toTag, digest, ...answerSdp(call, branch, offer, description, matched.lines, given) };
  const { from, to } = request;
  agree(call, branch, {
    ...offer,
    offerSdp: '',
    policies: offer.offerer === 'near' ? { near: from, far: to } : { near: to, far: from },
    lines: matched.lines,
    answers: withAnswer(offer.answers, answer),
  });
  if (offer.offerer === 'near') rememberTag(branch, request.toTag);
  return { kind: 'answered', sdp: answer.sdp, changed: true };
}

/** What the offerer gets: for a repeated answer what it got before, unless lines died since (they never come back). */
function answerSdp(
  call: CallState,
  branch: Branch,
  offer: Exchange,
  description: Extract<Description, { kind: 'description' }>,
  lines: readonly ExchangeLine[],
  given: GivenAnswer | undefined,
): { sdp: string; live: number } {
  const live = lines.filter((line) => line.ends !== null).length;
  if (given?.live === live) return { sdp: given.sdp, live };
  const to = offer.offerer;
  const outgoing = description.lines.map((read, index): OutgoingLine => {
    const line = lines[index];
    const end = line?.ends?.[to];
    // A rejected line keeps the protocol it was offered with.
    if (end === undefined && line !== undefined)
      return { kind: 'dead', line: { ...read.line, protocol: offeredAs(line, read.line.protocol) } };
    return outgoingLine(read, findTransport(call, end?.transport), line?.rtcpMux === true ? 'agreed' : 'none', answeredKeys(end?.keying));
  });
  return { sdp: writeDescription(call, branch, to, description.document, outgoing), live };
}

function offeredAs({ profile }: ExchangeLine, protocol: string): string {
  return isRtp(profile) ? protocolFor(protocol, profile === 'srtp' ? 'secure' : 'plain') : protocol;
}

type Matched = { readonly kind: 'matched'; readonly lines: readonly ExchangeLine[] } | Refusal;

/** The offer's lines with the answer in them, or why the two do not fit. */
function matchLines(call: CallState, offer: Exchange, answers: readonly ReadLine[]): Matched {
  // RFC 3264 section 6: the answer has exactly as many m= lines as the offer, in its order.
  if (answers.length !== offer.lines.length) return refused(488, `${answers.length} lines answer ${offer.lines.length}`);
  const matched: ExchangeLine[] = [];
  for (const [index, line] of offer.lines.entries()) {
    const answer = answers[index];
    if (answer?.line.media.toLowerCase() !== line.media.toLowerCase()) return refused(488, `line ${index}: answers another kind of media`);
    if (line.ends === null || answer.kind === 'rejected') {
      matched.push({ ...line, ends: null, rtcpMux: false });
      continue;
    }
    // We would have to say no for the answerer, who believes the line is on.
    if (answer.kind === 'refused') return refused(488, `line ${index}: ${answer.reason}`);
    if (!sameMedia(line.profile, answer.profile)) return refused(488, `line ${index}: answers with another protocol`);
    const role = otherRole(offer.offerer);
    const transport = findTransport(call, line.ends[role].transport);
    if (answer.endpoint.remote !== null && transport?.family !== answer.family)
      return refused(488, `line ${index}: another address family`);
    const keyed = keyingOfAnswer(line.ends[role].offered ?? { kind: 'plain' }, answer);
    if (keyed.kind === 'unacceptable') return refused(488, `line ${index}: ${keyed.reason}`);
    matched.push(withEndpoint(line, role, answer, keyed.keying));
  }
  return { kind: 'matched', lines: matched };
}

function withEndpoint(line: ExchangeLine, role: Role, answer: Extract<ReadLine, { kind: 'live' }>, keying: Keying): ExchangeLine {
  if (line.ends === null) return line;
  const { endpoint } = answer;
  const offerer = line.ends[otherRole(role)];
  // RFC 5761 section 5.1.1: used when both said so.
  const rtcpMux = endpoint.rtcpMux && offerer.endpoint?.rtcpMux === true;
  const answered = { ...line.ends[role], endpoint, keying };
  // Where the peers keep their keys to themselves, both have some or none.
  const offering = offerer.keying?.kind === 'pass' ? { ...offerer, keying } : offerer;
  return { ...line, rtcpMux, ends: role === 'near' ? { near: answered, far: offering } : { near: offering, far: answered } };
}

/** The standing answer is the last one. */
function withAnswer(answers: readonly GivenAnswer[], answer: GivenAnswer): GivenAnswer[] {
  return [...answers.filter((one) => one.tag !== answer.tag), answer].slice(-sessionLimits.answers);
}

function rememberTag(branch: Branch, tag: string): void {
  branch.tags = [...branch.tags.filter((one) => one !== tag), tag].slice(-sessionLimits.answers);
}
