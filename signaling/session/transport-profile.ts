// What the protocol of an m= line means to us, and which attributes may cross on such a line. This is the one place that
// decides per side what is ours to end (keying, ICE) and what the two peers settle between themselves.
/**
 * `rtp` RTP/AVP(F), keys optional (RFC 8643); `srtp` RTP/SAVP(F) with keys in a=crypto (RFC 4568);
 * `udptl` T.38 (RFC 7345 section 3); `unsupported` everything that is no UDP media or needs DTLS.
 */
export type TransportProfile = 'rtp' | 'srtp' | 'udptl' | 'unsupported';

const profiles: ReadonlyMap<string, TransportProfile> = new Map<string, TransportProfile>([
  ['RTP/AVP', 'rtp'],
  ['RTP/AVPF', 'rtp'],
  ['RTP/SAVP', 'srtp'],
  ['RTP/SAVPF', 'srtp'],
  ['UDPTL', 'udptl'],
]);

export function profileOf(protocol: string): TransportProfile {
  // "udptl" is registered in lower case and written in both.
  return profiles.get(protocol.toUpperCase()) ?? 'unsupported';
}

/** Both carry RTP, or both the same other thing: what an answer may change without breaking the relay. */
export function sameMedia(a: TransportProfile, b: TransportProfile): boolean {
  return a === b || (isRtp(a) && isRtp(b));
}

/** How SRTP is written: RTP/SAVP, or RTP/AVP with keys that may be ignored (RFC 8643). */
export type SecurityForm = 'plain' | 'secure' | 'optional';

/** The protocol of an m= line for that form; feedback (the F) stays, and what is no RTP stays as it is. */
export function protocolFor(protocol: string, form: SecurityForm): string {
  if (!isRtp(profileOf(protocol))) return protocol;
  const feedback = protocol.toUpperCase().endsWith('F') ? 'F' : '';
  return form === 'secure' ? `RTP/SAVP${feedback}` : `RTP/AVP${feedback}`;
}

export function isRtp(profile: TransportProfile): boolean {
  return profile === 'rtp' || profile === 'srtp';
}

/** Ends at our transport, because it names the peer's addresses or keys an association with the peer's socket. */
const endsHere: ReadonlySet<string> = new Set([
  'candidate',
  'remote-candidates',
  'end-of-candidates',
  'ice-lite',
  'ice-mismatch',
  'ice-options',
  'ice-pacing',
  'ice-pwd',
  'ice-ufrag',
  'fingerprint',
  'setup',
  'connection',
  'tls-id',
  'dtls-id',
  // MIKEY (RFC 4567) carries keys that nobody checked.
  'key-mgmt',
  'bundle-only',
]);

/** Describes the peer's own surroundings, and nobody needs it to receive the media. */
const tellsOfThePeer: ReadonlySet<string> = new Set(['tool', 'cat', 'keywds', 'identity', 'source-filter', 'alt', 'nortpproxy']);

/** Whether an attribute stops at us, on a line with this profile or at session level. */
export function stopsAttribute(at: TransportProfile | 'session', name: string): boolean {
  // Keys belong to one RTP line (RFC 4568 section 5.1); elsewhere nobody checked them.
  if (name === 'crypto') return at === 'session' || !isRtp(at);
  return endsHere.has(name) || tellsOfThePeer.has(name);
}
