// A dialog as a user agent keeps it (RFC 3261 section 12). Small and of its own: the agent tests the B2BUA, so it does not
// share its dialog code. Knows loose routing only.
import { formatCSeq } from '../sip/message/cseq.ts';
import { Headers } from '../sip/message/headers.ts';
import { parseNameAddr, tagOf } from '../sip/message/name-addr.ts';
import { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';

export interface UaDialog {
  readonly callId: string;
  readonly localTag: string;
  remoteTag: string;
  /** From and To values of requests we send, without tags. */
  readonly local: string;
  readonly remote: string;
  /** The peer's Contact URI. */
  remoteTarget: string;
  /** Route values, nearest first. */
  routeSet: readonly string[];
  localSequence: number;
  remoteSequence: number;
}

/** Our side of the dialog that a request from the peer opens. */
export function calleeDialog(request: SipRequest, localTag: string, firstSequence: number): UaDialog {
  return {
    callId: request.callId,
    localTag,
    remoteTag: tagOf(request.from) ?? '',
    local: withoutTag(request.headers.get('to') ?? ''),
    remote: withoutTag(request.headers.get('from') ?? ''),
    remoteTarget: contactUri(request) ?? request.from.uri,
    routeSet: request.headers.list('record-route'),
    localSequence: firstSequence,
    remoteSequence: request.cseq.sequence,
  };
}

/** The dialog that a response to our request opens. */
export function callerDialog(request: SipRequest, response: SipResponse): UaDialog {
  return {
    callId: request.callId,
    localTag: tagOf(request.from) ?? '',
    remoteTag: tagOf(response.to) ?? '',
    local: withoutTag(request.headers.get('from') ?? ''),
    remote: withoutTag(request.headers.get('to') ?? ''),
    remoteTarget: contactUri(response) ?? request.uri,
    routeSet: response.headers.list('record-route').reverse(),
    localSequence: request.cseq.sequence,
    remoteSequence: -1,
  };
}

/** The next request of the dialog; ACK and CANCEL take the `sequence` of their INVITE. */
export function dialogRequest(dialog: UaDialog, method: string, sequence?: number): SipRequest {
  if (sequence === undefined) dialog.localSequence++;
  const headers = new Headers();
  headers.append('max-forwards', '70');
  for (const route of dialog.routeSet) headers.append('route', route);
  headers.append('from', `${dialog.local};tag=${dialog.localTag}`);
  headers.append('to', dialog.remoteTag === '' ? dialog.remote : `${dialog.remote};tag=${dialog.remoteTag}`);
  headers.append('call-id', dialog.callId);
  headers.append('cseq', formatCSeq({ sequence: sequence ?? dialog.localSequence, method }));
  return new SipRequest({ method, uri: dialog.remoteTarget, headers });
}

/** The URI of the next hop: the first Route, else the peer's Contact (section 12.2.1.1). */
export function nextHop(dialog: UaDialog): string {
  const first = dialog.routeSet[0];
  return (first === undefined ? undefined : parseNameAddr(first)?.uri) ?? dialog.remoteTarget;
}

export function contactUri(message: SipRequest | SipResponse): string | undefined {
  const first = message.headers.list('contact')[0];
  return first === undefined ? undefined : parseNameAddr(first)?.uri;
}

function withoutTag(value: string): string {
  return value.replace(/;tag=[^;>]*$/i, '').replace(/;tag=[^;>]*(?=;)/i, '');
}
