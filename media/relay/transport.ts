// One media end of a session: its sockets, the peer behind them, what it counts, and where its packets lead. Signaling describes the
// wanted state, `configure` takes it over; the packet path (forward.ts, rtcp.ts) reads the fields.
import type { TransportReport } from '../../shared/relay/report.ts';
import type { MediaAddress, TransportId, TransportState } from '../../shared/relay/session-state.ts';
import { parseAddress } from '../io/address.ts';
import type { Packet, PacketIo } from '../io/packet-io.ts';
import { kindOf } from '../rtp/rtp-header.ts';
import type { SrtpCrypto } from '../srtp/crypto.ts';
import { Component } from './component.ts';
import { TransportCounters } from './counters.ts';
import type { Endpoint, LearnedSource } from './learning.ts';
import { audioPacketsPerSecond, burstMs, otherPacketsPerSecond } from './limits.ts';
import type { PortLease } from './port-lease.ts';
import { TransportProtection } from './protection.ts';
import { Quality } from './quality.ts';
import { RoundTrip } from './round-trip.ts';
import type { Session } from './session.ts';
import type { Stream } from './stream.ts';
import type { TargetPolicy } from './target-policy.ts';
import { TokenBucket } from './token-bucket.ts';

export interface TransportOptions {
  readonly id: TransportId;
  readonly session: Session;
  readonly lease: PortLease;
  readonly io: PacketIo;
  readonly crypto: SrtpCrypto;
  readonly policy: Pick<TargetPolicy, 'verdict'>;
  readonly learned: (transport: Transport, source: LearnedSource) => void;
}

/** Whether other transports get the same packet: then each SRTP one makes a copy before it changes the bytes. */
export type PacketUse = 'alone' | 'shared';

export class Transport {
  readonly id: TransportId;
  readonly session: Session;
  readonly lease: PortLease;
  readonly rtp: Component;
  /** undefined when the port was reserved for both. */
  readonly rtcp: Component | undefined;
  readonly counters = new TransportCounters();
  readonly quality = new Quality();
  readonly roundTrip = new RoundTrip();
  readonly protection: TransportProtection;
  readonly rate = new TokenBucket(otherPacketsPerSecond, burstMs);
  /** The peer takes RTCP on the RTP port. */
  rtcpMux = false;
  /** Known to signaling, though maybe not sendable. */
  announced = false;
  readonly #io: PacketIo;
  #streams: readonly Stream[] = [];
  #rtcpPeers: readonly Transport[] = [];
  readonly #errorsBefore: number;

  constructor(options: TransportOptions) {
    const { id, session, lease, io, policy } = options;
    this.protection = new TransportProtection(options.crypto);
    this.id = id;
    this.session = session;
    this.lease = lease;
    this.#io = io;
    this.rtp = new Component({
      kind: 'rtp',
      socket: lease.rtpSocket,
      transport: this,
      io,
      policy,
      learned: (source) => {
        this.rtcp?.trustHost(source.words);
        options.learned(this, source);
      },
    });
    this.rtcp =
      lease.rtcpSocket < 0
        ? undefined
        : new Component({ kind: 'rtcp', socket: lease.rtcpSocket, transport: this, io, policy, learned: () => {} });
    this.#errorsBefore = this.#socketErrors();
  }

  get streams(): readonly Stream[] {
    return this.#streams;
  }

  /** Transports that RTCP of this one goes to: those it sends media to, and those whose media it reports on. */
  get rtcpPeers(): readonly Transport[] {
    return this.#rtcpPeers;
  }

