// The final failure of a destination as the caller hears it: the status, and what of the response may cross.
import type { SipResponse } from '../sip/message/response.ts';
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
