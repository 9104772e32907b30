// What the users of the session engine ask. Tags are those of SIP as the user sees them; bodies are bytes off the wire.
import type { SidePolicy } from './side-policy.ts';

export interface BranchRequest {
  readonly callId: string;
  /** Names a far side of a fork or of a failover; default ''. */
  readonly branch?: string;
}

export interface OfferRequest extends BranchRequest {
  /** Who offers. */
  readonly fromTag: string;
  readonly sdp: Uint8Array;
  /** The offerer's side. */
  readonly from: SidePolicy;
  readonly to: SidePolicy;
}

export interface AnswerRequest extends BranchRequest {
  /** Who offered. */
  readonly fromTag: string;
  /** Who answers. */
  readonly toTag: string;
  readonly sdp: Uint8Array;
  /** The offerer's side. */
  readonly from: SidePolicy;
  readonly to: SidePolicy;
  /** The call still rings: early media may be silent, so silence is not to be told before `answered`. */
  readonly ringing?: boolean;
}

export interface RollbackRequest extends BranchRequest {
  /** Who offered. */
  readonly fromTag: string;
}
