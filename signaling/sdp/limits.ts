// What a session description may cost us. Real ones are 0.3-8 KB with 1-4 media sections; a browser with screen sharing
// and simulcast reaches 20 KB and some hundred lines. Everything above is an attack or a mistake (security row 48).

export const sdpLimits = {
  /** A UDP datagram cannot carry more, and a stream peer has no reason to. */
  bytes: 65_536,
  lines: 2000,
  /** One long line is a parser's worst case; sprop-parameter-sets and fingerprints stay far below. */
  lineBytes: 16_384,
  mediaSections: 64,
  /** RTP has 128 payload types; other media list a handful of formats. */
  formats: 256,
  /** Suites times key generations; FreeSWITCH offers 11. */
  cryptoLines: 32,
  /** RFC 4568 section 9.1 lets one a=crypto carry several keys for re-keying; nobody sends more than two. */
  cryptoKeys: 16,
} as const;
