// Dialogs (RFC 3261 section 12) as plain data and functions on it: made from the messages that create them, they number the
// requests of our side, check the order of the peer's and follow its target. Not the call on top, nor where its flow goes.
import { Headers } from '../message/headers.ts';
import type { SipMessage } from '../message/message.ts';
import { formatNameAddr, type NameAddr, parseNameAddr, tagOf, withTag } from '../message/name-addr.ts';
import { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';
import { formatUri, parseUri } from '../message/uri.ts';
import { ownCopy } from '../transaction/own-copy.ts';

/** Where the request we build goes by: what 12.2.1.1 makes of remote target and route set. */
interface Way {
  readonly uri: string;
  readonly routes: readonly string[];
}

export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** Empty for an RFC 2543 peer, which may send none. */
  readonly remoteTag: string;
  /** From and To of our requests without the tag: a name-addr as it goes on the wire. */
  readonly localUri: string;
  readonly remoteUri: string;
  /** The URI of the peer's last Contact. */
  remoteTarget: string;
  /** Route values in the order our requests carry them. */
  routeSet: readonly string[];
  /** CSeq number of our last request; 0 before the first. */
  localSequence: number;
  /** CSeq number of the peer's last request. */
  remoteSequence: number | undefined;
  /** The dialog was asked for with a sips URI (section 12.1.1). */
  readonly secure: boolean;
  /** Made by a provisional response to our INVITE: its 2xx still rewrites the route set (section 13.2.2.4). */
  early: boolean;
}

export type DialogParts = Omit<Dialog, 'remoteSequence' | 'secure' | 'early'> &
  Partial<Pick<Dialog, 'remoteSequence' | 'secure' | 'early'>>;

/** Requests whose Contact moves the remote target (RFC 3261 section 12.2, RFC 3311, RFC 6665). */
const targetRefreshing: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);
const highestSequence = 0x7fff_ffff;

/** A dialog from data, say of a stored record. */
export function createDialog(parts: DialogParts): Dialog {
  const { callId, localTag, remoteTag, localUri, remoteUri, remoteTarget, routeSet, localSequence } = parts;
  const { remoteSequence, secure = false, early = false } = parts;
  return { callId, localTag, remoteTag, localUri, remoteUri, remoteTarget, routeSet, localSequence, remoteSequence, secure, early };
}

/** Our side answers `request` with `localTag` in the To (section 12.1.1). */
export function createUasDialog(request: SipRequest, localTag: string): Dialog {
  return {
    callId: ownCopy(request.callId),
    localTag,
    remoteTag: ownCopy(tagOf(request.from) ?? ''),
    localUri: partyOf(request.to),
    remoteUri: partyOf(request.from),
    remoteTarget: contactOf(request) ?? ownCopy(request.from.uri),
    routeSet: request.headers.list('record-route').map(ownCopy),
    localSequence: 0,
    remoteSequence: request.cseq.sequence,
    secure: isSips(request.uri),
    early: false,
  };
}

/** Our `request` was answered (section 12.1.2). Undefined for responses that make no dialog: 100, without a To-tag, not 1xx or 2xx. */
export function createUacDialog(request: SipRequest, response: SipResponse): Dialog | undefined {
  const { status } = response;
  const remoteTag = tagOf(response.to);
  const early = status < 200;
  if (status === 100 || status >= 300 || (early && remoteTag === undefined)) return undefined;
  return {
    callId: ownCopy(request.callId),
    localTag: ownCopy(tagOf(request.from) ?? ''),
    remoteTag: ownCopy(remoteTag ?? ''),
    localUri: partyOf(request.from),
    remoteUri: partyOf(request.to),
    // A Contact is mandatory, but provisionals of real phones lack it: their 2xx will bring it.
    remoteTarget: contactOf(response) ?? ownCopy(request.uri),
    routeSet: reversedRoutes(response),
    localSequence: request.cseq.sequence,
    remoteSequence: undefined,
    secure: isSips(request.uri),
    early,
  };
}

