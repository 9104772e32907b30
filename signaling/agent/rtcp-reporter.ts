// The RTCP side of one RTP stream (RFC 3550 section 6): writes sender and receiver reports, reads the peer's, and tells
// the round trip from them (section 6.4.1). Time comes in; sockets and pacing are rtp-stream.ts.
import { decodeReports, encodeReport, type ReportBlock } from '../../shared/rtp-packet.ts';
import type { ReceiveStatistics } from './receive-statistics.ts';

/** What the peer says about the stream we send. */
export interface FarReport {
  readonly lost: number;
  readonly fractionLost: number;
  readonly jitterMs: number;
}

const ntpEpochSeconds = 2_208_988_800;
/** Longer than any round trip; more is a report that answers nothing of ours. */
const maxRoundTripMs = 30_000;

export class RtcpReporter {
  readonly #ssrc: number;
  readonly #cname: string;
  readonly #clockRate: number;
  #lastSenderReport = 0;
  #lastSenderReportAt = 0;
  #roundTripMs = 0;
  #far: FarReport | undefined;
  #received = 0;

  constructor(options: { ssrc: number; cname: string; clockRate: number }) {
    this.#ssrc = options.ssrc;
    this.#cname = options.cname;
    this.#clockRate = options.clockRate;
  }

  /** 0 when unknown. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  get far(): FarReport | undefined {
    return this.#far;
  }

  /** RTCP packets that made sense. */
  get received(): number {
    return this.#received;
  }

  /** `wallMs` is the time of day; `sent` is undefined for one that only listens. */
  write(
    statistics: ReceiveStatistics,
    sent: { packets: number; bytes: number; rtpTimestamp: number } | undefined,
    wallMs: number,
    end: 'bye' | 'none',
  ): Buffer {
    const blocks: ReportBlock[] = [];
    if (statistics.ssrc !== -1) {
      const delay = this.#lastSenderReport === 0 ? 0 : Math.round(((wallMs - this.#lastSenderReportAt) / 1000) * 65_536);
      blocks.push({ ...statistics.report(), lastSenderReport: this.#lastSenderReport, delaySinceLastSenderReport: delay });
    }
    const { seconds, fraction } = ntpTime(wallMs);
    const sender = sent === undefined ? {} : { sender: { ntpSeconds: seconds, ntpFraction: fraction, ...sent } };
    return encodeReport({ ssrc: this.#ssrc, ...sender, blocks }, this.#cname, end);
  }

  receive(bytes: Uint8Array, wallMs: number): void {
    const { reports, cname } = decodeReports(bytes);
    if (reports.length > 0 || cname !== '') this.#received++;
    for (const report of reports) {
      if (report.sender !== undefined) {
        this.#lastSenderReport = middle(report.sender.ntpSeconds, report.sender.ntpFraction);
        this.#lastSenderReportAt = wallMs;
      }
      for (const block of report.blocks) if (block.ssrc === this.#ssrc) this.#read(block, wallMs);
    }
  }

  #read(block: ReportBlock, wallMs: number): void {
    this.#far = { lost: block.lost, fractionLost: block.fractionLost / 256, jitterMs: (block.jitter / this.#clockRate) * 1000 };
    if (block.lastSenderReport === 0) return;
    const { seconds, fraction } = ntpTime(wallMs);
    const trip = (middle(seconds, fraction) - block.lastSenderReport - block.delaySinceLastSenderReport) | 0;
    // At least one unit of the clock: 0 means unknown.
    const tripMs = (Math.max(1, trip) / 65_536) * 1000;
    if (tripMs <= maxRoundTripMs) this.#roundTripMs = tripMs;
  }
}

function ntpTime(wallMs: number): { seconds: number; fraction: number } {
  const seconds = Math.floor(wallMs / 1000);
  return { seconds: (seconds + ntpEpochSeconds) >>> 0, fraction: Math.floor((wallMs / 1000 - seconds) * 2 ** 32) >>> 0 };
}

/** The middle 32 of the 64 bits of an NTP time, as reports quote it. */
function middle(seconds: number, fraction: number): number {
  return ((seconds << 16) | (fraction >>> 16)) >>> 0;
}
