// A packet as SRTP works on it: part of a larger piece of memory with room behind it, changed in place. The relay's packets fit.
import { packetAt, type SrtpCrypto } from './crypto.ts';
import { packetBytes } from './limits.ts';

export interface SrtpPacket {
  readonly bytes: Uint8Array;
  readonly start: number;
  length: number;
}

/**
 * `unauthenticated`: not from who has the key, or a replay. `malformed`: no RTP or RTCP of a possible length. The packet is as it came
 * unless it was `opened`.
 */
export type Opened = 'opened' | 'unauthenticated' | 'malformed';

/** Bytes before the payload: fixed header, CSRC list, extension. -1 when it is no RTP or does not fit into `length`. */
export function rtpHeaderLength(bytes: Uint8Array, start: number, length: number): number {
  if (length < 12) return -1;
  const first = bytes[start] ?? 0;
  if (first >>> 6 !== 2) return -1;
  let header = 12 + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (header + 4 > length) return -1;
    header += 4 + (((bytes[start + header + 2] ?? 0) << 8) | (bytes[start + header + 3] ?? 0)) * 4;
  }
  return header <= length ? header : -1;
}

export function isRtcpHeader(bytes: Uint8Array, start: number, length: number): boolean {
  return length >= 8 && (bytes[start] ?? 0) >>> 6 === 2;
}

/** Whether the packet may grow by so much. */
export function hasRoom(packet: SrtpPacket, overhead: number): boolean {
  const length = packet.length + overhead;
  return length <= packetBytes && packet.start + length <= packet.bytes.length;
}

/** Copies the packet to where the crypto library works. */
export function load(crypto: SrtpCrypto, packet: SrtpPacket): void {
  // A method of Buffer that takes any Uint8Array: `set` would need a view of the part, made anew for every packet.
  copyBytes.call(packet.bytes, crypto.memory, packetAt, packet.start, packet.start + packet.length);
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function uint32(bytes: Uint8Array, at: number): number {
  return ((uint16(bytes, at) << 16) | uint16(bytes, at + 2)) >>> 0;
}

const copyBytes: (this: Uint8Array, target: Uint8Array, targetStart: number, start: number, end: number) => number = Buffer.prototype.copy;
