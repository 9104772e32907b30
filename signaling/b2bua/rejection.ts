// The final failure of a destination: what it means for the route, and how the caller hears it.
import type { FailoverPolicy } from '../balancer/pool.ts';
import type { Outcome } from '../routing/route.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { parseRetryAfter } from '../sip/message/retry-after.ts';
import type { Branch } from './branch.ts';
import type { Call } from './call.ts';
import { carryResponse, hostTowards } from './carry.ts';
import { carryContacts } from './redirect.ts';

export function carriedRejection(call: Call, branch: Branch, response: SipResponse): { status: number; response: SipResponse } {
  const way = { from: branch.destination.zone, to: call.zone, host: hostTowards(call.zone, call.server.flow) };
  const carried = carryResponse(call.invite, response, way, call.tag, call.context);
  if (response.status < 400) carryContacts(response, carried, way);
  return { status: response.status, response: carried };
}

/** What a final response says of the destination that gave it. */
export function outcomeOf(response: SipResponse, failover: FailoverPolicy | undefined): Outcome {
  const { status, headers } = response;
  if (status === 401 || status === 407) return { kind: 'challenged' };
  if (failover?.codes.includes(status) !== true) return { kind: 'answered' };
  return { kind: 'failed', retryAfterMs: (parseRetryAfter(headers.get('retry-after') ?? '') ?? 0) * 1000 };
}
