// One audio stream of an agent over its own UDP sockets: sends 20 ms packets on a schedule that does not drift (or echoes
// what it gets), hears tones and digits, counts, and speaks RTCP. Plain RTP only; what SDP agreed on comes in `direct`.
import type { RemoteInfo } from 'node:dgram';
import type { Rng } from '../../shared/rng.ts';
import { decodeRtp, encodeRtp, type RtpPacket } from '../../shared/rtp-packet.ts';
import type { G711 } from './g711.ts';
import { decodeG711, encodeG711, g711PayloadTypes } from './g711.ts';
import { ReceiveStatistics, type ReceiveTotals } from './receive-statistics.ts';
import { type FarReport, RtcpReporter } from './rtcp-reporter.ts';
import { openSocketPair, type SocketPair } from './socket-pair.ts';
import { type HeardTone, Spectrum } from './spectrum.ts';
import { DigitReceiver, DigitSender } from './telephone-event.ts';
import { sampleRate, ToneSource } from './tone.ts';

/** `echo` sends every packet back to where it came from, under our SSRC; loss and order stay visible. */
export type Playing = { readonly kind: 'tone'; readonly hz: number } | { readonly kind: 'echo' } | { readonly kind: 'nothing' };

export interface StreamAgreement {
  readonly address: string;
  readonly port: number;
  /** Equal to `port`: RTCP shares its socket (RFC 5761). 0: none is sent. */
  readonly rtcpPort: number;
  readonly codec: string;
  readonly payloadType: number;
  /** Payload type of telephone events; undefined when not agreed. */
  readonly eventPayloadType: number | undefined;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}

export interface StreamStatistics {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly received: ReceiveTotals;
  /** Packets under a payload type that was not agreed on. */
  readonly strangePayloads: number;
  readonly tones: readonly HeardTone[];
  readonly digits: string;
  readonly rtcpReceived: number;
  readonly roundTripMs: number;
  readonly far: FarReport | undefined;
  /** Who sent RTP, `address:port`, in order of appearance. */
  readonly sources: readonly string[];
}

const frameMs = 20;
const frameSamples = (sampleRate * frameMs) / 1000;
/** After a stall of the process so many frames are sent at once; the rest is left out, as a sound card would. */
const maxBurst = 10;
const firstReportMs = 1000;
const reportMs = 5000;
/** A probe lives for seconds only; two reports each way tell the round trip. */
const quickReports = 4;
const maxSources = 16;

export class RtpStream {
  readonly #sockets: SocketPair;
  readonly #ssrc: number;
  readonly #statistics = new ReceiveStatistics(sampleRate);
  readonly #spectrum = new Spectrum();
  readonly #reporter: RtcpReporter;
  readonly #digitReceiver = new DigitReceiver();
  readonly #listeners = new Set<() => void>();
  readonly #sources = new Set<string>();
  #digitSender: DigitSender | undefined;
  #agreement: StreamAgreement | undefined;
  #playing: Playing = { kind: 'nothing' };
  #tone: ToneSource | undefined;
  #sequence: number;
  #timestamp: number;
  #marker = true;
  /** From the numbers of the packets echoed to ours. */
  #shift: { readonly sequence: number; readonly timestamp: number } | undefined;
  #packetsSent = 0;
  #bytesSent = 0;
  #strangePayloads = 0;
  #pacer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #frames = 0;
  #reportTimer: NodeJS.Timeout | undefined;
  #reports = 0;
  #closed = false;

