// Caps of the resolver. Answers come from servers that an attacker may own (a domain in a Contact or Refer-To is enough), so
// everything they can make longer, later or more frequent has a bound here.

export interface ResolveLimits {
  /** One resolution, all steps together. Half of it is gone when the caller's own timers (RFC 3261 timer B, 32 s) matter least. */
  readonly totalMs: number;
  /** Targets handed out; nobody fails over further than this. */
  readonly targets: number;
  /** Records used of one answer: beyond it the answer is an amplifier, not a service. */
  readonly recordsPerAnswer: number;
  /** DNS questions one resolution may cause. */
  readonly questionsPerResolution: number;
  /** Questions in flight per record type, over all resolutions. */
  readonly questionsInFlight: number;
  /** Names kept per record type (about 300 bytes each). */
  readonly cacheEntries: number;
  /** A TTL of 0 would mean one question per call. */
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  /** node:dns does not tell the TTL of SRV and NAPTR records. */
  readonly unknownTtlMs: number;
  /** How long "no such record" is believed. */
  readonly negativeMs: number;
  /** How long a server failure is not asked again. */
  readonly failureMs: number;
  /** While the servers fail, old answers serve for so long past their TTL (RFC 8767). */
  readonly staleMs: number;
}

export const defaultResolveLimits: ResolveLimits = {
  totalMs: 3000,
  targets: 32,
  recordsPerAnswer: 32,
  questionsPerResolution: 64,
  questionsInFlight: 512,
  cacheEntries: 10_000,
  minTtlMs: 1000,
  maxTtlMs: 3_600_000,
  unknownTtlMs: 60_000,
  negativeMs: 10_000,
  failureMs: 5000,
  staleMs: 3_600_000,
};
