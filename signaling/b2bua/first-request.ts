// A request that starts something new on the other side (INVITE, SUBSCRIBE, MESSAGE, ...), made of one that came in: its
// own Call-ID, tag and CSeq, hosts by zone, headers by policy. Contact is the caller's business.
import type { Destination } from '../routing/route.ts';
import type { Zone } from '../routing/zone.ts';
import { Headers } from '../sip/message/headers.ts';
import { SipRequest } from '../sip/message/request.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { noBody } from './body.ts';
import { carryMessage, hostTowards } from './carry.ts';
import type { B2buaContext } from './context.ts';
import type { Way } from './header-policy.ts';
import { fromFor, toFor } from './identity.ts';

export interface FirstRequestOptions {
  readonly request: SipRequest;
  readonly from: Zone;
  readonly destination: Destination;
  readonly flow: Flow;
  readonly localTag: string;
  readonly context: B2buaContext;
}

export function firstRequest({ request, from, destination, flow, localTag, context }: FirstRequestOptions): SipRequest {
  const way: Way = { from, to: destination.zone, host: hostTowards(destination.zone, flow) };
  const headers = new Headers();
  // RFC 3261 section 16.6 step 3; never more than 70, whatever the sender says.
  headers.append('max-forwards', String(Math.min(request.maxForwards ?? 70, 70) - 1));
  for (const route of destination.routeSet) headers.append('route', route);
  headers.append('from', fromFor(request.from, way, localTag));
  headers.append('to', toFor(request.to, way, destination.requestUri));
  headers.append('call-id', context.rng.token(24));
  // RFC 3261 section 8.1.1.5: below 2^31, with room to count on.
  headers.append('cseq', `${1 + context.rng.int(0x3fff_ffff)} ${request.method}`);
  const first = new SipRequest({ method: request.method, uri: destination.requestUri, headers, body: noBody });
  carryMessage(request, first, way, context);
  return first;
}
