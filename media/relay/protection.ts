// The one place that says which protection of media a transport can have. Plain RTP only, for now: SDES-SRTP (RFC 4568) attaches
// here, with the packet path authenticating before `Component.admit` (step 2 of relayPacket) and protecting in `Transport.sendMedia`.
import type { Protection } from '../../shared/relay/session-state.ts';

/** undefined when the worker can do it, else why not. */
export function protectionProblem(protection: Protection): string | undefined {
  return protection.kind === 'plain' ? undefined : `Cannot protect media: ${protection.kind} is not available in this worker`;
}
