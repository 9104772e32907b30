// The recvmmsg(2) vector: one mmsghdr per slot, source address written to the slot's headroom, payload behind it.
//
//   slot:  | sockaddr (28) | unused | headroom end = 64: payload ... |

import { msgDontwait, msgTrunc } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { messageFlagsWord, messageWords, writeMessage } from '../native/message-header.ts';
import { Region } from '../native/region.ts';
import type { NativeSlots } from '../native/slots.ts';
import { sockaddrBytes } from '../native/sockaddr.ts';
import { headroom, maxDatagram } from '../packet-io.ts';

const headerWords = 16;
const headerBytes = 64;
const lengthWord = messageWords;
const nameBytesWord = 2;

export class ReceiveBatch {
  readonly capacity: number;
  readonly #libc: Libc;
  readonly #region: Region;
  readonly #words: Uint32Array;

  /** Uses slots 0..capacity-1. */
  constructor(libc: Libc, slots: NativeSlots, capacity: number) {
    this.#libc = libc;
    this.capacity = capacity;
    this.#region = Region.anonymous(libc, capacity * (headerBytes + 16));
    this.#words = new Uint32Array(this.#region.buffer);
    const { pointer } = this.#region;
    for (let slot = 0; slot < capacity; slot++) {
      const vectorOffset = capacity * headerBytes + slot * 16;
      const vector = pointer + BigInt(vectorOffset);
      writeMessage(this.#words, slot * headerWords, {
        nameLow: slots.low[slot] ?? 0,
        nameHigh: slots.high[slot] ?? 0,
        nameBytes: sockaddrBytes,
        vectorLow: Number(vector & 0xffffffffn),
        vectorHigh: Number(vector >> 32n),
      });
      this.#words[vectorOffset / 4] = (slots.low[slot] ?? 0) + headroom;
      this.#words[vectorOffset / 4 + 1] = slots.high[slot] ?? 0;
      this.#words[vectorOffset / 4 + 2] = maxDatagram;
    }
  }

  /** Datagrams read, 0 when there was none or the socket had an error to report. */
  receive(fd: number, limit: number): number {
    const count = this.#libc.recvmmsg(fd, this.#region.pointer, limit, msgDontwait, 0n);
    return Math.max(0, count);
  }

  /** Length of datagram `index`, -1 when it was longer than a slot takes. Readies the header for the next call. */
  take(index: number): number {
    const at = index * headerWords;
    // The kernel wrote the length of this sender's address here; a shorter one would cut the next, IPv6 one.
    this.#words[at + nameBytesWord] = sockaddrBytes;
    const truncated = ((this.#words[at + messageFlagsWord] ?? 0) & msgTrunc) !== 0;
    return truncated ? -1 : (this.#words[at + lengthWord] ?? 0);
  }

  free(): void {
    this.#region.free();
  }
}
