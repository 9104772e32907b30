// Compound RTCP read in place (RFC 3550 section 6): which packets it holds, the report blocks, and the SDES items. Works on
// positions in the datagram; allocates nothing.
//
//    |V=2|P|  count  |   packet type |   length in words - 1         |
//    |                  SSRC of the sender                           |
//    sender report: NTP seconds, NTP fraction, RTP timestamp, packets, octets; then `count` report blocks of 24 bytes
import { byteAt, uint16At, uint32At } from './rtp-header.ts';

export const senderReport = 200;
export const receiverReport = 201;
export const sourceDescription = 202;
export const goodbye = 203;

const senderInfoBytes = 20;
const reportBlockBytes = 24;

/**
 * Every packet of the compound is whole and of an RTCP type, and nothing is left over. Reduced-size RTCP (RFC 5506) passes: the
 * first packet need not be a report.
 */
export function isCompound(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < 8) return false;
  const end = start + length;
  let at = start;
  while (at + 4 <= end) {
    if ((byteAt(bytes, at) & 0xc0) !== 0x80) return false;
    const type = byteAt(bytes, at + 1);
    if (type < 192 || type > 223) return false;
    at += packetBytes(bytes, at);
  }
  return at === end;
}

export function packetTypeAt(bytes: Uint8Array, at: number): number {
  return byteAt(bytes, at + 1);
}

/** Length of the packet at `at`, header included. */
export function packetBytes(bytes: Uint8Array, at: number): number {
  return (uint16At(bytes, at + 2) + 1) * 4;
}

export function senderOf(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at + 4);
}

/** The middle 32 bits of the NTP time of a sender report, as receivers send them back (LSR). */
export function middleNtpOf(bytes: Uint8Array, at: number): number {
  return ((uint16At(bytes, at + 10) << 16) | uint16At(bytes, at + 12)) >>> 0;
}

/** Whether a sender report is long enough to hold its sender information. */
export function hasSenderInfo(bytes: Uint8Array, at: number): boolean {
  return packetBytes(bytes, at) >= 8 + senderInfoBytes;
}

/** Offset of the first report block of a sender or receiver report. */
export function reportsAt(bytes: Uint8Array, at: number): number {
  return packetTypeAt(bytes, at) === senderReport ? at + 8 + senderInfoBytes : at + 8;
}

/** Report blocks that are really there: the count of the header, cut to the length. */
export function reportCount(bytes: Uint8Array, at: number): number {
  const room = Math.floor((at + packetBytes(bytes, at) - reportsAt(bytes, at)) / reportBlockBytes);
  return Math.max(0, Math.min(byteAt(bytes, at) & 0x1f, room));
}

export function reportAt(first: number, index: number): number {
  return first + index * reportBlockBytes;
}

//   report block:  SSRC | fraction lost, cumulative lost (24 bits, signed) | highest sequence | jitter | LSR | DLSR
export function reportedSource(bytes: Uint8Array, block: number): number {
  return uint32At(bytes, block);
}

export function cumulativeLost(bytes: Uint8Array, block: number): number {
  // Section 6.4.1: signed, since duplicates make it negative.
  return ((byteAt(bytes, block + 5) << 24) | (uint16At(bytes, block + 6) << 8)) >> 8;
}

export function reportedJitter(bytes: Uint8Array, block: number): number {
  return uint32At(bytes, block + 12);
}

export function lastSenderReport(bytes: Uint8Array, block: number): number {
  return uint32At(bytes, block + 16);
}

/** In 1/65536 seconds. */
export function delaySinceLastSenderReport(bytes: Uint8Array, block: number): number {
  return uint32At(bytes, block + 20);
}
