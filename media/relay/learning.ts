// Finds out where a peer really is. NAT makes the signalled address a guess, and the first packet on an open port may be an
// attacker's: so sources have ranks, and the better rank wins whenever it shows up.
//   exact  the signalled address and port
//   host   the signalled IP, or the IP the peer's SIP comes from (RFC 3581 style NAT)
//   other  anybody else, only after silence of the better ones; for peers whose media leaves by another NAT
// A locked source is followed to another port of the same host when its stream goes on there (NAT rebinding), and nowhere else
// without signalling. Decides only: the caller counts, sends and, under SRTP, authenticates before `lock`.
import type { AcceptFrom, Learning } from '../../shared/relay/session-state.ts';
import type { AddressWords } from '../io/address.ts';
import type { Packet } from '../io/packet-io.ts';
import { isRtp } from '../rtp/rtp-header.ts';
import { graceMs, otherSourceAfterMs, rebindSilenceMs } from './limits.ts';
import { sameAddress } from './own-sockets.ts';

export type SourceRank = 'exact' | 'host' | 'other';

/**
 * `known`: the locked source. `candidate`: to be locked. `rebind`: to be locked if it continues the stream. `tolerated`: taken,
 * but not learned from. `rejected`: a stranger.
 */
export type Verdict = 'known' | 'candidate' | 'rebind' | 'tolerated' | 'rejected';

export interface Endpoint {
  readonly words: AddressWords;
  readonly port: number;
}

export interface ArmOptions {
  /** Another value than the last one re-arms. */
  readonly armed: number;
  readonly signalled: Endpoint | undefined;
  /** Source of the peer's SIP. */
  readonly host: AddressWords | undefined;
  readonly learning: Learning;
  readonly acceptFrom: AcceptFrom;
}

export interface LearnedSource extends Endpoint {
  readonly rank: SourceRank;
}

const nobody: AddressWords = { family: 4, a: 0, b: 0, c: 0, d: 0 };
const order = { exact: 0, host: 1, other: 2 } as const;

export class SourceLearning {
  /** When the locked source was last heard; the caller keeps it, one store per packet. */
  heardAt = 0;
  #options: ArmOptions | undefined;
  /** IP of the RTP source, for RTCP on its own port. */
  #sibling: AddressWords | undefined;
  #locked: LearnedSource | undefined;
  // The locked source again, flat: the comparison that every packet makes. Port -1 matches nobody.
  #port = -1;
  #words: AddressWords = nobody;
  /** The source before re-arming, heard until `#graceUntil`; `#moved`: it may not be learned again meanwhile. */
  #former: LearnedSource | undefined;
  #moved = false;
  #graceUntil = 0;
  /** From here on silence counts towards believing others. */
  #silentSince = Number.POSITIVE_INFINITY;

  get locked(): LearnedSource | undefined {
    return this.#locked;
  }

  /** Where the peer was before the last re-arming, while nothing was learned since. */
  get former(): LearnedSource | undefined {
    return this.#locked === undefined ? this.#former : undefined;
  }

  /** Takes over what signalling says. `moved` and `renewed` start learning anew. */
  arm(options: ArmOptions, now: number): 'moved' | 'renewed' | 'unchanged' {
    const before = this.#options;
    this.#options = options;
    const moved = before === undefined || !sameEndpoint(before.signalled, options.signalled) || !sameHost(before.host, options.host);
    if (!moved && before.armed === options.armed && before.learning === options.learning) return 'unchanged';
    if (this.#locked !== undefined) {
      this.#former = this.#locked;
      this.#graceUntil = now + graceMs;
    }
    this.#moved = moved;
    this.#locked = undefined;
    this.#port = -1;
    return moved ? 'moved' : 'renewed';
  }

  /** The IP from which RTP came may send the RTCP too. */
  trustHost(host: AddressWords): void {
    this.#sibling = host;
  }

  /** Both ends are known from `now` on: a silent peer may be somewhere else. Infinity: not yet. */
  expectFrom(now: number): void {
    this.#silentSince = now;
  }

  judge(packet: Packet, now: number): Verdict {
    const words = this.#words;
    if (
      packet.port === this.#port &&
      packet.a === words.a &&
      packet.family === words.family &&
      packet.b === words.b &&
      packet.c === words.c &&
      packet.d === words.d
    ) {
      return 'known';
    }
    const options = this.#options;
    if (options === undefined) return 'rejected';
    const verdict = options.learning === 'signalled' ? this.#judgeFixed(options, packet) : this.#judgeRanked(options, packet, now);
    return verdict === 'rejected' && options.acceptFrom === 'any' ? 'tolerated' : verdict;
  }

  /** Locks onto the source of a packet that was judged `candidate` or `rebind`. Copies what it keeps. */
  lock(packet: Packet, now: number): LearnedSource {
    const words: AddressWords = { family: packet.family, a: packet.a, b: packet.b, c: packet.c, d: packet.d };
    const source: LearnedSource = { words, port: packet.port, rank: this.#rankOf(packet) };
    this.#locked = source;
    this.#words = words;
    this.#port = packet.port;
    this.#former = undefined;
    this.heardAt = now;
    return source;
  }

  #judgeFixed(options: ArmOptions, packet: Packet): Verdict {
    return options.signalled !== undefined && isFrom(packet, options.signalled) ? 'candidate' : 'rejected';
  }

  #judgeRanked(options: ArmOptions, packet: Packet, now: number): Verdict {
    const rank = this.#rankOf(packet);
    const locked = this.#locked;
    if (locked === undefined) return this.#judgeOpen(options, packet, rank, now);
    if (order[rank] < order[locked.rank]) return 'candidate';
    if (sameAddress(locked.words, packet) && now - this.heardAt >= rebindSilenceMs) return 'rebind';
    return 'rejected';
  }

  /** Nothing is learned yet, or not again. */
  #judgeOpen(options: ArmOptions, packet: Packet, rank: SourceRank, now: number): Verdict {
    if (rank === 'exact') return 'candidate';
    const former = this.#former;
    if (former !== undefined && now < this.#graceUntil && isFrom(packet, former)) {
      // It has moved: what still comes from there was under way, and must not win against the new place.
      return this.#moved ? 'tolerated' : 'candidate';
    }
    if (rank === 'host') return 'candidate';
    // A peer that has not said where it is has no silence to speak of.
    const silent = options.signalled !== undefined && now - this.#silentSince >= otherSourceAfterMs;
    return silent && isRtp(packet.bytes, packet.start, packet.length) ? 'candidate' : 'rejected';
  }

  #rankOf(packet: Packet): SourceRank {
    const signalled = this.#options?.signalled;
    if (signalled !== undefined && sameAddress(signalled.words, packet)) return signalled.port === packet.port ? 'exact' : 'host';
    const host = this.#options?.host;
    if (host !== undefined && sameAddress(host, packet)) return 'host';
    return this.#sibling !== undefined && sameAddress(this.#sibling, packet) ? 'host' : 'other';
  }
}

function isFrom(packet: Packet, source: Endpoint): boolean {
  return packet.port === source.port && sameAddress(source.words, packet);
}

function sameEndpoint(one: Endpoint | undefined, other: Endpoint | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.port === other.port && sameAddress(one.words, other.words);
}

function sameHost(one: AddressWords | undefined, other: AddressWords | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return sameAddress(one, other);
}
