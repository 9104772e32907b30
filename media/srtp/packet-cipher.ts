// Encryption of payloads by keystream, apart from authentication: AES-CM (RFC 3711 section 4.1.1) and AES-F8 (section 4.1.2). Both
// are their own inverse. The packet lies in the memory of the crypto library.
import { type BlockCipher, blockAt, type CounterMode, packetAt, type SrtpCrypto } from './crypto.ts';
import type { SessionKeys } from './master-keys.ts';
import { type SaltWords, saltWords, writeCounterIv } from './packet-iv.ts';
import { encryptedFlag, rtcpHeaderBytes } from './transform.ts';

export interface PacketCipher {
  /** The payload of an RTP packet lies in [from, to). */
  rtp(from: number, to: number, roc: number): void;
  rtcp(to: number, index: number): void;
  free(): void;
}

export class CounterCipher implements PacketCipher {
  readonly #crypto: SrtpCrypto;
  readonly #mode: CounterMode;
  readonly #salt: SaltWords;

  constructor(crypto: SrtpCrypto, keys: SessionKeys) {
    this.#crypto = crypto;
    this.#mode = crypto.counterMode(keys.key);
    this.#salt = saltWords(keys.salt);
  }

  rtp(from: number, to: number, roc: number): void {
    const { view } = this.#crypto;
    writeCounterIv(this.#crypto, this.#salt, view.getUint32(packetAt + 8), roc, view.getUint16(packetAt + 2));
    this.#mode.apply(packetAt + from, to - from);
  }

  rtcp(to: number, index: number): void {
    writeCounterIv(this.#crypto, this.#salt, this.#crypto.view.getUint32(packetAt + 4), index >>> 16, index & 0xffff);
    this.#mode.apply(packetAt + rtcpHeaderBytes, to - rtcpHeaderBytes);
  }

  free(): void {
    this.#mode.free();
  }
}

/** A feedback mode, one call of the library per block: slow, and in use nowhere but in the standard. */
export class F8Cipher implements PacketCipher {
  readonly #crypto: SrtpCrypto;
  readonly #block: BlockCipher;
  /** Under the key XOR (salt | 0x55...), for the IV of each packet. */
  readonly #ivBlock: BlockCipher;

  constructor(crypto: SrtpCrypto, keys: Pick<SessionKeys, 'key' | 'salt'>) {
    this.#crypto = crypto;
    this.#block = crypto.block(keys.key);
    const masked = keys.key.map((byte, index) => byte ^ (keys.salt[index] ?? 0x55));
    this.#ivBlock = crypto.block(masked);
    masked.fill(0);
  }

  /** Section 4.1.2.2: IV = 0 | M | PT | SEQ | TS | SSRC | ROC. */
  rtp(from: number, to: number, roc: number): void {
    const { view } = this.#crypto;
    const word = view.getUint32(packetAt) & 0x00ff_ffff;
    this.#apply(from, to, word, view.getUint32(packetAt + 4), view.getUint32(packetAt + 8), roc);
  }

  /** Section 4.1.2.3: IV = 0 (4) | E | index | V | P | RC | PT | length | SSRC. */
  rtcp(to: number, index: number): void {
    const { view } = this.#crypto;
    this.#apply(rtcpHeaderBytes, to, 0, index | encryptedFlag, view.getUint32(packetAt), view.getUint32(packetAt + 4));
  }

  free(): void {
    this.#block.free();
    this.#ivBlock.free();
  }

  /** S(j) = E(key, IV' XOR j XOR S(j-1)), S(-1) = 0; the words are the IV. */
  #apply(from: number, to: number, first: number, second: number, third: number, fourth: number): void {
    const { memory, view } = this.#crypto;
    view.setUint32(blockAt, first);
    view.setUint32(blockAt + 4, second);
    view.setUint32(blockAt + 8, third);
    view.setUint32(blockAt + 12, fourth);
    this.#ivBlock.encrypt(blockAt);
    const iv = [0, 4, 8, 12].map((at) => view.getUint32(blockAt + at));
    memory.fill(0, blockAt, blockAt + 16);
    for (let at = packetAt + from, j = 0; at < packetAt + to; at += 16, j++) {
      iv.forEach((word, index) => {
        const counter = index === 3 ? j : 0;
        view.setUint32(blockAt + index * 4, view.getUint32(blockAt + index * 4) ^ word ^ counter);
      });
      this.#block.encrypt(blockAt);
      const end = Math.min(16, packetAt + to - at);
      for (let i = 0; i < end; i++) memory[at + i] = (memory[at + i] ?? 0) ^ (memory[blockAt + i] ?? 0);
    }
  }
}
