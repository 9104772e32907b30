// Counters of one transport of a session, as `query` and `release` report them. "in" is what the peer sent to us.
import type { TransportId } from './session-state.ts';

export interface TransportReport {
  readonly id: TransportId;
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  readonly rtcpIn: number;
  readonly rtcpOut: number;
  /** Drops by reason. */
  readonly rejectedSource: number;
  readonly malformed: number;
  /** No remote address yet, or no stream leads on. */
  readonly undeliverable: number;
  readonly sendErrors: number;
  /** Failed authentication or replay of SRTP. */
  readonly unauthenticated: number;
  readonly overRate: number;
  readonly quality: QualityReport;
  /** Where the peer's packets came from in the end; null when nothing was learned. */
  readonly learned: { readonly address: string; readonly port: number } | null;
}

/** What can be told of the stream the peer sent us, from RTP headers (RFC 3550 section 6.4.1, appendix A). */
export interface QualityReport {
  /** Encoding name of most packets; empty when none was seen. */
  readonly codec: string;
  readonly lost: number;
  readonly outOfOrder: number;
  readonly duplicates: number;
  readonly jitterMs: number;
  /** Runs of silence over 1 s on the wire. */
  readonly gaps: number;
  /** Estimated by the E-model (ITU-T G.107); 0 when there is no basis. */
  readonly mos: number;
  /** From RTCP; 0 when unknown. */
  readonly roundTripMs: number;
  /** Packets of ours that the peer says it lost, from its RTCP; absent when it sent no report. */
  readonly peerLost?: number;
  /** Jitter that the peer saw in what we sent. */
  readonly peerJitterMs?: number;
}
