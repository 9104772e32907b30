// A SIP response (RFC 3261 section 7.2). The getters read the headers that every valid response has; they throw
// InvariantError on a response that was neither parsed as a whole message nor built with those headers.

import { invariant } from '../../../shared/assert.ts';
import type { CSeq } from './cseq.ts';
import { EssentialFields } from './essential-fields.ts';
import type { Headers } from './headers.ts';
import type { NameAddr } from './name-addr.ts';
import type { Via } from './via.ts';

export interface ResponseParts {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body?: Uint8Array;
  /** Readings of the same headers made earlier, to be kept. */
  readonly fields?: EssentialFields;
}

const noBody = new Uint8Array(0);

export class SipResponse {
  readonly kind = 'response';
  status: number;
  reason: string;
  headers: Headers;
  body: Uint8Array;
  readonly #fields: EssentialFields;

  constructor(parts: ResponseParts) {
    this.status = parts.status;
    this.reason = parts.reason;
    this.headers = parts.headers;
    this.body = parts.body ?? noBody;
    this.#fields = parts.fields ?? new EssentialFields();
  }

  get callId(): string {
    return present(this.headers.get('call-id'), 'Call-ID');
  }

  get cseq(): CSeq {
    return present(this.#fields.cseq(this.headers), 'CSeq');
  }

  get from(): NameAddr {
    return present(this.#fields.from(this.headers), 'From');
  }

  get to(): NameAddr {
    return present(this.#fields.to(this.headers), 'To');
  }

  get topVia(): Via {
    return present(this.#fields.topVia(this.headers), 'Via');
  }
}

function present<T>(value: T | undefined, name: string): T {
  invariant(value !== undefined, `Cannot read ${name} of a response: it lacks the header or holds no valid one`);
  return value;
}
