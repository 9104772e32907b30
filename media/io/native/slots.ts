// Packet memory of the native backends: one mapped region cut into slots, with everything the packet path needs of a slot
// (view, address as bigint and as words, count of uses) made beforehand.
import { slotBytes } from '../packet-io.ts';
import type { Libc } from './libc.ts';
import { Region } from './region.ts';

/** From slot to slot an odd number of cache lines: at a power of two all headers would fall into a few sets of the cache. */
const slotStride = slotBytes + 64;
export const slotWords = slotStride / 4;

export class NativeSlots {
  readonly count: number;
  readonly bytes: Uint8Array[] = [];
  readonly pointers: bigint[] = [];
  /** Address of each slot as two words; low + offset within a slot does not carry, the region crosses no 4 GiB line. */
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  /** The delivery and each send in flight; the owner of the slots does the counting. */
  readonly uses: Uint16Array;
  /** The whole region; slot n starts at n * slotWords. */
  readonly words: Uint32Array;
  readonly #region: Region;

  constructor(libc: Libc, count: number) {
    this.count = count;
    this.#region = Region.anonymous(libc, count * slotStride);
    this.words = new Uint32Array(this.#region.buffer);
    this.low = new Uint32Array(count);
    this.high = new Uint32Array(count);
    this.uses = new Uint16Array(count);
    for (let slot = 0; slot < count; slot++) {
      const pointer = this.#region.pointer + BigInt(slot * slotStride);
      this.bytes.push(new Uint8Array(this.#region.buffer, slot * slotStride, slotBytes));
      this.pointers.push(pointer);
      this.low[slot] = Number(pointer & 0xffffffffn);
      this.high[slot] = Number(pointer >> 32n);
    }
  }

  /** Only when the kernel holds none of them. */
  free(): void {
    this.#region.free();
  }
}
