// The cryptographic half of SRTP: turns a packet in the crypto library's memory into a protected one and back, given its index. Not
// the stories of sources: replay and rollover are in sender.ts and receiver.ts.
import type { SrtpCrypto } from './crypto.ts';
import type { SessionKeys } from './master-keys.ts';
import type { Suite } from './suite.ts';

export interface TransformOptions {
  readonly crypto: SrtpCrypto;
  readonly suite: Suite;
  /** Copied; the caller wipes them. */
  readonly srtp: SessionKeys;
  readonly srtcp: SessionKeys;
  readonly mki: Uint8Array;
  /** What it is for; the other direction is not to be used. */
  readonly direction: 'seal' | 'open';
}

/** Works on a packet at `packetAt`; lengths are bytes from there. The caller has checked that the packet is long enough. */
export interface Transform {
  /** What sealing adds. */
  readonly srtpOverhead: number;
  readonly srtcpOverhead: number;
  /** These return the new length. */
  sealRtp(length: number, header: number, roc: number): number;
  sealRtcp(length: number, index: number): number;
  /** These return the length of the plain packet, or -1 for one that is not authentic. */
  openRtp(length: number, header: number, roc: number): number;
  openRtcp(length: number): number;
  /** The SRTCP index of a packet that is not opened yet. */
  rtcpIndex(length: number): number;
  free(): void;
}

/** In front of the SRTCP index (RFC 3711 section 3.4). */
export const encryptedFlag = 0x8000_0000;
export const indexMask = 0x7fff_ffff;
/** The first header of an RTCP compound stays readable. */
export const rtcpHeaderBytes = 8;
export const indexBytes = 4;
