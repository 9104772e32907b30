// CANCEL (RFC 3261 section 9): building ours, and the methods a peer's may aim at. The matching is in server-side.ts,
// the moment ours may go out in invite-client.ts.
import type { SipRequest } from '../message/request.ts';
import { followUp } from './ack.ts';

/** `invite` as sent; the To carries no tag but the one the INVITE itself had (section 9.1). `reason` is an RFC 3326 value. */
export function cancelFor(invite: SipRequest, reason: string | undefined): SipRequest {
  const cancel = followUp(invite, 'CANCEL', invite.headers.get('to') ?? '');
  if (reason !== undefined) cancel.headers.append('reason', reason);
  return cancel;
}

/**
 * A CANCEL does not name the method it cancels. On these it has no effect (section 9.2), but is answered 200; on a method
 * not listed the answer is 481 and the effect the same.
 */
export const uncancellableMethods: readonly string[] = [
  'REGISTER',
  'OPTIONS',
  'BYE',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'INFO',
  'UPDATE',
  'REFER',
  'PRACK',
];
