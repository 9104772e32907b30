// What routing and the B2BUA want of RFC 3263; fulfilled by sip/resolve/resolver.ts.
import type { SipUri } from '../sip/message/uri.ts';
import type { Target } from '../sip/transport/flow.ts';

export type ResolveResult = { readonly targets: readonly Target[] } | { readonly error: string };

export interface TargetResolver {
  /** Calls `done` at once for literals and cache hits, within 3 s otherwise. */
  resolve(uri: SipUri, done: (result: ResolveResult) => void): void;
}
