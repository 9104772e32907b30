// The memory datagrams are received into: a provided-buffer ring (io_uring_register(2), IORING_REGISTER_PBUF_RING) from
// which the kernel takes a slot per datagram, and slots of our own for clones. A slot goes back when its last use ends.
//
//   slot:  | io_uring_recvmsg_out (16) | sockaddr (48 reserved) | offset 64 = headroom: payload ... | tailroom |
import { WeirError } from '../../../shared/errors.ts';
import { errnoName } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { Region } from '../native/region.ts';
import { NativeSlots } from '../native/slots.ts';
import { headroom, maxDatagram } from '../packet-io.ts';
import type { Ring } from './ring.ts';

const registerPbufRing = 22;
const unregisterPbufRing = 23;
const entryWords = 4;
/** The ring's tail is the unused 16-bit field at byte 14 of its first entry. */
const tailAt = 7;

export const bufferGroup = 1;
/** struct io_uring_recvmsg_out at the start of a slot: name length, control length, payload length, flags. */
export const recvmsgOutBytes = 16;
export const payloadLengthWord = 2;
export const messageFlagsWord = 3;

export class Buffers {
  readonly slots: NativeSlots;
  readonly #ring: Ring;
  readonly #region: Region;
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #mask: number;
  readonly #ringSlots: number;
  readonly #spare: Int32Array;
  #spareCount: number;
  /** Slots of the ring in use by deliveries and sends. */
  #used = 0;
  #tail = 0;

  /** `ringSlots`: a power of two up to 32,768. */
  constructor(libc: Libc, ring: Ring, ringSlots: number, spareSlots: number) {
    this.#ring = ring;
    this.#ringSlots = ringSlots;
    this.#mask = ringSlots - 1;
    this.#region = Region.anonymous(libc, ringSlots * entryWords * 4 + 4096);
    this.#words = new Uint32Array(this.#region.buffer, 4096);
    this.#halves = new Uint16Array(this.#region.buffer, 4096);
    const registration = new DataView(this.#region.buffer);
    registration.setBigUint64(0, this.#region.pointer + 4096n, true);
    registration.setUint32(8, ringSlots, true);
    registration.setUint16(12, bufferGroup, true);
    const result = ring.register(registerPbufRing, this.#region.pointer, 1);
    if (result < 0) {
      this.#region.free();
      throw new WeirError('uring-unavailable', `the kernel refuses a provided-buffer ring (${errnoName(-result)}), 5.19 is needed`);
    }
    this.slots = new NativeSlots(libc, ringSlots + spareSlots);
    this.#spare = Int32Array.from({ length: spareSlots }, (_, index) => ringSlots + index);
    this.#spareCount = spareSlots;
    for (let slot = 0; slot < ringSlots; slot++) this.#provide(slot);
    this.publish();
  }

  /** A slot of our own with one use, or -1. */
  takeSpare(): number {
    if (this.#spareCount === 0) return -1;
    const slot = this.#spare[--this.#spareCount] ?? -1;
    this.slots.uses[slot] = 1;
    return slot;
  }

  /** Slots the kernel may still fill, as far as completions were looked at. */
  get available(): number {
    return this.#ringSlots - this.#used;
  }

  hold(slot: number): void {
    const { uses } = this.slots;
    const before = uses[slot] ?? 0;
    if (before === 0) this.#used++;
    uses[slot] = before + 1;
  }

  release(slot: number): void {
    const { uses } = this.slots;
    const left = (uses[slot] ?? 0) - 1;
    uses[slot] = left;
    if (left > 0) return;
    if (slot < this.#ringSlots) {
      this.#used--;
      this.#provide(slot);
    } else this.#spare[this.#spareCount++] = slot;
  }

  /** Shows the kernel the slots released since. */
  publish(): void {
    // An atomic store orders the entries before the tail, which the kernel reads with acquire semantics.
    Atomics.store(this.#halves, tailAt, this.#tail);
  }

  free(): void {
    new DataView(this.#region.buffer).setBigUint64(0, 0n, true);
    this.#ring.register(unregisterPbufRing, this.#region.pointer, 1);
    this.#region.free();
    this.slots.free();
  }

  #provide(slot: number): void {
    const words = this.#words;
    const at = (this.#tail & this.#mask) * entryWords;
    words[at] = this.slots.low[slot] ?? 0;
    words[at + 1] = this.slots.high[slot] ?? 0;
    // Ends before the tailroom: the kernel must not fill what is kept for authentication tags.
    words[at + 2] = headroom + maxDatagram;
    this.#halves[at * 2 + 6] = slot;
    this.#tail = (this.#tail + 1) & 0xffff;
  }
}
