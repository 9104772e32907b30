// Caps on what one SIP message may cost. Each is far above what honest peers send and keeps every parse well below a
// millisecond; what exceeds one is answered with the status beside it, or dropped where no answer is possible.

export const messageLimits = {
  /** A UDP datagram cannot be longer; streams are held to the same size (513 Message Too Large, RFC 3261 21.5.7). */
  messageBytes: 65_535,
  /** Start line and header fields together; real ones stay below 8 KiB (513). */
  headBytes: 32_768,
  /** Header fields of one message. Real ones carry 15 to 40 (513). */
  headerFields: 256,
  /** Via values, one per hop: 70 is the default Max-Forwards of RFC 3261 8.1.1.6, so nothing honest has more (513). */
  vias: 70,
  /** One header field with its folded lines: Identity tokens reach 2 KiB, Route sets 3 KiB (513). */
  lineBytes: 8_192,
  /** The request line; 414 URI Too Long. */
  startLineBytes: 4_096,
  /** Longest method and header name taken. RFC 4475 "intmeth" has 43 characters, "longreq" a name of 260. */
  methodBytes: 64,
  nameBytes: 512,
  /** Highest CSeq: RFC 3261 8.1.1.5 wants it below 2^31. */
  sequence: 0x7fff_ffff,
  /** Highest delta-seconds and RSeq: RFC 3261 25.1, RFC 3262 7.1. Larger ones are clamped. */
  seconds: 0xffff_ffff,
  /** Multipart bodies inside multipart bodies. */
  multipartDepth: 3,
  /** Parts of one multipart body. */
  multipartParts: 64,
} as const;
