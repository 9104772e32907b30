// Caps of the transaction layer and of the dialog helpers that retransmit for it, each with its reason.

export interface TransactionLimits {
  /** Server transactions alive or lingering. At some 2 KB each the default stays below 200 MB; beyond it new requests get a stateless 503. */
  readonly maxServerTransactions: number;
  /** Peers remembered as refusing the stream that a big request tried (RFC 3261 section 18.1.1); the oldest are forgotten first. */
  readonly maxRefusedStreams: number;
  /** How long such a peer gets its big requests over UDP at once, instead of waiting for another connection to fail. */
  readonly refusedStreamMs: number;
}

export const defaultTransactionLimits: TransactionLimits = {
  maxServerTransactions: 100_000,
  maxRefusedStreams: 4096,
  refusedStreamMs: 300_000,
};

/** RFC 3261 section 18.1.1: the largest request that may go over UDP when the path MTU is not known. */
export const maxDatagramRequest = 1300;
