// Packet memory of the native backends: one mapped region cut into slots, with everything the packet path needs of a slot
// (view, address as bigint and as words, count of uses) made beforehand.
import { slotBytes } from '../packet-io.ts';
import type { Libc } from './libc.ts';
import { Region } from './region.ts';

export const slotWords = slotBytes / 4;

export class NativeSlots {
  readonly count: number;
  readonly bytes: Uint8Array[] = [];
  readonly pointers: bigint[] = [];
  /** Address of each slot as two words. Slots are aligned to their size: low + offset within a slot cannot carry. */
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  /** The delivery and each send in flight; the owner of the slots does the counting. */
  readonly uses: Uint16Array;
  /** The whole region; slot n starts at n * slotWords. */
  readonly words: Uint32Array;
  readonly #region: Region;

  constructor(libc: Libc, count: number) {
    this.count = count;
    this.#region = Region.anonymous(libc, count * slotBytes);
    this.words = new Uint32Array(this.#region.buffer);
    this.low = new Uint32Array(count);
    this.high = new Uint32Array(count);
    this.uses = new Uint16Array(count);
    for (let slot = 0; slot < count; slot++) {
      const pointer = this.#region.pointer + BigInt(slot * slotBytes);
      this.bytes.push(new Uint8Array(this.#region.buffer, slot * slotBytes, slotBytes));
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
