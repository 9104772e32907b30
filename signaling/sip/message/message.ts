// What travels: a request or a response.

import type { SipRequest } from './request.ts';
import type { SipResponse } from './response.ts';

export type SipMessage = SipRequest | SipResponse;
