// The round trip between us and one peer, from the sender reports we pass on to it and its answers to them (RFC 3550 section 6.4.1,
// LSR and DLSR). Only our own clock is used: we note when a report left, the peer says how long it held it.
import { maxRoundTripMs, reportsInFlight } from './limits.ts';

export class RoundTrip {
  /** Smoothed by 1/8 like TCP's; 0 = never measured. */
  ms = 0;
  readonly #middles = new Array<number>(reportsInFlight).fill(0);
  readonly #sources = new Array<number>(reportsInFlight).fill(0);
  readonly #sentAt = new Array<number>(reportsInFlight).fill(0);
  #next = 0;

  /** A sender report with this source and middle NTP time leaves for the peer. */
  sent(source: number, middleNtp: number, now: number): void {
    this.#middles[this.#next] = middleNtp;
    this.#sources[this.#next] = source;
    this.#sentAt[this.#next] = now;
    this.#next = (this.#next + 1) % reportsInFlight;
  }

  /** The peer's report block names the report it last saw and its delay since, in 1/65536 s. */
  answered(source: number, middleNtp: number, delay: number, now: number): void {
    // Section 6.4.1: LSR is zero while no sender report was received.
    if (middleNtp === 0) return;
    for (let i = 0; i < reportsInFlight; i++) {
      if (this.#middles[i] !== middleNtp || this.#sources[i] !== source) continue;
      const trip = now - (this.#sentAt[i] ?? now) - delay / 65.536;
      if (trip < 0 || trip > maxRoundTripMs) return;
      this.ms = this.ms === 0 ? trip : this.ms + (trip - this.ms) / 8;
      return;
    }
  }
}
