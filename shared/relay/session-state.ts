// The wanted state of one media session, as signaling tells it to a worker: plain data that survives a structured clone.
// A session is a set of transports (media ends) and of streams (one direction of one line). Times are milliseconds.

/** Unique among all sessions of the process. */
export type SessionId = string;
/** Unique within its session; chosen by signaling, stable while the transport lives. */
export type TransportId = number;
export type Family = 4 | 6;

/** A literal IP address and a port; never a host name. */
export interface MediaAddress {
  readonly address: string;
  readonly port: number;
}

/** What a worker is asked to open. */
export interface TransportRequest {
  readonly id: TransportId;
  /** Name of the media interface (a zone of the config). */
  readonly interface: string;
  readonly family: Family;
  /** `pair`: an even RTP port and the odd one after it (RFC 3550 section 11); `mux`: one port for both (RFC 5761). */
  readonly rtcp: 'pair' | 'mux';
}

/** What it got. `address` is the advertised one, ready for SDP. `rtcpPort` equals `port` under mux. */
export interface ReservedTransport {
  readonly id: TransportId;
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
}

/** SRTP keying of one direction (RFC 4568): the suite's registered name and base64 of master key and salt. */
export interface SrtpKeys {
  readonly suite: string;
  readonly keySalt: string;
  /** Hex of the MKI and its length is hex.length / 2; absent when none is in use. */
  readonly mki?: string;
}

export type Protection =
  | { readonly kind: 'plain' }
  /** `local` protects what we send, `remote` opens what we receive. */
  | { readonly kind: 'sdes'; readonly local: SrtpKeys; readonly remote: SrtpKeys }
  /** SRTP between the peers, whose keys we do not use: media and RTCP are relayed unread. */
  | { readonly kind: 'pass' };

/**
 * How the peer's real address is found (design.md 5).
 * `ranked`: signalled address, then signalled IP or SIP source IP, then anything, but only after silence.
 * `signalled`: send to the SDP address and never learn (asymmetric peers).
 */
export type Learning = 'ranked' | 'signalled';
/** Whose packets are taken: `learned` peers only, or `any` source (asymmetric peers send from elsewhere). */
export type AcceptFrom = 'learned' | 'any';

export interface TransportState {
  readonly id: TransportId;
  /** From the peer's SDP; null while unknown (before the answer) or on a zero address. */
  readonly remote: MediaAddress | null;
  /** Where the peer takes RTCP; null when it takes none. Equals `remote` under mux. */
  readonly remoteRtcp: MediaAddress | null;
  /** Source IP of the peer's SIP: the second rank of learning for peers behind NAT. */
  readonly signalingAddress: string | null;
  readonly rtcpMux: boolean;
  readonly learning: Learning;
  readonly acceptFrom: AcceptFrom;
  readonly protection: Protection;
  /** Bumped whenever signalling moved or re-announced this end: re-arms learning. */
  readonly armed: number;
  /** IP DSCP, 0-63. */
  readonly dscp: number;
}

export interface StreamState {
  readonly from: TransportId;
  /** Every packet goes to each of these. */
  readonly to: readonly TransportId[];
  /** RTP clock rate by payload type as negotiated: for jitter and MOS. */
  readonly codecs: readonly CodecInUse[];
}

export interface CodecInUse {
  readonly payloadType: number;
  /** Encoding name as in rtpmap, for example PCMU. */
  readonly name: string;
  readonly clockRate: number;
}

export interface SessionState {
  readonly transports: readonly TransportState[];
  readonly streams: readonly StreamState[];
  /** The session ends when no packet came on any transport for so long; 0 = never (all lines on hold). */
  readonly timeoutMs: number;
}
