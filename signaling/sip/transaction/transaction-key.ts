// The strings by which messages find their transactions: RFC 3261 sections 17.1.3 and 17.2.3, the RFC 2543 rules for peers
// without the magic cookie, and section 8.2.2.2 for merged requests. Functions of the message only.

import { tagOf } from '../message/name-addr.ts';
import type { SipRequest } from '../message/request.ts';
import type { Via } from '../message/via.ts';
import { ownCopy } from './own-copy.ts';

const magicCookie = 'z9hG4bK';
/** 22 characters of 6 bits: nobody off the path answers for our peers. */
const branchRandomLength = 22;

export function freshBranch(rng: { token(length: number): string }): string {
  return ownCopy(magicCookie + rng.token(branchRandomLength));
}

/** Section 17.1.3: branch and CSeq method; the branch alone does not tell a CANCEL from its INVITE. */
export function clientKey(branch: string, method: string): string {
  return `${branch} ${method}`;
}

/**
 * Section 17.2.3: branch, sent-by and method. `method` is the one of the transaction looked for (INVITE for an ACK or CANCEL).
 * The zone is part of it, so that nothing from outside can hit a transaction of the inside.
 */
export function serverKey(request: SipRequest, zone: string, method: string): string {
  const via = request.topVia;
  const branch = via.params.get('branch') ?? '';
  if (!hasCookie(branch)) return legacyKey(request, zone, method, tagOf(request.to) ?? '');
  return `${zone} ${branch} ${sentBy(via)} ${method}`;
}

/** Whether the RFC 2543 rules hold for this request: no magic cookie, or nothing behind it. */
export function isLegacy(request: SipRequest): boolean {
  return !hasCookie(request.topVia.params.get('branch') ?? '');
}

/** The key of a legacy INVITE that had no To-tag, for an ACK that has got one from our response. */
export function legacyInitialKey(ack: SipRequest, zone: string): string {
  return legacyKey(ack, zone, 'INVITE', '');
}

/**
 * Section 8.2.2.2: requests outside a dialog that are one request come over two paths. The Request-URI is part of it: a forking
 * proxy's branches to two users behind us are two requests to an edge, though one to a user agent. Undefined inside a dialog.
 */
export function mergeKey(request: SipRequest): string | undefined {
  if (tagOf(request.to) !== undefined) return undefined;
  const { sequence, method } = request.cseq;
  return `${request.callId} ${tagOf(request.from) ?? ''} ${sequence} ${method} ${request.uri}`;
}

function hasCookie(branch: string): boolean {
  return branch.length > magicCookie.length && branch.slice(0, magicCookie.length).toLowerCase() === 'z9hg4bk';
}

/** RFC 2543: Request-URI, From- and To-tag, Call-ID, CSeq and the top Via; without what the transport adds to the Via. */
function legacyKey(request: SipRequest, zone: string, method: string, toTag: string): string {
  const via = request.topVia;
  const from = tagOf(request.from) ?? '';
  const branch = via.params.get('branch') ?? '';
  return `${zone} 2543 ${request.uri} ${from} ${toTag} ${request.callId} ${request.cseq.sequence} ${method} ${sentBy(via)} ${branch}`;
}

function sentBy(via: Via): string {
  const port = via.port ?? (via.transport === 'TLS' || via.transport === 'WSS' ? 5061 : 5060);
  return `${via.host.toLowerCase()}:${port}`;
}
