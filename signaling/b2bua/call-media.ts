// The SDP of one call on its way through the session engine: who offers, who answers, which far side. Knows the pairs of
// the call and nothing of SIP responses; a refusal comes back with the status it means.
import type { Zone } from '../routing/zone.ts';
import type { CallMediaReport, SdpResult, SessionEngine, SidePolicy } from '../session/session-engine.ts';
import type { Leg } from './leg.ts';
import type { Pair } from './pair.ts';

/** Where a party is, as far as media cares. */
export interface Party {
  readonly zone: Zone;
  /** Source address of its SIP; null before it was heard. */
  readonly address: string | null;
}

const glare: SdpResult = { kind: 'refused', status: 491, reason: 'an offer is open in the other direction' };

const otherFork: SdpResult = { kind: 'refused', status: 488, reason: 'another fork has offered' };

export class CallMedia {
  readonly #engine: SessionEngine;
  readonly #callId: string;
  /** Who made the first offer of a branch. */
  readonly #offerers: Map<string, Leg | 'caller'> = new Map();
  #used = false;
  #ringing = true;

  constructor(engine: SessionEngine, callId: string) {
    this.#engine = engine;
    this.#callId = callId;
  }

  /** The offer of an initial INVITE, for one branch whose callee has no dialog yet. */
  firstOffer(options: { tag: string; branch: string; sdp: Uint8Array; from: Party; to: Party }): Promise<SdpResult> {
    this.#used = true;
    this.#offerers.set(options.branch, 'caller');
    return this.#engine.offer({
      callId: this.#callId,
      fromTag: options.tag,
      branch: options.branch,
      sdp: options.sdp,
      from: sidePolicy(options.from),
      to: sidePolicy(options.to),
    });
  }

  /**
   * An offer of `from` to its peer, or the repetition of one. Of forks that are asked for an offer the first keeps the floor
   * until another one accepts the call.
   */
  async offer(pair: Pair, from: Leg, sdp: Uint8Array, claim: 'share' | 'take-over' = 'share'): Promise<SdpResult> {
    const to = pair.other(from);
    const first = this.#offerers.get(pair.branch);
    if (from.role === 'callee' && first !== 'caller' && first !== from) {
      if (first !== undefined && claim === 'share') return otherFork;
      if (first !== undefined) await this.endBranch(pair.branch);
      this.#offerers.set(pair.branch, from);
    }
    if (pair.openOffer === to) return glare;
    if (pair.openOffer === from) {
      if (pair.offered !== undefined && Buffer.compare(pair.offered.received, sdp) === 0) return { kind: 'sdp', sdp: pair.offered.shown };
      await this.withdraw(pair);
    }
    const received = Uint8Array.from(sdp);
    this.#used = true;
    const result = await this.#engine.offer({
      callId: this.#callId,
      fromTag: from.dialog.remoteTag,
      branch: pair.branch,
      sdp: received,
      from: sidePolicy(partyOf(from)),
      to: sidePolicy(partyOf(to)),
    });
    if (result.kind === 'sdp') {
      pair.openOffer = from;
      pair.previewed = false;
      pair.offered = { received, shown: result.sdp, before: to.shownSdp };
      to.shownSdp = result.sdp;
    }
    return result;
  }

  /**
   * The answer of `from` to the offer of its peer. In a provisional that is not reliable it is only a preview and the
   * offer stays open (RFC 6337 section 3.1.1); after the final one it may be repeated.
   */
  async answer(pair: Pair, from: Leg, sdp: Uint8Array, weight: 'preview' | 'final'): Promise<SdpResult> {
    const to = pair.other(from);
    if (pair.openOffer === from) return glare;
    const repeated = pair.openOffer === undefined;
    const result = await this.#engine.answer({
      callId: this.#callId,
      fromTag: to.dialog.remoteTag,
      toTag: from.dialog.remoteTag,
      branch: pair.branch,
      sdp,
      // Sides are named from the offerer, whose answer this is.
      from: sidePolicy(partyOf(to)),
      to: sidePolicy(partyOf(from)),
      ringing: this.#ringing,
    });
    if (result.kind === 'refused') return repeated && to.shownSdp !== undefined ? { kind: 'sdp', sdp: to.shownSdp } : result;
    if (weight === 'final') pair.openOffer = undefined;
    else pair.previewed = true;
    to.shownSdp = result.sdp;
    return result;
  }

  /** The call is accepted: silence of early media meant nothing, from now on it does. */
  async answered(): Promise<void> {
    this.#ringing = false;
    if (this.#used) await this.#engine.answered(this.#callId);
  }

  /** The open offer was refused or never answered. */
  async withdraw(pair: Pair): Promise<void> {
    const offerer = pair.openOffer;
    if (offerer === undefined) return;
    pair.openOffer = undefined;
    if (pair.offered !== undefined) pair.other(offerer).shownSdp = pair.offered.before;
    pair.offered = undefined;
    await this.#engine.rollback({ callId: this.#callId, fromTag: offerer.dialog.remoteTag, branch: pair.branch });
  }

  /** Frees the far side of a branch that lost. */
  async endBranch(branch: string): Promise<void> {
    this.#offerers.delete(branch);
    if (this.#used) await this.#engine.removeBranch({ callId: this.#callId, branch });
  }

  /** Frees everything; undefined when the call never had media. */
  async end(): Promise<CallMediaReport | undefined> {
    return this.#used ? await this.#engine.remove({ callId: this.#callId }) : undefined;
  }
}

function partyOf(leg: Leg): Party {
  return { zone: leg.zone, address: leg.flow.address };
}

function sidePolicy(party: Party): SidePolicy {
  const config = party.zone.config;
  const wanted = party.address?.includes(':') === true ? 6 : 4;
  const families = config.media.map((media) => (media.address.includes(':') ? 6 : 4));
  return {
    zone: party.zone.name,
    family: families.includes(wanted) ? wanted : (families[0] ?? 4),
    signalingAddress: party.address,
    learning: config.learning,
    acceptFrom: config.acceptFrom,
    dscp: config.dscp.media,
    srtp: config.srtp,
  };
}
