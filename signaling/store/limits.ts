// Caps of the store, with their reasons.

export const storeLimits = {
  /** A change waits at most this long for others to share its commit with. */
  groupMs: 20,
  /** So many changes go at once, without waiting. */
  groupSize: 500,
  /** While the disk lags, groups grow up to this, so that it can catch up. */
  largestGroup: 5000,
  /** Records that wait while nothing can be written; changes of one record count once. Above the largest number of calls. */
  waitingRecords: 100_000,
  /** CDR lines that wait: about 50 MB, ten minutes at 160 calls a second. */
  waitingLines: 100_000,
  /** After a failure the next attempt comes after this. */
  retryMs: 1000,
  /** What close() gives the thread before it is stopped. */
  closeMs: 5000,
} as const;
