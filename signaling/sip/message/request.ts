// A SIP request (RFC 3261 section 7.1). The getters read the headers that every valid request has; they throw
// InvariantError on a request that was neither parsed as a whole message nor built with those headers.

import { invariant } from '../../../shared/assert.ts';
import { boundedNumber } from './chars.ts';
import type { CSeq } from './cseq.ts';
import { EssentialFields } from './essential-fields.ts';
import type { Headers } from './headers.ts';
import type { NameAddr } from './name-addr.ts';
import type { Via } from './via.ts';

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body?: Uint8Array;
  /** Readings of the same headers made earlier, to be kept. */
  readonly fields?: EssentialFields;
}

const noBody = new Uint8Array(0);

export class SipRequest {
  readonly kind = 'request';
  method: string;
  uri: string;
  headers: Headers;
  body: Uint8Array;
  readonly #fields: EssentialFields;

  constructor(parts: RequestParts) {
    this.method = parts.method;
    this.uri = parts.uri;
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

  /** RFC 3261 20.22: 0 to 255. */
  get maxForwards(): number | undefined {
    return boundedNumber(this.headers.get('max-forwards') ?? '', 255);
  }
}

function present<T>(value: T | undefined, name: string): T {
  invariant(value !== undefined, `Cannot read ${name} of a request: it lacks the header or holds no valid one`);
  return value;
}
