// Quality of what one peer sends to us: sums over its RTP sources, the gaps on the wire, the codec and a score (E-model). Sources
// come and go with transfers and re-INVITEs; a few are followed at once, the rest is folded into the sums.
import { meanOpinionScore } from '../../shared/emodel.ts';
import type { QualityReport } from '../../shared/relay/report.ts';
import type { CodecInUse } from '../../shared/relay/session-state.ts';
import { gapMs, maxSources } from '../rtp/limits.ts';
import { PayloadTypes } from '../rtp/payload-types.ts';
import { payloadTypeOf, sequenceOf, ssrcOf, timestampOf } from '../rtp/rtp-header.ts';
import { SourceStatistics } from '../rtp/source-statistics.ts';
import { endpointDelayMs, scoredPackets } from './limits.ts';

export class Quality {
  readonly #payloadTypes = new PayloadTypes();
  readonly #sources: SourceStatistics[] = [];
  #current: SourceStatistics | undefined;
  /** Of sources that are followed no more. */
  readonly #past = { lost: 0, expected: 0, outOfOrder: 0, duplicates: 0 };
  #gaps = 0;
  /** -1 = the peer has not reported. */
  #peerLost = -1;
  #peerJitter = 0;
  /** Last packet of any source; -1 = none since the peer was asked to send. */
  #heardAt = -1;

  negotiate(codecs: readonly CodecInUse[]): void {
    this.#payloadTypes.negotiate(codecs);
  }

  /** The peer was told to stop or to start sending: the pause is no gap. */
  pause(): void {
    this.#heardAt = -1;
  }

  /** Reads the RTP header at `start`, which was checked. */
  packet(bytes: Uint8Array, start: number, now: number): void {
    const ssrc = ssrcOf(bytes, start);
    const sequence = sequenceOf(bytes, start);
    let source = this.#current;
    if (source === undefined || source.ssrc !== ssrc) source = this.#follow(ssrc, sequence, now);
    if (this.#heardAt >= 0 && now - this.#heardAt > gapMs) this.#gaps++;
    this.#heardAt = now;
    source.packet(sequence, timestampOf(bytes, start), this.#payloadTypes.count(payloadTypeOf(bytes, start)), now);
  }

  /** Whether an RTP packet carries on a stream of this peer: same source, next in sequence (losses allowed). */
  continues(bytes: Uint8Array, start: number): boolean {
    const ssrc = ssrcOf(bytes, start);
    for (const source of this.#sources) {
      if (source.ssrc === ssrc) return source.continuesWith(sequenceOf(bytes, start));
    }
    return false;
  }

  report(roundTripMs: number, now: number): QualityReport {
    let { lost, expected, outOfOrder, duplicates } = this.#past;
    let main: SourceStatistics | undefined;
    for (const source of this.#sources) {
      lost += source.lost;
      expected += source.expected;
      outOfOrder += source.outOfOrder;
      duplicates += source.duplicates;
      if (main === undefined || source.packets > main.packets) main = source;
    }
    const jitterMs = main?.jitterMs ?? 0;
    const mostSeen = this.#payloadTypes.mostSeen();
    const codec = mostSeen?.name ?? '';
    // The playout buffer of a common endpoint grows to about twice the jitter.
    const oneWayDelayMs = roundTripMs / 2 + 2 * jitterMs + endpointDelayMs;
    const loss = expected > 0 ? lost / expected : 0;
    return {
      codec,
      lost,
      outOfOrder,
      duplicates,
      jitterMs: rounded(jitterMs),
      gaps: this.#gaps + (this.#heardAt >= 0 && now - this.#heardAt > gapMs ? 1 : 0),
      mos: expected >= scoredPackets ? meanOpinionScore({ codec, loss, oneWayDelayMs }) : 0,
      roundTripMs: rounded(roundTripMs),
      ...this.#peerReport(mostSeen?.clockRate ?? 0),
    };
  }

  /** What the peer's last report block says of the stream we sent it (RFC 3550 section 6.4.1). */
  peerReported(lost: number, jitter: number): void {
    this.#peerLost = Math.max(0, lost);
    this.#peerJitter = jitter;
  }

  /** Both directions of a relayed line use one codec, so its clock serves for the peer's jitter too. */
  #peerReport(clockRate: number): { peerLost?: number; peerJitterMs?: number } {
    if (this.#peerLost < 0) return {};
    const peerLost = this.#peerLost;
    return clockRate > 0 ? { peerLost, peerJitterMs: rounded((this.#peerJitter * 1000) / clockRate) } : { peerLost };
  }

  /** Another source speaks. A new one takes the place of the one that was silent longest. */
  #follow(ssrc: number, sequence: number, now: number): SourceStatistics {
    let oldest: SourceStatistics | undefined;
    for (const source of this.#sources) {
      if (source.ssrc === ssrc) {
        this.#current = source;
        return source;
      }
      if (oldest === undefined || source.lastAt < oldest.lastAt) oldest = source;
    }
    let source = oldest;
    if (source === undefined || this.#sources.length < maxSources) {
      source = new SourceStatistics();
      this.#sources.push(source);
    } else {
      this.#fold(source);
    }
    source.start(ssrc, sequence, now);
    this.#current = source;
    return source;
  }

  #fold(source: SourceStatistics): void {
    this.#past.lost += source.lost;
    this.#past.expected += source.expected;
    this.#past.outOfOrder += source.outOfOrder;
    this.#past.duplicates += source.duplicates;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
