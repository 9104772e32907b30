// The 48-bit index of an SRTP packet: rollover counter (ROC) and sequence number (RFC 3711 section 3.3.1, appendix A). Only the
// sequence number is in the packet; both ends count the rollovers.

const sequences = 0x1_0000;
const half = 0x8000;
/** Where the ROC itself would wrap (section 9.2). */
const indices = 2 ** 48;

/** The index nearest to `highest` that has this sequence number. -1: there is none, the key is used up. */
export function estimateIndex(highest: number, sequence: number): number {
  const last = highest % sequences;
  const ahead = sequence - last;
  const base = highest - last;
  // Before the first rollover nothing lies behind 0: a jump of more than half is a jump ahead, as libsrtp has it, too.
  if (ahead > half && base > 0) return base - sequences + sequence;
  const index = ahead < -half ? base + sequences + sequence : base + sequence;
  return index < indices ? index : -1;
}

export function rocOf(index: number): number {
  return Math.floor(index / sequences);
}

/** Whether a packet before the first rollover comes from behind 0: late, not a jump by nearly the whole circle. */
export function isBeforeFirst(highest: number, sequence: number, window: number): boolean {
  return highest < half && sequence - highest > sequences - window;
}
