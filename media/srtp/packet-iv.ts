// The initialization vector of one packet in counter mode and in GCM. SRTP has a 48-bit index made of ROC and sequence number, SRTCP
// one of 31 bits; both are given as their upper part and their lower 16 bits, which gives the same layout for both.
//
//   AES-CM (RFC 3711 section 4.1.1), 16 bytes:   salt (14)  XOR  0 (4) | SSRC (4) | index (6)   then 0 (2): the block counter
//   GCM (RFC 7714 sections 8.1, 9.1), 12 bytes:  salt (12)  XOR  0 (2) | SSRC (4) | index (6)
import { ivAt, type SrtpCrypto } from './crypto.ts';

export interface SaltWords {
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly fourth: number;
}

/** The salt as big-endian words, zeros behind it. */
export function saltWords(salt: Uint8Array): SaltWords {
  const padded = new DataView(new ArrayBuffer(16));
  salt.forEach((byte, index) => {
    padded.setUint8(index, byte);
  });
  return { first: padded.getUint32(0), second: padded.getUint32(4), third: padded.getUint32(8), fourth: padded.getUint32(12) };
}

export function writeCounterIv(crypto: SrtpCrypto, salt: SaltWords, ssrc: number, upper: number, lower: number): void {
  const { view } = crypto;
  view.setUint32(ivAt, salt.first);
  view.setUint32(ivAt + 4, salt.second ^ ssrc);
  view.setUint32(ivAt + 8, salt.third ^ upper);
  view.setUint32(ivAt + 12, salt.fourth ^ (lower << 16));
}

export function writeGcmIv(crypto: SrtpCrypto, salt: SaltWords, ssrc: number, upper: number, lower: number): void {
  const { view } = crypto;
  view.setUint32(ivAt, salt.first ^ (ssrc >>> 16));
  view.setUint32(ivAt + 4, salt.second ^ ((ssrc << 16) | (upper >>> 16)));
  view.setUint32(ivAt + 8, salt.third ^ ((upper << 16) | lower));
}
