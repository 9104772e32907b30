// Why a call ended: the closed union that the closing log line, the CDR and the metrics share.

export type CloseReason =
  | 'caller-hangup'
  | 'callee-hangup'
  | 'caller-cancelled'
  /** The callee's side answered with a final failure. */
  | 'rejected'
  | 'ring-timeout'
  /** No node or target was left to try. */
  | 'no-destination'
  | 'sdp-refused'
  | 'media-timeout'
  /** The media worker or the session in it failed. */
  | 'media-failed'
  | 'ack-timeout'
  /** A party answers no more in its dialog (481, 408, connection gone). */
  | 'leg-lost'
  | 'session-expired'
  | 'duration-limit'
  | 'admin'
  | 'shutdown'
  /** Settled from its record after Weir itself was killed. */
  | 'restart'
  | 'internal-error';

/** Reason header towards a party that did not end the call itself (RFC 3326; Q.850 causes). */
export function reasonHeader(reason: CloseReason): string | undefined {
  switch (reason) {
    case 'caller-hangup':
    case 'callee-hangup':
      return undefined;
    case 'caller-cancelled':
      return 'SIP;cause=487';
    case 'media-timeout':
    case 'media-failed':
      return 'Q.850;cause=27';
    case 'ring-timeout':
      return 'Q.850;cause=19';
    case 'session-expired':
    case 'ack-timeout':
    case 'leg-lost':
      return 'Q.850;cause=102';
    case 'duration-limit':
    case 'admin':
      return 'Q.850;cause=31';
    case 'rejected':
    case 'no-destination':
    case 'sdp-refused':
    case 'shutdown':
    case 'restart':
    case 'internal-error':
      return 'Q.850;cause=41';
  }
}
