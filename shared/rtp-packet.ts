// The one door to the npm package rtp-packet: RTP packets, RTCP reports (RFC 3550 section 6) and telephone events
// (RFC 4733) at control rate, for the probe, the test agent and as an oracle in tests. Not for the packet path: it
// allocates for every packet.
import {
  buildBYE,
  buildCompound,
  buildRR,
  buildSDES,
  buildSR,
  DtmfPacketizer,
  parse,
  parseDtmf,
  parseRTCPCompound,
  serialize,
} from 'rtp-packet';

export interface RtpPacket {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
}

/** One report block (RFC 3550 section 6.4.1); `ssrc` is the source it reports on. */
export interface ReportBlock {
  readonly ssrc: number;
  /** 0-255 of 256. */
  readonly fractionLost: number;
  /** Signed: duplicates make it negative. */
  readonly lost: number;
  readonly highestSequence: number;
  /** In RTP timestamp units. */
  readonly jitter: number;
  /** The middle 32 bits of the NTP time of the last sender report; 0 = none was seen. */
  readonly lastSenderReport: number;
  /** In 1/65536 seconds. */
  readonly delaySinceLastSenderReport: number;
}

export interface SenderInfo {
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly bytes: number;
}

export interface RtcpReport {
  readonly ssrc: number;
  /** Present in a sender report. */
  readonly sender?: SenderInfo;
  readonly blocks: readonly ReportBlock[];
}

export interface RtcpCompound {
  readonly reports: readonly RtcpReport[];
  readonly cname: string;
  /** Sources that said BYE. */
  readonly left: readonly number[];
}

export interface TelephoneEvent {
  readonly digit: string;
  readonly end: boolean;
  /** In RTP timestamp units. */
  readonly duration: number;
}

export function encodeRtp(packet: RtpPacket): Buffer {
  return serialize(packet);
}

/** undefined when the bytes are no RTP packet. The payload is a view of `bytes`. */
export function decodeRtp(bytes: Uint8Array): RtpPacket | undefined {
  return parse(asBuffer(bytes)) ?? undefined;
}

/** A compound packet: SR (when `sender` is given) or RR, then SDES with the CNAME, then BYE when `bye` (RFC 3550 section 6.1). */
export function encodeReport(report: RtcpReport, cname: string, end: 'bye' | 'none'): Buffer {
  const parts: Buffer[] = [];
  const { ssrc, sender } = report;
  if (sender !== undefined) {
    const ntpTimestamp = [sender.ntpSeconds, sender.ntpFraction] as const;
    parts.push(buildSR({ ssrc, ntpTimestamp, rtpTimestamp: sender.rtpTimestamp, packetCount: sender.packets, octetCount: sender.bytes }));
  }
  // The package writes no report blocks into an SR; an RR after it is as good (RFC 3550 section 6.1).
  for (const block of report.blocks) parts.push(encodeBlock(ssrc, block));
  if (parts.length === 0) parts.push(emptyReceiverReport(ssrc));
  parts.push(buildSDES(ssrc, cname));
  if (end === 'bye') parts.push(buildBYE([ssrc]));
  return buildCompound(parts);
}

/** Packets of other types and broken ones are skipped. */
export function decodeReports(bytes: Uint8Array): RtcpCompound {
  const reports: RtcpReport[] = [];
  const left: number[] = [];
  let cname = '';
  for (const packet of parseRTCPCompound(asBuffer(bytes))) {
    if (packet.cname !== undefined) cname = packet.cname;
    if (packet.ssrcs !== undefined) left.push(...packet.ssrcs);
    if (packet.ssrc === undefined || packet.reports === undefined) continue;
    const blocks = packet.reports.map((block) => ({
      ssrc: block.mediaSsrc,
      fractionLost: block.fractionLost,
      // The package reads the signed 24-bit field as unsigned.
      lost: (block.totalLost << 8) >> 8,
      highestSequence: block.highestSeq,
      jitter: block.jitter,
      lastSenderReport: block.lastSR,
      delaySinceLastSenderReport: block.delaySinceLastSR,
    }));
    const sender = packet.name === 'SR' ? { sender: senderInfo(packet) } : {};
    reports.push({ ssrc: packet.ssrc, ...sender, blocks });
  }
  return { reports, cname, left };
}

export function decodeTelephoneEvent(payload: Uint8Array): TelephoneEvent | undefined {
  const event = parseDtmf(asBuffer(payload));
  return event === null ? undefined : { digit: event.tone, end: event.end, duration: event.duration };
}

/** Writes the packets of one digit after the other (RFC 4733 section 2.5.1), in the sequence space of its audio stream. */
export class TelephoneEventWriter {
  readonly #packetizer: DtmfPacketizer;

  constructor(options: { ssrc: number; payloadType: number; clockRate: number; nextSequenceNumber: () => number }) {
    this.#packetizer = new DtmfPacketizer(options);
  }

  /** False when `digit` is none of 0-9 * # A-D. */
  static writes(digit: string): boolean {
    return DtmfPacketizer.codeForTone(digit) !== null;
  }

  /** `timestamp` stays that of all packets of the digit. */
  start(digit: string, timestamp: number): void {
    this.#packetizer.startEvent(digit, timestamp);
  }

  update(elapsedMs: number): Buffer {
    return this.#packetizer.update(elapsedMs);
  }

  /** The end is sent three times against loss. */
  end(elapsedMs: number): Buffer[] {
    return this.#packetizer.endEvent(elapsedMs);
  }
}

function encodeBlock(ssrc: number, block: ReportBlock): Buffer {
  return buildRR({
    ssrc,
    mediaSsrc: block.ssrc,
    fractionLost: block.fractionLost,
    totalLost: block.lost,
    highestSeq: block.highestSequence,
    jitter: block.jitter,
    lastSR: block.lastSenderReport,
    delaySinceLastSR: block.delaySinceLastSenderReport,
  });
}

/** The package cannot write an RR without a block. */
function emptyReceiverReport(ssrc: number): Buffer {
  const bytes = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 0]);
  bytes.writeUInt32BE(ssrc >>> 0, 4);
  return bytes;
}

function senderInfo(packet: {
  ntpTimestampMsw?: number;
  ntpTimestampLsw?: number;
  rtpTimestamp?: number;
  packetCount?: number;
  octetCount?: number;
}): SenderInfo {
  return {
    ntpSeconds: packet.ntpTimestampMsw ?? 0,
    ntpFraction: packet.ntpTimestampLsw ?? 0,
    rtpTimestamp: packet.rtpTimestamp ?? 0,
    packets: packet.packetCount ?? 0,
    bytes: packet.octetCount ?? 0,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
