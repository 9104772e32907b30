// The timer values of RFC 3261 table 4, RFC 6026 (L, M) and RFC 4320, all derived from T1. Numbers only: the machines own the timers.

export interface Timing {
  /** Round-trip estimate; first interval of the timers A, E and G. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions of a non-INVITE request or of a final response to INVITE. */
  readonly t2Ms: number;
  /** How long a message stays in the network: timers I and K on unreliable transports. */
  readonly t4Ms: number;
  /** 64*T1: the timers B, F, H, J, L and M. */
  readonly lifetimeMs: number;
  /** Timer D on unreliable transports. */
  readonly timerDMs: number;
  /** When a client's timer E reaches T2: the earliest moment for a 100 to a non-INVITE over UDP (RFC 4320 section 4.1). */
  readonly tryingMs: number;
}

/** RFC 3261 section 17.1.1.1: 500 ms; larger values are for high-latency links, smaller ones for private networks only. */
export const defaultT1Ms = 500;

export function timingOf(t1Ms: number): Timing {
  const t2Ms = Math.max(4000, t1Ms);
  let tryingMs = 0;
  for (let interval = t1Ms; interval < t2Ms; interval = Math.min(interval * 2, t2Ms)) tryingMs += interval;
  const lifetimeMs = 64 * t1Ms;
  // Section 17.1.1.2: D is at least 32 s, whatever our T1, because the peer's timer H depends on its own T1.
  return { t1Ms, t2Ms, t4Ms: 5000, lifetimeMs, timerDMs: Math.max(32_000, lifetimeMs), tryingMs };
}
