// The media of an ended call as its closing line and its CDR tell it: per party and line what came, what went, how good
// it was, and whether one of them was never heard.
import type { CallMediaReport, MediaEndReport } from '../session/media-report.ts';

export interface MediaSummary {
  readonly party: 'caller' | 'callee';
  readonly line: number;
  readonly media: string;
  readonly codec: string;
  /** "in" is what the party sent to us. */
  readonly packets_in: number;
  readonly bytes_in: number;
  readonly packets_out: number;
  readonly bytes_out: number;
  readonly lost: number;
  readonly out_of_order: number;
  readonly duplicates: number;
  readonly gaps: number;
  readonly jitter_ms: number;
  readonly round_trip_ms: number;
  readonly mos: number;
  /** Packets refused: from elsewhere, broken, too many, not authentic. */
  readonly rejected: number;
  /** address:port the party's media came from; empty when none came. */
  readonly from: string;
}

export type Silence = 'none' | 'caller-silent' | 'callee-silent' | 'both-silent';

export function summarize(report: CallMediaReport | undefined, callerTag: string): MediaSummary[] {
  return (report?.ends ?? []).map((end) => summary(end, end.tag === callerTag ? 'caller' : 'callee'));
}

/** Said of calls that stood long enough to be heard: one-way audio is what users call about. */
export function silenceOf(media: readonly MediaSummary[], durationMs: number): Silence {
  if (durationMs < 1000 || media.length === 0) return 'none';
  const heard = (party: MediaSummary['party']): boolean => media.some((each) => each.party === party && each.packets_in > 0);
  if (heard('caller')) return heard('callee') ? 'none' : 'callee-silent';
  return heard('callee') ? 'caller-silent' : 'both-silent';
}

function summary({ line, media, report }: MediaEndReport, party: MediaSummary['party']): MediaSummary {
  const { quality } = report;
  return {
    party,
    line,
    media,
    codec: quality.codec,
    packets_in: report.packetsIn,
    bytes_in: report.bytesIn,
    packets_out: report.packetsOut,
    bytes_out: report.bytesOut,
    lost: quality.lost,
    out_of_order: quality.outOfOrder,
    duplicates: quality.duplicates,
    gaps: quality.gaps,
    jitter_ms: Math.round(quality.jitterMs * 10) / 10,
    round_trip_ms: Math.round(quality.roundTripMs * 10) / 10,
    mos: Math.round(quality.mos * 100) / 100,
    rejected: report.rejectedSource + report.malformed + report.unauthenticated + report.overRate,
    from: report.learned === null ? '' : `${report.learned.address}:${report.learned.port}`,
  };
}