/** One string per dialog; Call-ID and tags hold no space. */
export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

/** The next request of our side, but for Via (the transaction layer's), Contact and body (the caller's). Not for ACK. */
export function nextRequest(dialog: Dialog, method: string): SipRequest {
  dialog.localSequence = Math.min(dialog.localSequence + 1, highestSequence);
  return build(dialog, method, dialog.localSequence);
}

/** The ACK for a 2xx to the INVITE with CSeq number `sequence` (section 13.2.2.4). */
export function ackRequest(dialog: Dialog, sequence: number): SipRequest {
  return build(dialog, 'ACK', sequence);
}

/**
 * Section 12.2.2: a request with a lower CSeq than one seen before is out of order and wants a 500. ACK and CANCEL bear the
 * number of their INVITE and say nothing about the order.
 */
export function checkSequence(dialog: Dialog, request: SipRequest): 'ok' | 'out-of-order' {
  if (request.method === 'ACK' || request.method === 'CANCEL') return 'ok';
  const { sequence } = request.cseq;
  if (dialog.remoteSequence !== undefined && sequence < dialog.remoteSequence) return 'out-of-order';
  dialog.remoteSequence = sequence;
  return 'ok';
}

/** Follows the Contact of the peer where `message`, a request or a 2xx, is one that may move it; all others change nothing. */
export function refreshTarget(dialog: Dialog, message: SipMessage): void {
  const { method } = message.cseq;
  if (!targetRefreshing.has(method)) return;
  if (message.kind === 'response') {
    if (message.status < 200 || message.status >= 300) return;
    if (dialog.early && method === 'INVITE') {
      dialog.early = false;
      dialog.routeSet = reversedRoutes(message);
    }
  }
  const contact = contactOf(message);
  if (contact !== undefined) dialog.remoteTarget = contact;
}

function build(dialog: Dialog, method: string, sequence: number): SipRequest {
  const { uri, routes } = wayOf(dialog);
  const headers = new Headers();
  for (const route of routes) headers.append('route', route);
  headers.append('max-forwards', '70');
  headers.append('from', tagged(dialog.localUri, dialog.localTag));
  headers.append('to', tagged(dialog.remoteUri, dialog.remoteTag));
  headers.append('call-id', dialog.callId);
  headers.append('cseq', `${sequence} ${method}`);
  return new SipRequest({ method, uri, headers });
}

/** Section 12.2.1.1: a first route without lr is a strict router, which wants to be the Request-URI itself. */
function wayOf({ remoteTarget, routeSet }: Dialog): Way {
  const [first, ...rest] = routeSet;
  const router = first === undefined ? undefined : parseUri(parseNameAddr(first)?.uri ?? '');
  if (router === undefined || router.params.has('lr')) return { uri: remoteTarget, routes: routeSet };
  // The parts of a URI that may not stand in a Request-URI go (section 19.1.1): the method parameter and headers.
  const params = new Map(router.params);
  params.delete('method');
  return { uri: formatUri({ ...router, params, headers: '' }), routes: [...rest, `<${remoteTarget}>`] };
}

function tagged(party: string, tag: string): string {
  return tag === '' ? party : `${party};tag=${tag}`;
}

function partyOf(value: NameAddr): string {
  return ownCopy(formatNameAddr(withTag(value, undefined)));
}

function contactOf(message: SipMessage): string | undefined {
  const [first] = message.headers.list('contact');
  const uri = first === undefined ? undefined : parseNameAddr(first)?.uri;
  return uri === undefined ? undefined : ownCopy(uri);
}

/** Section 12.1.2: seen from the caller, the route set is the Record-Route backwards. */
function reversedRoutes(response: SipResponse): string[] {
  return response.headers.list('record-route').map(ownCopy).reverse();
}

export function isSips(uri: string): boolean {
  return uri.slice(0, 5).toLowerCase() === 'sips:';
}
