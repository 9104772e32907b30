// The trace a server leaves in the top Via of a request (RFC 3261 18.2.1, RFC 3581 4) and the way back it means (18.2.2).

import { splitList } from '../message/list-value.ts';
import { withParam } from '../message/params.ts';
import type { SipRequest } from '../message/request.ts';
import { formatVia, type Via } from '../message/via.ts';
import { bracketed, withoutScope } from './address.ts';
import type { Flow } from './flow.ts';

/** Writes `received` and `rport` as the source demands. What a peer claims in them is overwritten or taken away. */
export function noteSource(request: SipRequest, flow: Flow): void {
  const via = request.topVia;
  const source = withoutScope(flow.address);
  const wantsPort = via.params.has('rport');
  // RFC 3581 4: with rport, received is there even if it says nothing new.
  const isNews = wantsPort || via.host.toLowerCase() !== bracketed(source);
  if (!isNews && !via.params.has('received')) return;
  const params = withParam(via.params, 'received', isNews ? source : null);
  replaceTopVia(request, { ...via, params: wantsPort ? withParam(params, 'rport', String(flow.port)) : params });
}

/** Where responses to a UDP request go: the source, on its own port with rport, else on the port of sent-by. */
export function replyPort(request: SipRequest, flow: Flow): number {
  const { params, port } = request.topVia;
  // RFC 3261 18.2.2 would follow maddr: not here, it would let any request aim our responses at anybody.
  return params.has('rport') ? flow.port : (port ?? 5060);
}

function replaceTopVia(request: SipRequest, via: Via): void {
  const field = request.headers.get('via') ?? '';
  const values = field.includes(',') ? splitList(field) : [field];
  values[0] = formatVia(via);
  request.headers.replaceFirst('via', values.join(', '));
}