  private constructor(sockets: SocketPair, rng: Rng) {
    this.#sockets = sockets;
    this.#ssrc = rng.int(2 ** 32);
    this.#sequence = rng.int(2 ** 16);
    this.#timestamp = rng.int(2 ** 32);
    this.#reporter = new RtcpReporter({ ssrc: this.#ssrc, cname: rng.token(12), clockRate: sampleRate });
    sockets.rtp.on('message', (bytes, info) => this.#receive(bytes, info));
    sockets.rtcp.on('message', (bytes) => this.#receiveRtcp(bytes));
  }

  static async open(options: { address: string; rng: Rng }): Promise<RtpStream> {
    return new RtpStream(await openSocketPair(options.address), options.rng);
  }

  get port(): number {
    return this.#sockets.port;
  }

  /** Takes what offer and answer agreed on, first and at every change. Sequence numbers and SSRC go on. */
  direct(agreement: StreamAgreement): void {
    this.#agreement = agreement;
    if (agreement.eventPayloadType !== undefined) {
      this.#digitSender ??= new DigitSender({
        ssrc: this.#ssrc,
        payloadType: agreement.eventPayloadType,
        nextSequenceNumber: () => this.#nextSequence(),
      });
    }
    this.#reportTimer ??= setTimeout(() => this.#report(), firstReportMs);
    this.#pace();
  }

  play(playing: Playing): void {
    this.#playing = playing;
    this.#tone = playing.kind === 'tone' ? new ToneSource({ hz: playing.hz }) : undefined;
    this.#marker = true;
    this.#shift = undefined;
    this.#pace();
  }

  /** False when the peer takes no telephone events. */
  dial(digits: string): boolean {
    this.#digitSender?.dial(digits);
    return this.#digitSender !== undefined;
  }

