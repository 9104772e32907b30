// A message of one leg made into the message of its peer: the headers by zone, the names translated, the body cleaned.
// SDP is put in by the caller of these functions, which knows whether it offers or answers.
import type { Zone } from '../routing/zone.ts';
import { reasonPhrase } from '../sip/message/reason-phrase.ts';
import { replyTo } from '../sip/message/reply.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { bodyWithSdp, carryOtherBody, noBody, sdpOf } from './body.ts';
import type { B2buaContext } from './context.ts';
import { carryDialogNames } from './dialog-names.ts';
import { carryHeaders, type Way } from './header-policy.ts';
import type { Leg } from './leg.ts';

/** Headers that speak of a body and go when it goes. */
const bodyHeaders = ['content-type', 'content-disposition', 'content-encoding', 'content-language', 'content-id', 'mime-version'];

/** How Weir is called in a URI towards `zone` when `flow` leads there; the port only where it is not the default. */
export function hostTowards(zone: Zone, flow: Flow): string {
  if (zone.config.domain !== undefined) return zone.config.domain;
  const usual = flow.protocol === 'tls' || flow.protocol === 'wss' ? 5061 : 5060;
  return flow.localPort === usual ? flow.localHost : `${flow.localHost}:${flow.localPort}`;
}

export function wayBetween(from: Leg, to: Leg): Way {
  return { from: from.zone, to: to.zone, host: hostTowards(to.zone, to.flow) };
}

/** Copies what may cross from `source` into `target`, body included unless it carries SDP. */
export function carryMessage(source: SipRequest | SipResponse, target: SipRequest | SipResponse, way: Way, context: B2buaContext): void {
  carryHeaders(source.headers, target.headers, way);
  carryDialogNames(source.headers, target.headers, {
    way,
    dialogs: context.dialogs,
    isOwnHost: (host) => context.zones.isOwnHost(host),
  });
  if (sdpOf(source) === undefined) target.body = carryOtherBody(source, way, context.dialogs);
  else dropBody(target);
}

/** Puts `sdp`, as the session engine wrote it, where `source` had its own; without this call its SDP does not cross. */
export function putSdp(source: SipRequest | SipResponse, target: SipRequest | SipResponse, sdp: Uint8Array): void {
  target.body = bodyWithSdp(source, sdp);
  for (const name of bodyHeaders) {
    const value = source.headers.get(name);
    if (value !== undefined) target.headers.set(name, value);
  }
}

/** `message` without body and all that speaks of one. */
export function dropBody(message: SipRequest | SipResponse): void {
  message.body = noBody;
  for (const name of bodyHeaders) message.headers.remove(name);
}

/** The response to `request` that says what `response` says on the other leg. */
export function carryResponse(request: SipRequest, response: SipResponse, way: Way, toTag: string, context: B2buaContext): SipResponse {
  const reason = way.to.outside ? reasonPhrase(response.status) : response.reason;
  const carried = reply(request, response.status, toTag, reason);
  carryMessage(response, carried, way, context);
  return carried;
}

/** A response of our own; `toTag` is added where the request's To has none (RFC 3261 section 8.2.6.2). */
export function reply(request: SipRequest, status: number, toTag: string, reason?: string): SipResponse {
  const response = reason === undefined ? replyTo(request, status) : replyTo(request, status, reason);
  if (toTag !== '' && !request.to.params.has('tag')) response.headers.set('to', `${response.headers.get('to') ?? ''};tag=${toTag}`);
  return response;
}

export function hasOption(headers: SipRequest['headers'], name: 'require' | 'supported', option: string): boolean {
  return headers.list(name).some((each) => each.toLowerCase() === option);
}
