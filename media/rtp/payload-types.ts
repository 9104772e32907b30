// Which codec a payload type stands for on one transport, and how often each was seen. Negotiated ones come from signaling,
// the static ones from RFC 3551 section 6. Kept over re-negotiations, so that the report of a call names what most of it used.
import type { CodecInUse } from '../../shared/relay/session-state.ts';
import { maxPayloadTypes } from './limits.ts';

/** RFC 3551 tables 4 and 5. G722 says 8000 there though it samples at 16,000 (section 4.5.2). */
const staticTypes: ReadonlyMap<number, readonly [name: string, clockRate: number]> = new Map([
  [0, ['PCMU', 8000]],
  [3, ['GSM', 8000]],
  [4, ['G723', 8000]],
  [5, ['DVI4', 8000]],
  [6, ['DVI4', 16000]],
  [7, ['LPC', 8000]],
  [8, ['PCMA', 8000]],
  [9, ['G722', 8000]],
  [10, ['L16', 44100]],
  [11, ['L16', 44100]],
  [12, ['QCELP', 8000]],
  [13, ['CN', 8000]],
  [14, ['MPA', 90000]],
  [15, ['G728', 8000]],
  [16, ['DVI4', 11025]],
  [17, ['DVI4', 22050]],
  [18, ['G729', 8000]],
  [25, ['CelB', 90000]],
  [26, ['JPEG', 90000]],
  [28, ['nv', 90000]],
  [31, ['H261', 90000]],
  [32, ['MPV', 90000]],
  [33, ['MP2T', 90000]],
  [34, ['H263', 90000]],
]);

interface Entry {
  readonly payloadType: number;
  readonly name: string;
  readonly clockRate: number;
  /** Timestamps that stand still during an event (RFC 4733 section 2.2.1) say nothing about jitter. */
  readonly steady: boolean;
  packets: number;
}

export class PayloadTypes {
  readonly #entries: Entry[] = [];
  /** Current meaning of each payload type seen or negotiated. */
  readonly #current = new Map<number, Entry>();
  #last: Entry | undefined;

  /** Adds what was negotiated; a payload type that changed its meaning is counted anew from here. */
  negotiate(codecs: readonly CodecInUse[]): void {
    for (const codec of codecs) {
      const known = this.#current.get(codec.payloadType);
      if (known?.name === codec.name && known.clockRate === codec.clockRate) continue;
      this.#add(codec.payloadType, codec.name, codec.clockRate);
    }
    this.#last = undefined;
  }

  /** Counts a packet; returns the clock rate to measure jitter with, 0 when it cannot be measured. */
  count(payloadType: number): number {
    let entry = this.#last;
    if (entry === undefined || entry.payloadType !== payloadType) entry = this.#lookUp(payloadType);
    if (entry === undefined) return 0;
    entry.packets++;
    return entry.steady ? entry.clockRate : 0;
  }

  /** The codec that most packets carried, events aside; undefined when none came. */
  mostSeen(): { readonly name: string; readonly clockRate: number } | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.packets > (best?.packets ?? 0) && entry.steady) best = entry;
    }
    return best;
  }

  #lookUp(payloadType: number): Entry | undefined {
    let entry = this.#current.get(payloadType);
    if (entry === undefined) {
      const known = staticTypes.get(payloadType);
      entry = this.#add(payloadType, known?.[0] ?? '', known?.[1] ?? 0);
    }
    this.#last = entry;
    return entry;
  }

  #add(payloadType: number, name: string, clockRate: number): Entry | undefined {
    if (this.#entries.length >= maxPayloadTypes) return undefined;
    const entry: Entry = { payloadType, name, clockRate, steady: name.toLowerCase() !== 'telephone-event', packets: 0 };
    this.#entries.push(entry);
    this.#current.set(payloadType, entry);
    return entry;
  }
}
