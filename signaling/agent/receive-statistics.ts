// What can be told of a received RTP stream from its headers: extended sequence numbers, loss (RFC 3550 appendix A.1 and
// A.3) and interarrival jitter (A.8). A new SSRC starts the sequence anew and keeps the totals.
import type { ReportBlock } from '../../shared/rtp-packet.ts';

export interface ReceiveTotals {
  readonly packets: number;
  readonly lost: number;
  readonly outOfOrder: number;
  readonly duplicates: number;
  readonly jitterMs: number;
}

/** RFC 3550 appendix A.1: a jump beyond this is a restart of the sender, not loss. */
const maxDropout = 3000;
const maxMisorder = 100;

export class ReceiveStatistics {
  readonly #clockRate: number;
  #ssrc = -1;
  #base = 0;
  #highest = 0;
  #received = 0;
  #transit = 0;
  #jitter = 0;
  #seen = new Set<number>();
  #earlierPackets = 0;
  #earlierLost = 0;
  #outOfOrder = 0;
  #duplicates = 0;
  #reportedExpected = 0;
  #reportedReceived = 0;

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  get ssrc(): number {
    return this.#ssrc;
  }

  /** `now` is the time of arrival in milliseconds. */
  add(packet: { ssrc: number; sequenceNumber: number; timestamp: number }, now: number): void {
    const delta = ((packet.sequenceNumber - this.#highest) << 16) >> 16;
    if (packet.ssrc !== this.#ssrc || delta > maxDropout || delta < -maxMisorder) this.#restart(packet, now);
    else if (!this.#place(this.#highest + delta, delta)) return;
    this.#received++;
    this.#measure(packet.timestamp, now);
  }

  totals(): ReceiveTotals {
    return {
      packets: this.#earlierPackets + this.#received + this.#duplicates,
      lost: this.#earlierLost + this.#lost(),
      outOfOrder: this.#outOfOrder,
      duplicates: this.#duplicates,
      jitterMs: (this.#jitter / this.#clockRate) * 1000,
    };
  }

  /** The block for the next RTCP report; loss is told since the one before (RFC 3550 appendix A.3). */
  report(): Omit<ReportBlock, 'lastSenderReport' | 'delaySinceLastSenderReport'> {
    const expected = this.#expected();
    const interval = expected - this.#reportedExpected;
    const lost = interval - (this.#received - this.#reportedReceived);
    this.#reportedExpected = expected;
    this.#reportedReceived = this.#received;
    return {
      ssrc: this.#ssrc,
      fractionLost: interval <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / interval)),
      lost: Math.min(this.#lost(), 0x7fffff),
      highestSequence: this.#highest,
      jitter: Math.floor(this.#jitter),
    };
  }

  #restart(packet: { ssrc: number; sequenceNumber: number; timestamp: number }, now: number): void {
    this.#earlierPackets += this.#received;
    this.#earlierLost += this.#lost();
    this.#ssrc = packet.ssrc;
    this.#base = packet.sequenceNumber;
    this.#highest = packet.sequenceNumber;
    this.#received = 0;
    this.#reportedExpected = 0;
    this.#reportedReceived = 0;
    this.#seen = new Set([packet.sequenceNumber]);
    this.#transit = this.#arrival(now) - packet.timestamp;
  }

  /** False for a duplicate. */
  #place(sequence: number, delta: number): boolean {
    if (this.#seen.has(sequence)) {
      this.#duplicates++;
      return false;
    }
    this.#seen.add(sequence);
    if (delta > 0) this.#highest = sequence;
    else this.#outOfOrder++;
    // Packets from before the first one we saw were expected too.
    if (sequence < this.#base) this.#base = sequence;
    if (this.#seen.size > 2 * maxMisorder) this.#forget();
    return true;
  }

  #forget(): void {
    for (const sequence of this.#seen) if (sequence < this.#highest - maxMisorder) this.#seen.delete(sequence);
  }

  #measure(timestamp: number, now: number): void {
    const transit = this.#arrival(now) - timestamp;
    // Timestamps are 32 bits and wrap.
    const difference = Math.abs((transit - this.#transit) | 0);
    this.#transit = transit;
    this.#jitter += (difference - this.#jitter) / 16;
  }

  #arrival(now: number): number {
    return Math.round((now * this.#clockRate) / 1000);
  }

  #expected(): number {
    return this.#ssrc === -1 ? 0 : this.#highest - this.#base + 1;
  }

  #lost(): number {
    return Math.max(0, this.#expected() - this.#received);
  }
}
