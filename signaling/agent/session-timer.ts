// Session timers of an agent (RFC 4028), as FreeSWITCH keeps them: agrees to what the caller asks for and refreshes by
// re-INVITE at half time when that is its task. It does not hang up on a caller who forgets to refresh.
import { parseSeconds } from '../sip/message/rack.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';

export interface SessionTimer {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas';
}

/** Shorter is nonsense outside of tests (RFC 4028 section 5 wants 90); longer is a day. */
const leastSeconds = 1;
const mostSeconds = 86_400;

/** What a UAS agrees to (section 9); undefined when the caller asks for no timer. */
export function agreedTimer(request: SipRequest): SessionTimer | undefined {
  const [value = '', ...params] = (request.headers.get('session-expires') ?? '').split(';').map((part) => part.trim().toLowerCase());
  const seconds = parseSeconds(value);
  if (seconds === undefined) return undefined;
  const asked = params.find((param) => param.startsWith('refresher='))?.slice('refresher='.length);
  const refresher = takesTimers(request) && asked !== 'uas' ? 'uac' : 'uas';
  return { seconds: Math.min(Math.max(seconds, leastSeconds), mostSeconds), refresher };
}

export function writeTimer(message: SipRequest | SipResponse, timer: SessionTimer): void {
  message.headers.set('session-expires', `${timer.seconds};refresher=${timer.refresher}`);
  // Section 9: a UAC that is to refresh must understand that.
  if (message.kind === 'response' && timer.refresher === 'uac') message.headers.set('require', 'timer');
}

function takesTimers(request: SipRequest): boolean {
  return [...request.headers.list('supported'), ...request.headers.list('require')].some((option) => option.toLowerCase() === 'timer');
}
