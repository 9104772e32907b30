// Bodies as they cross: finds the SDP of a message (also inside multipart/mixed), puts another in its place, and cleans
// the few body types that name dialogs or addresses of the other side. All else crosses byte for byte.
import { findSdpPart, replaceSdpPart } from '../sip/message/multipart.ts';
import { reasonPhrase } from '../sip/message/reason-phrase.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { translateDialogInfo } from './dialog-info.ts';
import type { DialogTable } from './dialog-table.ts';
import { hideHosts, type Way } from './header-policy.ts';

type Message = SipRequest | SipResponse;

export const noBody = new Uint8Array(0);

/** The SDP that `message` carries, as a view; undefined when it carries none. */
export function sdpOf(message: Message): Uint8Array | undefined {
  if (message.body.length === 0) return undefined;
  const type = contentType(message);
  if (type === 'application/sdp') return message.body;
  return type.startsWith('multipart/') ? findSdpPart(message.headers.get('content-type') ?? '', message.body) : undefined;
}

/** The body of `message` with `sdp` in the place of its own SDP; other parts stay as they are. */
export function bodyWithSdp(message: Message, sdp: Uint8Array): Uint8Array {
  if (contentType(message) === 'application/sdp') return sdp;
  return replaceSdpPart(message.headers.get('content-type') ?? '', message.body, sdp) ?? sdp;
}

/** A body without SDP as the other side may see it. */
export function carryOtherBody(message: Message, way: Way, dialogs: DialogTable): Uint8Array {
  if (message.body.length === 0) return noBody;
  const type = contentType(message);
  if (type === 'message/sipfrag') return way.to.outside ? bareSipfrag(message.body) : message.body;
  const hide = (text: string): string => (way.to.outside ? hideHosts(text, way.host) : text);
  if (type === 'application/dialog-info+xml') return translateDialogInfo(message.body, dialogs, hide);
  return way.to.outside && holdsUris(type) ? Buffer.from(hide(latin1(message.body)), 'latin1') : message.body;
}

function contentType(message: Message): string {
  const value = message.headers.get('content-type') ?? '';
  const end = value.indexOf(';');
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}

/** Presence, conference and registration documents, and the account of a mailbox (RFC 3842). */
function holdsUris(type: string): boolean {
  return type.endsWith('+xml') || type === 'application/simple-message-summary';
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** RFC 3515 section 2.4.5 asks for a status line only; the rest may be a whole response of the inside. */
function bareSipfrag(body: Uint8Array): Uint8Array {
  const line = latin1(body.subarray(0, 64));
  const status = Number(/^SIP\/2\.0 ([1-6]\d\d)/i.exec(line)?.[1] ?? 0);
  return Buffer.from(status === 0 ? '' : `SIP/2.0 ${status} ${reasonPhrase(status)}\r\n`, 'latin1');
}
