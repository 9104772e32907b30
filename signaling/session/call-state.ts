// All that the session engine knows of a call, as plain data: what is exported for the call record, and from which the
// wanted state of the relay is derived. The near side made the first offer; far sides (branches) are whom it was forked to.
import type { CodecInUse, Family, MediaAddress, SrtpKeys, TransportId } from '../../shared/relay/session-state.ts';
import type { Direction } from '../sdp/direction.ts';
import type { Keying, OfferedKeying } from './keying.ts';
import type { SidePolicy } from './side-policy.ts';
import type { TransportProfile } from './transport-profile.ts';

export interface CallState {
  readonly version: 1;
  /** Also the id of its relay session. */
  readonly callId: string;
  /** Makes the aliases of names that must not cross (alias.ts). */
  readonly aliasKey: string;
  /** SIP tag of the near side. */
  nearTag: string;
  near: Side;
  /** What was last agreed with the near side; null for a dead line. Its ports stay when the branch behind goes. */
  nearLines: (AgreedEnd | null)[];
  branches: Branch[];
  /** Names of the branches that answered; media of the near side goes to the last one. */
  answered: string[];
  /** Everything reserved and in use. */
  transports: Transport[];
  nextTransport: TransportId;
  /** Of the last state sent to the relay, and of the last one it took. */
  revision: number;
  applied: number;
  /** Silence means nothing yet. */
  ringing: boolean;
}

/** How we appear to one party: our own o= line (RFC 3264 section 8) and the last description it got. */
export interface Side {
  readonly sessionId: string;
  sessionVersion: number;
  lastSdp: string;
}

export interface Branch {
  readonly name: string;
  readonly side: Side;
  /** Tags of the parties that answered, and so may offer. */
  tags: string[];
  /** The offer that waits for its answer. */
  open: Exchange | null;
  /** The last answered one. */
  agreed: Exchange | null;
  /** What held before `agreed`: an answer in a provisional response may still come to nothing. Undefined = final. */
  previous: Exchange | null | undefined;
}

export type Role = 'near' | 'far';

/** One offer and, once it came, its answer (RFC 3264). Never changed, only replaced. */
export interface Exchange {
  readonly offerer: Role;
  readonly offererTag: string;
  /** Tells a repeated offer from another one. */
  readonly offerDigest: string;
  /** What the offer became; '' once it is answered. */
  readonly offerSdp: string;
  readonly policies: { readonly near: SidePolicy; readonly far: SidePolicy };
  readonly lines: readonly ExchangeLine[];
  /** One for each answering tag. */
  readonly answers: readonly GivenAnswer[];
}

export interface GivenAnswer {
  readonly tag: string;
  readonly digest: string;
  /** What it became, and how many lines were live in it. */
  readonly sdp: string;
  readonly live: number;
}

export interface ExchangeLine {
  readonly media: string;
  readonly profile: TransportProfile;
  /** Null for a dead line: port 0 on either side, or nothing we relay. */
  readonly ends: { readonly near: LineEnd; readonly far: LineEnd } | null;
  /** Both sides take RTCP on the RTP port (RFC 5761). Before the answer: the offerer would. */
  readonly rtcpMux: boolean;
}

export interface LineEnd {
  readonly transport: TransportId;
  /** Null before the answer on the answering side. */
  readonly endpoint: Endpoint | null;
  readonly keying: Keying | null;
  /** What the answering side may choose from; null on the offering one. */
  readonly offered: OfferedKeying | null;
}

/** What one side says of a line. */
export interface Endpoint {
  /** Null on a zero address, which also takes "recv" out of the direction. */
  readonly remote: MediaAddress | null;
  /** Where it takes RTCP without rtcp-mux; null where it takes none. */
  readonly remoteRtcp: MediaAddress | null;
  readonly rtcpMux: boolean;
  readonly direction: Direction;
  readonly codecs: readonly CodecInUse[];
}

export interface AgreedEnd {
  readonly transport: TransportId;
  readonly endpoint: Endpoint;
  readonly keying: Keying;
  readonly rtcpMux: boolean;
  readonly policy: SidePolicy;
}

export interface Transport {
  readonly id: TransportId;
  /** Null for the near side. */
  readonly branch: string | null;
  readonly line: number;
  readonly zone: string;
  readonly family: Family;
  /** Advertised. */
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
  /** TransportState.armed. */
  armed: number;
  /** The remote it was last armed for. */
  armedFor: string;
  /** What was last agreed for RTP on it: a new offer keeps to that. */
  keying: Keying | null;
  /** Our own SRTP keys, one for each suite in which one was needed. Secrets: never to be logged. */
  localKeys: readonly SrtpKeys[];
}

export function otherRole(role: Role): Role {
  return role === 'near' ? 'far' : 'near';
}

export function findBranch(call: CallState, name: string): Branch | undefined {
  return call.branches.find((branch) => branch.name === name);
}

export function findTransport(call: CallState, id: TransportId | undefined): Transport | undefined {
  return id === undefined ? undefined : call.transports.find((transport) => transport.id === id);
}

/** Exchanges whose transports must live. */
export function exchangesOf(branch: Branch): Exchange[] {
  return [branch.open, branch.agreed, branch.previous].filter((exchange) => exchange !== null && exchange !== undefined);
}

/** The branch that the near side hears and that hears the near side. */
export function activeBranch(call: CallState): Branch | undefined {
  const name = call.answered.at(-1);
  return name === undefined ? undefined : findBranch(call, name);
}
