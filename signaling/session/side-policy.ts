// How media of one side of a call is treated. The B2BUA derives it from the side's zone.
import type { AcceptFrom, Learning } from '../../shared/relay/session-state.ts';

/**
 * SRTP with keys in SDP (RFC 4568). `accept` takes it where the peer offers it and offers RTP; `offer` offers it; `require` takes nothing
 * else; `never` takes and offers RTP only; `pass` leaves the keys to the peers, where both sides say so.
 */
export type SrtpPolicy = 'accept' | 'offer' | 'require' | 'never' | 'pass';

export interface SidePolicy {
  /** Media interface: the name of a zone. */
  readonly zone: string;
  /** Address family offered to this side; `keep` = that of the description which is passed on. */
  readonly family: 4 | 6 | 'keep';
  /** Source IP of the side's SIP; null while unknown. */
  readonly signalingAddress: string | null;
  readonly learning: Learning;
  readonly acceptFrom: AcceptFrom;
  readonly dscp: number;
  readonly srtp: SrtpPolicy;
}