  /** Runs `listener` after every packet received; the returned function ends that. */
  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  statistics(): StreamStatistics {
    return {
      packetsSent: this.#packetsSent,
      bytesSent: this.#bytesSent,
      received: this.#statistics.totals(),
      strangePayloads: this.#strangePayloads,
      tones: this.#spectrum.tones(3),
      digits: this.#digitReceiver.digits,
      rtcpReceived: this.#reporter.received,
      roundTripMs: this.#reporter.roundTripMs,
      far: this.#reporter.far,
      sources: [...this.#sources],
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#pacer);
    clearTimeout(this.#reportTimer);
    this.#listeners.clear();
    const { rtp, rtcp } = this.#sockets;
    const closeBoth = (): void => {
      rtp.close();
      rtcp.close();
    };
    if (this.#packetsSent === 0 || !this.#sendRtcp(this.#compound('bye'), closeBoth)) closeBoth();
  }

  #receive(bytes: Buffer, info: RemoteInfo): void {
    // RFC 5761 section 4: under rtcp-mux both arrive here.
    const type = (bytes[1] ?? 0) & 0x7f;
    const isRtcp = type >= 64 && type < 96;
    if (isRtcp) this.#receiveRtcp(bytes);
    const packet = isRtcp ? undefined : decodeRtp(bytes);
    if (packet === undefined) return;
    if (this.#sources.size < maxSources) this.#sources.add(`${info.address}:${info.port}`);
    this.#statistics.add(packet, performance.now());
    this.#hear(packet);
    if (this.#playing.kind === 'echo' && this.#sends()) this.#echo(bytes, packet, info);
    for (const listener of this.#listeners) listener();
  }

  /** Under our SSRC and in our sequence, which goes on where a tone before it ended. Gaps and disorder are kept. */
  #echo(bytes: Buffer, packet: RtpPacket, to: RemoteInfo): void {
    this.#shift ??= { sequence: this.#sequence + 1 - packet.sequenceNumber, timestamp: this.#timestamp - packet.timestamp };
    this.#sequence = (packet.sequenceNumber + this.#shift.sequence) & 0xffff;
    this.#timestamp = (packet.timestamp + this.#shift.timestamp) >>> 0;
    bytes.writeUInt16BE(this.#sequence, 2);
    bytes.writeUInt32BE(this.#timestamp, 4);
    bytes.writeUInt32BE(this.#ssrc, 8);
    this.#send(bytes, to.port, to.address);
  }

  #hear(packet: RtpPacket): void {
    const agreement = this.#agreement;
    if (packet.payloadType === agreement?.eventPayloadType) this.#digitReceiver.receive(packet);
    else if (packet.payloadType === agreement?.payloadType) {
      const codec = asG711(agreement.codec);
      if (codec !== undefined) this.#spectrum.add(decodeG711(codec, packet.payload));
    } else if (agreement !== undefined) this.#strangePayloads++;
  }

  #receiveRtcp(bytes: Buffer): void {
    this.#reporter.receive(bytes, timeOfDay());
    for (const listener of this.#listeners) listener();
  }

  #sends(): boolean {
    const agreement = this.#agreement;
    if (agreement === undefined || agreement.port === 0 || this.#closed) return false;
    return agreement.direction === 'sendrecv' || agreement.direction === 'sendonly';
  }

  /** Starts or stops the 20 ms schedule, as what is played and the agreement demand. */
  #pace(): void {
    const wanted = this.#sends() && this.#playing.kind === 'tone';
    if (!wanted) {
      clearTimeout(this.#pacer);
      this.#pacer = undefined;
    } else if (this.#pacer === undefined) {
      this.#startedAt = performance.now();
      this.#frames = 0;
      this.#frame();
    }
  }

  /** Frame n is due at start + n * 20 ms, however late the one before was. */
  #frame(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / frameMs) + 1;
    const skipped = Math.max(0, due - this.#frames - maxBurst);
    this.#frames += skipped;
    this.#timestamp = (this.#timestamp + skipped * frameSamples) >>> 0;
    for (; this.#frames < due; this.#frames++) this.#sendFrame();
    const next = this.#startedAt + this.#frames * frameMs - performance.now();
    this.#pacer = setTimeout(() => this.#frame(), Math.max(0, next));
  }

  #sendFrame(): void {
    const agreement = this.#agreement;
    const codec = agreement === undefined ? undefined : asG711(agreement.codec);
    if (agreement === undefined || codec === undefined || this.#tone === undefined) return;
    const audio = this.#tone.next(frameSamples);
    const events = this.#digitSender?.next(this.#timestamp);
    if (events !== undefined) for (const event of events) this.#send(event, agreement.port, agreement.address);
    else {
      const packet = encodeRtp({
        payloadType: agreement.payloadType,
        sequenceNumber: this.#nextSequence(),
        timestamp: this.#timestamp,
        ssrc: this.#ssrc,
        marker: this.#marker,
        payload: encodeG711(codec, audio),
      });
      this.#marker = false;
      this.#send(packet, agreement.port, agreement.address);
    }
    this.#timestamp = (this.#timestamp + frameSamples) >>> 0;
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return this.#sequence;
  }

  #send(packet: Buffer, port: number, address: string): void {
    this.#packetsSent++;
    this.#bytesSent += packet.length;
    this.#sockets.rtp.send(packet, port, address);
  }

  #report(): void {
    this.#sendRtcp(this.#compound('none'), () => {});
    this.#reports++;
    this.#reportTimer = setTimeout(() => this.#report(), this.#reports < quickReports ? firstReportMs : reportMs);
  }

  /** False when there is nobody to send to. */
  #sendRtcp(bytes: Buffer, sent: () => void): boolean {
    const agreement = this.#agreement;
    if (agreement === undefined || agreement.rtcpPort === 0) return false;
    const { rtp, rtcp } = this.#sockets;
    const socket = agreement.rtcpPort === agreement.port ? rtp : rtcp;
    socket.send(bytes, agreement.rtcpPort, agreement.address, sent);
    return true;
  }

  #compound(end: 'bye' | 'none'): Buffer {
    const sent = { packets: this.#packetsSent, bytes: this.#bytesSent, rtpTimestamp: this.#timestamp };
    return this.#reporter.write(this.#statistics, this.#packetsSent === 0 ? undefined : sent, timeOfDay(), end);
  }
}

/** Milliseconds since 1970, finer than Date.now(): a round trip on one machine is far below 1 ms. */
function timeOfDay(): number {
  return performance.timeOrigin + performance.now();
}

function asG711(codec: string): G711 | undefined {
  for (const name of g711PayloadTypes.keys()) if (name === codec) return name;
  return undefined;
}
