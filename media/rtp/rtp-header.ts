// RTP headers read in place (RFC 3550 section 5.1) and told apart from RTCP on the same port (RFC 5761 section 4). Positions
// and numbers only: nothing is copied, nothing allocated. Not a parser of payloads or header extensions.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//   |                           timestamp                           |
//   |                             SSRC                              |
//   |                  CSRC identifiers (CC times)                  |
import { rtpHeaderBytes } from './limits.ts';

/** What a datagram on an RTP port looks like; `other` is T.38 (UDPTL), ZRTP, STUN, keepalives and anything else. */
export type PacketKind = 'rtp' | 'rtcp' | 'other';

/** Looks at the first bytes only: it says what a packet claims to be, not that it is sound. */
export function kindOf(bytes: Uint8Array, start: number, length: number): PacketKind {
  if (length < 8 || (byteAt(bytes, start) & 0xc0) !== 0x80) return 'other';
  const second = byteAt(bytes, start + 1);
  // RFC 5761 section 4: packet types 192-223 are RTCP; RTP payload types 64-95 with marker are not to be used beside it.
  if (second >= 192 && second <= 223) return 'rtcp';
  return isRtp(bytes, start, length) ? 'rtp' : 'other';
}

/** Version 2 and room for the CSRC list and the header extension it announces. */
export function isRtp(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < rtpHeaderBytes) return false;
  const first = byteAt(bytes, start);
  if ((first & 0xc0) !== 0x80) return false;
  const header = rtpHeaderBytes + (first & 0x0f) * 4;
  if ((first & 0x10) === 0) return header <= length;
  if (header + 4 > length) return false;
  return header + 4 + uint16At(bytes, start + header + 2) * 4 <= length;
}

export function markerOf(bytes: Uint8Array, start: number): boolean {
  return (byteAt(bytes, start + 1) & 0x80) !== 0;
}

export function payloadTypeOf(bytes: Uint8Array, start: number): number {
  return byteAt(bytes, start + 1) & 0x7f;
}

export function sequenceOf(bytes: Uint8Array, start: number): number {
  return uint16At(bytes, start + 2);
}

export function timestampOf(bytes: Uint8Array, start: number): number {
  return uint32At(bytes, start + 4);
}

export function ssrcOf(bytes: Uint8Array, start: number): number {
  return uint32At(bytes, start + 8);
}

export function byteAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}

export function uint16At(bytes: Uint8Array, offset: number): number {
  return (byteAt(bytes, offset) << 8) | byteAt(bytes, offset + 1);
}

export function uint32At(bytes: Uint8Array, offset: number): number {
  return ((byteAt(bytes, offset) << 24) | (byteAt(bytes, offset + 1) << 16) | uint16At(bytes, offset + 2)) >>> 0;
}
