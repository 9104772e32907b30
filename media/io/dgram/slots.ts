// The packet memory of the dgram backend: fixed slots of JavaScript memory with a count of uses each (the delivery and
// every send the event loop still holds). A slot returns to the free list when the last use ends.
import { slotBytes } from '../packet-io.ts';

export class Slots {
  readonly #bytes: Uint8Array[] = [];
  readonly #uses: Uint16Array;
  readonly #free: Int32Array;
  #freeCount: number;

  constructor(count: number) {
    // One buffer of their own, not Buffer's shared pool: nothing else may ever lie next to packets and keys.
    const memory = new ArrayBuffer(count * slotBytes);
    for (let slot = 0; slot < count; slot++) this.#bytes.push(new Uint8Array(memory, slot * slotBytes, slotBytes));
    this.#uses = new Uint16Array(count);
    this.#free = Int32Array.from({ length: count }, (_, index) => count - 1 - index);
    this.#freeCount = count;
  }

  get free(): number {
    return this.#freeCount;
  }

  /** A free slot with one use, or -1. */
  take(): number {
    if (this.#freeCount === 0) return -1;
    const slot = this.#free[--this.#freeCount] ?? -1;
    this.#uses[slot] = 1;
    return slot;
  }

  bytes(slot: number): Uint8Array {
    const bytes = this.#bytes[slot];
    if (bytes === undefined) throw new RangeError(`No slot ${slot}`);
    return bytes;
  }

  hold(slot: number): void {
    this.#uses[slot] = (this.#uses[slot] ?? 0) + 1;
  }

  release(slot: number): void {
    const uses = (this.#uses[slot] ?? 0) - 1;
    this.#uses[slot] = uses;
    if (uses === 0) this.#free[this.#freeCount++] = slot;
  }
}
