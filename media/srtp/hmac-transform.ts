// Packets of the suites with HMAC-SHA1 (RFC 3711 section 3.1 and 3.4): encrypt, then authenticate. The ROC is signed behind the
// packet but not sent; the MKI is sent but not signed.
//
//   SRTP:   | header | encrypted payload |                | MKI | tag |
//   SRTCP:  | header (8) | encrypted     | E, index (4)   | MKI | tag |
import { type Hmac, packetAt, type SrtpCrypto, tagAt } from './crypto.ts';
import type { SessionKeys } from './master-keys.ts';
import { CounterCipher, F8Cipher, type PacketCipher } from './packet-cipher.ts';
import type { SuiteMode } from './suite.ts';
import { encryptedFlag, indexBytes, indexMask, type Transform, type TransformOptions } from './transform.ts';

interface Half {
  readonly cipher: PacketCipher | undefined;
  readonly hmac: Hmac;
  readonly tagBytes: number;
}

export class HmacTransform implements Transform {
  readonly srtpOverhead: number;
  readonly srtcpOverhead: number;
  readonly #crypto: SrtpCrypto;
  readonly #mki: Uint8Array;
  readonly #srtp: Half;
  readonly #srtcp: Half;

  constructor(options: TransformOptions) {
    const { crypto, suite, srtp, srtcp, mki } = options;
    this.#crypto = crypto;
    this.#mki = mki;
    this.#srtp = makeHalf(crypto, suite.mode, srtp, suite.srtpTagBytes);
    this.#srtcp = makeHalf(crypto, suite.mode, srtcp, suite.srtcpTagBytes);
    this.srtpOverhead = this.#mki.length + this.#srtp.tagBytes;
    this.srtcpOverhead = indexBytes + this.#mki.length + this.#srtcp.tagBytes;
  }

  sealRtp(length: number, header: number, roc: number): number {
    const { cipher, hmac, tagBytes } = this.#srtp;
    cipher?.rtp(header, length, roc);
    this.#crypto.view.setUint32(packetAt + length, roc);
    hmac.sign(length + 4);
    return this.#finish(length, tagBytes);
  }

  openRtp(length: number, header: number, roc: number): number {
    const { cipher, hmac, tagBytes } = this.#srtp;
    const plain = length - this.srtpOverhead;
    const { view } = this.#crypto;
    // The ROC takes the place of the MKI and the tag for as long as it is signed.
    const covered = view.getUint32(packetAt + plain);
    view.setUint32(packetAt + plain, roc);
    hmac.sign(plain + 4);
    view.setUint32(packetAt + plain, covered);
    if (!this.#isSigned(length - tagBytes, tagBytes)) return -1;
    cipher?.rtp(header, plain, roc);
    return plain;
  }

  sealRtcp(length: number, index: number): number {
    const { cipher, hmac, tagBytes } = this.#srtcp;
    cipher?.rtcp(length, index);
    // The flag says what was done: the NULL cipher leaves the packet in clear.
    this.#crypto.view.setUint32(packetAt + length, cipher === undefined ? index : index | encryptedFlag);
    hmac.sign(length + indexBytes);
    return this.#finish(length + indexBytes, tagBytes);
  }

  openRtcp(length: number): number {
    const { cipher, hmac, tagBytes } = this.#srtcp;
    const plain = length - this.srtcpOverhead;
    hmac.sign(plain + indexBytes);
    if (!this.#isSigned(length - tagBytes, tagBytes)) return -1;
    const word = this.#crypto.view.getUint32(packetAt + plain);
    if (word >= encryptedFlag) cipher?.rtcp(plain, word & indexMask);
    return plain;
  }

  rtcpIndex(length: number): number {
    return this.#crypto.view.getUint32(packetAt + length - this.srtcpOverhead) & indexMask;
  }

  free(): void {
    for (const half of [this.#srtp, this.#srtcp]) {
      half.cipher?.free();
      half.hmac.free();
    }
  }

  /** Appends MKI and tag. */
  #finish(length: number, tagBytes: number): number {
    const { memory } = this.#crypto;
    let at = packetAt + length;
    const mki = this.#mki;
    for (let i = 0; i < mki.length; i++) memory[at++] = mki[i] ?? 0;
    for (let i = 0; i < tagBytes; i++) memory[at++] = memory[tagAt + i] ?? 0;
    return at - packetAt;
  }

  /** Compares the tag at `at` with the one computed, in the same time wherever they differ. */
  #isSigned(at: number, tagBytes: number): boolean {
    const { memory } = this.#crypto;
    let difference = 0;
    for (let i = 0; i < tagBytes; i++) difference |= (memory[packetAt + at + i] ?? 0) ^ (memory[tagAt + i] ?? 0);
    return difference === 0;
  }
}

function makeHalf(crypto: SrtpCrypto, mode: SuiteMode, keys: SessionKeys, tagBytes: number): Half {
  return { cipher: makeCipher(crypto, mode, keys), hmac: crypto.hmacSha1(keys.authKey), tagBytes };
}

function makeCipher(crypto: SrtpCrypto, mode: SuiteMode, keys: SessionKeys): PacketCipher | undefined {
  if (mode === 'null') return undefined;
  return mode === 'f8' ? new F8Cipher(crypto, keys) : new CounterCipher(crypto, keys);
}
