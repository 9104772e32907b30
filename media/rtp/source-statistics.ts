// What can be told of one RTP source (SSRC) from its headers: loss, order, duplicates (RFC 3550 appendix A.1 and A.3, with a
// history of 64 packets so that a duplicate is not taken for a late one) and interarrival jitter (appendix A.8).
import { maxDeviationMs, maxDropout, maxMisorder } from './limits.ts';

const historyLength = 64;

export class SourceStatistics {
  ssrc = 0;
  /** Arrival of the last packet. */
  lastAt = 0;
  /** All packets, duplicates too. */
  packets = 0;
  expected = 0;
  outOfOrder = 0;
  duplicates = 0;
  jitterMs = 0;
  #received = 0;
  #highest = 0;
  /** Bit k of the pair says that sequence number highest - k came; `#seen` holds 0-31, `#seenOlder` 32-63. */
  #seen = 0;
  #seenOlder = 0;
  /** A.1 bad_seq: a jump is believed when the next packet follows it. -1 = none pending. */
  #jumpedTo = -1;
  #lastTimestamp = 0;
  #measuredAt = 0;
  #clockRate = 0;

  get lost(): number {
    return Math.max(0, this.expected - this.#received);
  }

  /** Forgets all and starts with the first packet of a source. */
  start(ssrc: number, sequence: number, now: number): void {
    this.ssrc = ssrc;
    this.packets = 0;
    this.expected = 0;
    this.#received = 0;
    this.outOfOrder = 0;
    this.duplicates = 0;
    this.jitterMs = 0;
    this.#clockRate = 0;
    this.lastAt = now;
    this.#restart((sequence - 1) & 0xffff);
    this.#seen = 0;
  }

  /** One packet of this source. `clockRate` 0 = unknown, no jitter from it. */
  packet(sequence: number, timestamp: number, clockRate: number, now: number): void {
    this.packets++;
    this.#order(sequence);
    if (clockRate > 0) this.#jitter(timestamp, clockRate, now);
    this.lastAt = now;
  }

  /** Whether `sequence` is one the source would send next, some lost ones allowed. */
  continuesWith(sequence: number): boolean {
    const ahead = (sequence - this.#highest) & 0xffff;
    return ahead > 0 && ahead <= maxMisorder;
  }

  #order(sequence: number): void {
    const ahead = (sequence - this.#highest) & 0xffff;
    if (ahead === 0) this.duplicates++;
    else if (ahead < maxDropout) this.#advance(sequence, ahead);
    else if (ahead > 0x10000 - maxMisorder) this.#late(0x10000 - ahead);
    else this.#jump(sequence);
  }

  #advance(sequence: number, ahead: number): void {
    this.expected += ahead;
    this.#received++;
    this.#shift(ahead);
    this.#highest = sequence;
    this.#jumpedTo = -1;
  }

  /** A packet `behind` the highest: it fills a hole, unless it was seen. */
  #late(behind: number): void {
    if (behind < historyLength && this.#mark(behind)) {
      this.duplicates++;
      return;
    }
    this.outOfOrder++;
    this.#received++;
  }

  #jump(sequence: number): void {
    if (sequence !== this.#jumpedTo) {
      // A.1: one packet from elsewhere is a stray; it is counted neither as expected nor as lost.
      this.#jumpedTo = (sequence + 1) & 0xffff;
      return;
    }
    this.#restart(sequence);
    // The stray before belonged to the new run.
    this.expected += 2;
    this.#received += 2;
  }

  #restart(sequence: number): void {
    this.#highest = sequence;
    this.#seen = 1;
    this.#seenOlder = 0;
    this.#jumpedTo = -1;
  }

  #shift(by: number): void {
    if (by >= historyLength) {
      this.#seenOlder = 0;
      this.#seen = 1;
    } else if (by >= 32) {
      this.#seenOlder = this.#seen << (by - 32);
      this.#seen = 1;
    } else {
      this.#seenOlder = (this.#seenOlder << by) | (this.#seen >>> (32 - by));
      this.#seen = (this.#seen << by) | 1;
    }
  }

  /** Marks a packet of the history as seen; says whether it was before. */
  #mark(behind: number): boolean {
    const bit = 1 << (behind & 31);
    if (behind < 32) {
      const before = (this.#seen & bit) !== 0;
      this.#seen |= bit;
      return before;
    }
    const before = (this.#seenOlder & bit) !== 0;
    this.#seenOlder |= bit;
    return before;
  }

  /** A.8: the difference of relative transit times, smoothed by 1/16. In milliseconds, so that the codec may change. */
  #jitter(timestamp: number, clockRate: number, now: number): void {
    const advanced = (timestamp - this.#lastTimestamp) | 0;
    const deviationMs = Math.abs(now - this.#measuredAt - (advanced * 1000) / clockRate);
    const sameClock = clockRate === this.#clockRate;
    this.#clockRate = clockRate;
    this.#lastTimestamp = timestamp;
    this.#measuredAt = now;
    // Packets of one video frame share a timestamp and are sent over time: no measure of the network.
    if (!sameClock || advanced === 0) return;
    if (deviationMs < maxDeviationMs) this.jitterMs += (deviationMs - this.jitterMs) / 16;
  }
}
