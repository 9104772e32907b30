// Hides what RTCP tells about a peer's host: SDES items such as CNAME are user@host by default (RFC 3550 section 6.5.1), and the
// reason of a BYE is free text. They are overwritten in place, so lengths stay; the same text becomes the same pseudonym within a session, since a CNAME ties audio and
// video of one peer together. Not encryption: who cannot see both sides cannot undo it, and that is all it is for.
import type { Rng } from '../../shared/rng.ts';
import { packetBytes } from '../rtp/rtcp-compound.ts';
import { byteAt } from '../rtp/rtp-header.ts';

const alphabet = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', (letter) => letter.charCodeAt(0));

export class Pseudonym {
  readonly #key: number;
  readonly #otherKey: number;

  constructor(rng: Rng) {
    this.#key = rng.int(0x100000000);
    this.#otherKey = rng.int(0x100000000);
  }

  /**
   * Overwrites the items of the SDES packet at `at`, which lies whole in `bytes`. A chunk is an SSRC and items of type, length and
   * text; type 0 ends it, padded to 32 bits (section 6.5).
   */
  maskItems(bytes: Uint8Array, at: number): void {
    const end = at + packetBytes(bytes, at);
    let chunks = byteAt(bytes, at) & 0x1f;
    let item = at + 8;
    while (chunks > 0 && item < end) {
      if (byteAt(bytes, item) === 0) {
        // Next chunk: the rest of this word is padding, then comes its SSRC.
        item = at + (((item - at) >> 2) + 1) * 4 + 4;
        chunks--;
        continue;
      }
      const text = item + 2;
      const length = Math.min(byteAt(bytes, item + 1), Math.max(0, end - text));
      this.#mask(bytes, text, length);
      item = text + length;
    }
  }

  /** Overwrites the reason for leaving of the BYE packet at `at`, which lies whole in `bytes` (section 6.6). */
  maskReason(bytes: Uint8Array, at: number): void {
    const end = at + packetBytes(bytes, at);
    const reason = at + 4 + (byteAt(bytes, at) & 0x1f) * 4;
    if (reason < end) this.#mask(bytes, reason + 1, Math.min(byteAt(bytes, reason), end - reason - 1));
  }

  #mask(bytes: Uint8Array, start: number, length: number): void {
    let hash = this.#key;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ byteAt(bytes, start + i), 0x01000193);
    let state = hash ^ this.#otherKey;
    for (let i = 0; i < length; i++) {
      state = (state + 0x6d2b79f5) | 0;
      const mixed = Math.imul(state ^ (state >>> 15), state | 1);
      bytes[start + i] = alphabet[(mixed ^ (mixed >>> 13)) & 63] ?? 0;
    }
  }
}