  /** Says whether learning started anew. */
  configure(state: TransportState, now: number): boolean {
    this.rtcpMux = state.rtcpMux;
    this.announced = state.remote !== null;
    this.protection.configure(state.protection);
    if (this.lease.dscp !== state.dscp) {
      this.lease.dscp = state.dscp;
      this.#io.setDscp(this.lease.rtpSocket, state.dscp);
      if (this.lease.rtcpSocket >= 0) this.#io.setDscp(this.lease.rtcpSocket, state.dscp);
    }
    const { armed, learning, acceptFrom } = state;
    const host = state.signalingAddress === null ? undefined : parseAddress(state.signalingAddress);
    const common = { armed, learning, acceptFrom, host };
    const renewed = this.rtp.arm({ ...common, signalled: endpointOf(state.remote) }, now);
    this.rtcp?.arm({ ...common, signalled: endpointOf(state.remoteRtcp) }, now);
    return renewed;
  }

  route(streams: readonly Stream[], rtcpPeers: readonly Transport[]): void {
    // Whoever was told to stop or to start sending is not to blame for the pause.
    if ((streams.length === 0) !== (this.#streams.length === 0)) this.quality.pause();
    this.#streams = streams;
    this.#rtcpPeers = rtcpPeers;
    for (const stream of streams) this.quality.negotiate(stream.codecs);
    const audioOnly = streams.every((stream) => stream.audioOnly);
    this.rate.resize(audioOnly ? audioPacketsPerSecond : otherPacketsPerSecond, burstMs);
  }

  /** The stream of a packet with this payload type; lines under BUNDLE have different ones (RFC 8843 section 9.2). */
  streamOf(payloadType: number): Stream | undefined {
    const streams = this.#streams;
    for (let i = 1; i < streams.length; i++) {
      const stream = streams[i];
      if (stream?.carries(payloadType)) return stream;
    }
    return streams[0];
  }

  /** Sends the packet to the peer; false while there is nowhere to send to, or when it may not leave as SRTP. */
  sendMedia(packet: Packet, use: PacketUse): boolean {
    const { destination, socket } = this.rtp;
    if (destination === undefined) return false;
    const { sender } = this.protection;
    let out: Packet | undefined = packet;
    if (sender !== undefined) {
      // Nothing but RTP has a form in SRTP: T.38, ZRTP, STUN end here.
      if (kindOf(packet.bytes, packet.start, packet.length) !== 'rtp') return false;
      out = use === 'shared' ? this.#io.clone(packet) : packet;
      if (out === undefined || !sender.protectRtp(out)) return false;
    }
    this.#io.send(socket, out, destination);
    this.counters.packetsOut++;
    this.counters.bytesOut += out.length;
    return true;
  }

  /** RFC 5761 section 5.1.1: RTCP goes to the RTP port of a peer that said so, else to a port of its own. */
  sendRtcp(packet: Packet, use: PacketUse): boolean {
    const component = this.rtcpMux ? this.rtp : this.rtcp;
    if (component?.destination === undefined) return false;
    const { sender } = this.protection;
    let out: Packet | undefined = packet;
    if (sender !== undefined) {
      out = use === 'shared' ? this.#io.clone(packet) : packet;
      if (out === undefined || !sender.protectRtcp(out)) return false;
    }
    this.#io.send(component.socket, out, component.destination);
    this.counters.rtcpOut++;
    return true;
  }

  report(now: number): TransportReport {
    return {
      id: this.id,
      ...this.counters,
      sendErrors: this.#socketErrors() - this.#errorsBefore,
      quality: this.quality.report(this.roundTrip.ms, now),
      learned: this.rtp.source,
    };
  }

  close(): void {
    this.rtp.close();
    this.rtcp?.close();
    this.protection.free();
  }

  #socketErrors(): number {
    const { rtpSocket, rtcpSocket } = this.lease;
    return this.#io.socketErrors(rtpSocket) + (rtcpSocket < 0 ? 0 : this.#io.socketErrors(rtcpSocket));
  }
}

/** A zero address means hold (RFC 3264 section 8.4), not a place. */
function endpointOf(remote: MediaAddress | null): Endpoint | undefined {
  const words = remote === null ? undefined : parseAddress(remote.address);
  if (remote === null || words === undefined) return undefined;
  const zero = words.a === 0 && words.b === 0 && words.c === 0 && words.d === 0;
  return zero ? undefined : { words, port: remote.port };
}
