// One socket of a transport (RTP, or RTCP on a port of its own) with the peer behind it: whose packets are taken, and where ours go.
import type { MediaAddress } from '../../shared/relay/session-state.ts';
import { type AddressWords, formatAddress } from '../io/address.ts';
import type { Destination, Packet, PacketIo } from '../io/packet-io.ts';
import { isRtp, uint32At } from '../rtp/rtp-header.ts';
import { type ArmOptions, type Endpoint, type LearnedSource, SourceLearning } from './learning.ts';
import { sameAddress } from './own-sockets.ts';
import type { TargetPolicy } from './target-policy.ts';
import type { Transport } from './transport.ts';

export interface ComponentOptions {
  readonly kind: 'rtp' | 'rtcp';
  readonly socket: number;
  readonly transport: Transport;
  readonly io: PacketIo;
  readonly policy: Pick<TargetPolicy, 'verdict'>;
  /** The peer's source became known or changed. */
  readonly learned: (source: LearnedSource) => void;
}

export class Component {
  readonly kind: 'rtp' | 'rtcp';
  readonly socket: number;
  readonly transport: Transport;
  /** Where our packets go; undefined while that is unknown or refused. */
  destination: Destination | undefined;
  readonly #io: PacketIo;
  readonly #policy: Pick<TargetPolicy, 'verdict'>;
  readonly #learned: (source: LearnedSource) => void;
  readonly #learning = new SourceLearning();
  #signalled: Endpoint | undefined;
  #aimedAt: Endpoint | undefined;
  /** The SSRC of the last RTCP taken: on that port it stands in for a continued sequence. */
  #reporter = -1;
  /** The last source that passed as `tolerated`: it is not checked again with every packet. */
  #tolerated: Endpoint | undefined;

  constructor(options: ComponentOptions) {
    this.kind = options.kind;
    this.socket = options.socket;
    this.transport = options.transport;
    this.#io = options.io;
    this.#policy = options.policy;
    this.#learned = options.learned;
  }

  get source(): MediaAddress | null {
    const locked = this.#learning.locked;
    return locked === undefined ? null : { address: formatAddress(locked.words), port: locked.port };
  }

  /** Takes over what signalling says; says whether learning started anew. */
  arm(options: ArmOptions, now: number): boolean {
    this.#signalled = options.signalled;
    const change = this.#learning.arm(options, now);
    if (change === 'unchanged') return false;
    this.#tolerated = undefined;
    if (change === 'moved' || options.learning === 'signalled') this.#aim(this.#whereToBegin(options));
    return true;
  }

  trustHost(host: AddressWords): void {
    this.#learning.trustHost(host);
  }

  expectFrom(now: number): void {
    this.#learning.expectFrom(now);
  }

  /** Whether nobody expects packets from there. Changes nothing. */
  isStranger(packet: Packet, now: number): boolean {
    return this.#learning.judge(packet, now) === 'rejected';
  }

  /** Whether the packet is taken; learns its source if that is due. Its authenticity, where there is one, is checked before. */
  admit(packet: Packet, now: number): boolean {
    const verdict = this.#learning.judge(packet, now);
    if (verdict === 'known') {
      this.#learning.heardAt = now;
      return true;
    }
    return verdict === 'rejected' ? false : this.#admitStranger(verdict, packet, now);
  }

  /** Keeps the SSRC of an RTCP packet that was taken. */
  reportedBy(ssrc: number): void {
    this.#reporter = ssrc;
  }

  close(): void {
    if (this.destination !== undefined) this.#io.forget(this.destination);
    this.destination = undefined;
  }

  #admitStranger(verdict: 'candidate' | 'rebind' | 'tolerated', packet: Packet, now: number): boolean {
    if (verdict === 'tolerated') return this.#tolerates(packet);
    // Our own sockets and what is no unicast address: forged, or a call that was routed back into itself.
    if (this.#policy.verdict(packet, packet.port) === 'never') return false;
    if (verdict === 'rebind' && !this.#continues(packet)) return false;
    const source = this.#learning.lock(packet, now);
    this.#aim(this.#whereToSend(source));
    this.#learned(source);
    return true;
  }

  #tolerates(packet: Packet): boolean {
    const last = this.#tolerated;
    if (last !== undefined && last.port === packet.port && sameAddress(last.words, packet)) return true;
    if (this.#policy.verdict(packet, packet.port) === 'never') return false;
    const words = { family: packet.family, a: packet.a, b: packet.b, c: packet.c, d: packet.d };
    this.#tolerated = { words, port: packet.port };
    return true;
  }

  #continues(packet: Packet): boolean {
    const { bytes, start, length } = packet;
    if (this.kind === 'rtcp') return length >= 8 && uint32At(bytes, start + 4) === this.#reporter;
    return isRtp(bytes, start, length) && this.transport.quality.continues(bytes, start);
  }

  /** The target after the peer moved, before a packet came: the signalled address, unless the rules want proof first. */
  #whereToBegin(options: ArmOptions): Endpoint | undefined {
    const signalled = options.signalled;
    if (signalled === undefined) return undefined;
    if (this.#policy.verdict(signalled.words, signalled.port) === 'fine') return signalled;
    // Behind the same NAT as before: its mapping is the best guess.
    const former = this.#learning.former;
    return former !== undefined && options.host !== undefined && sameAddress(options.host, former.words) ? former : undefined;
  }

  /**
   * The target once a source is known. A stranger's packets may be let in after silence, but they do not draw the media away from an
   * address that was signalled and can be reached: else whoever sends first into a silent call would hear it.
   */
  #whereToSend(source: LearnedSource): Endpoint {
    const signalled = this.#signalled;
    if (source.rank !== 'other' || signalled === undefined) return source;
    return this.#policy.verdict(signalled.words, signalled.port) === 'fine' ? signalled : source;
  }

  #aim(target: Endpoint | undefined): void {
    const before = this.#aimedAt;
    if (target !== undefined && before !== undefined && before.port === target.port && sameAddress(before.words, target.words)) return;
    if (this.destination !== undefined) this.#io.forget(this.destination);
    this.#aimedAt = target;
    this.destination = target === undefined ? undefined : this.#io.destination(formatAddress(target.words), target.port);
  }
}
