// Packets of the AES-GCM suites (RFC 7714 sections 8 and 9): one pass encrypts and authenticates; the tag follows the ciphertext, and
// SRTCP's index comes behind it. What is signed but not encrypted is handed over as associated data.
//
//   SRTP:   | header (signed) | ciphertext | tag (16) |                        | MKI |
//   SRTCP:  | header (signed) | ciphertext | tag (16) | E, index (signed) (4)  | MKI |
import { associatedAt, type Gcm, packetAt, type SrtpCrypto, tagAt } from './crypto.ts';
import type { SessionKeys } from './master-keys.ts';
import { type SaltWords, saltWords, writeGcmIv } from './packet-iv.ts';
import { encryptedFlag, indexBytes, indexMask, rtcpHeaderBytes, type Transform, type TransformOptions } from './transform.ts';

const tagBytes = 16;

interface Half {
  readonly gcm: Gcm;
  readonly salt: SaltWords;
}

export class AeadTransform implements Transform {
  readonly srtpOverhead: number;
  readonly srtcpOverhead: number;
  readonly #crypto: SrtpCrypto;
  readonly #mki: Uint8Array;
  readonly #srtp: Half;
  readonly #srtcp: Half;

  constructor(options: TransformOptions) {
    const { crypto, srtp, srtcp, mki, direction } = options;
    this.#crypto = crypto;
    this.#mki = mki;
    this.#srtp = makeHalf(crypto, srtp, direction);
    this.#srtcp = makeHalf(crypto, srtcp, direction);
    this.srtpOverhead = tagBytes + this.#mki.length;
    this.srtcpOverhead = tagBytes + indexBytes + this.#mki.length;
  }

  sealRtp(length: number, header: number, roc: number): number {
    this.#rtp(length, header, roc);
    return this.#finish(this.#writeTag(length));
  }

  openRtp(length: number, header: number, roc: number): number {
    const plain = length - this.srtpOverhead;
    this.#readTag(plain);
    return this.#rtp(plain, header, roc) ? plain : -1;
  }

  sealRtcp(length: number, index: number): number {
    this.#encryptedRtcp(length, index);
    const end = this.#writeTag(length);
    this.#crypto.view.setUint32(packetAt + end, index | encryptedFlag);
    return this.#finish(end + indexBytes);
  }

  openRtcp(length: number): number {
    const plain = length - this.srtcpOverhead;
    const word = this.#crypto.view.getUint32(packetAt + plain + tagBytes);
    this.#readTag(plain);
    const authentic = word >= encryptedFlag ? this.#encryptedRtcp(plain, word & indexMask) : this.#clearRtcp(plain, word);
    return authentic ? plain : -1;
  }

  rtcpIndex(length: number): number {
    return this.#crypto.view.getUint32(packetAt + length - this.srtcpOverhead + tagBytes) & indexMask;
  }

  free(): void {
    this.#srtp.gcm.free();
    this.#srtcp.gcm.free();
  }

  #rtp(length: number, header: number, roc: number): boolean {
    const { view } = this.#crypto;
    const { gcm, salt } = this.#srtp;
    writeGcmIv(this.#crypto, salt, view.getUint32(packetAt + 8), roc, view.getUint16(packetAt + 2));
    return gcm.run(packetAt, header, packetAt + header, length - header);
  }

  /** Section 9.2: the associated data is the first header and the word with the index. */
  #encryptedRtcp(length: number, index: number): boolean {
    const { view } = this.#crypto;
    const ssrc = view.getUint32(packetAt + 4);
    view.setUint32(associatedAt, view.getUint32(packetAt));
    view.setUint32(associatedAt + 4, ssrc);
    view.setUint32(associatedAt + 8, index | encryptedFlag);
    writeGcmIv(this.#crypto, this.#srtcp.salt, ssrc, index >>> 16, index & 0xffff);
    const at = packetAt + rtcpHeaderBytes;
    return this.#srtcp.gcm.run(associatedAt, rtcpHeaderBytes + indexBytes, at, length - rtcpHeaderBytes);
  }

  /** Section 9.3: without encryption all of the packet is associated data. */
  #clearRtcp(length: number, index: number): boolean {
    const { memory, view } = this.#crypto;
    memory.copy(memory, associatedAt, packetAt, packetAt + length);
    view.setUint32(associatedAt + length, index);
    writeGcmIv(this.#crypto, this.#srtcp.salt, view.getUint32(packetAt + 4), index >>> 16, index & 0xffff);
    return this.#srtcp.gcm.run(associatedAt, length + indexBytes, packetAt, 0);
  }

  #writeTag(length: number): number {
    const { memory } = this.#crypto;
    for (let i = 0; i < tagBytes; i++) memory[packetAt + length + i] = memory[tagAt + i] ?? 0;
    return length + tagBytes;
  }

  #readTag(at: number): void {
    const { memory } = this.#crypto;
    for (let i = 0; i < tagBytes; i++) memory[tagAt + i] = memory[packetAt + at + i] ?? 0;
  }

  #finish(length: number): number {
    const { memory } = this.#crypto;
    const mki = this.#mki;
    for (let i = 0; i < mki.length; i++) memory[packetAt + length + i] = mki[i] ?? 0;
    return length + mki.length;
  }
}

function makeHalf(crypto: SrtpCrypto, keys: SessionKeys, direction: 'seal' | 'open'): Half {
  return { gcm: crypto.gcm(keys.key, direction), salt: saltWords(keys.salt) };
}
