// Memory outside the JavaScript heap that the kernel may read and write: mapped pages with a fixed address, seen through
// one ArrayBuffer. Freed by hand, since only its owner knows when the kernel is done with it.
import { WeirError } from '../../../shared/errors.ts';
import { errnoName } from './errno.ts';
import type { Libc } from './libc.ts';

const protRead = 1;
const protWrite = 2;
const mapShared = 0x1;
const mapPrivate = 0x2;
const mapAnonymous = 0x20;
const mapPopulate = 0x8000;
const mapFailed = 0xffffffffffffffffn;

export class Region {
  readonly pointer: bigint;
  /** The address as two 32-bit words, for writing it into native structures without making a bigint. */
  readonly low: number;
  readonly high: number;
  readonly #libc: Libc;
  #buffer: ArrayBuffer;

  private constructor(libc: Libc, pointer: bigint, length: number) {
    this.#libc = libc;
    this.pointer = pointer;
    this.low = Number(pointer & 0xffffffffn);
    this.high = Number(pointer >> 32n);
    this.#buffer = libc.view(pointer, length);
  }

  /** Zeroed private memory that crosses no 4 GiB line: the upper word of addresses in it is `high` throughout. */
  static anonymous(libc: Libc, length: number): Region {
    const first = Region.#map(libc, length, mapPrivate | mapAnonymous, -1, 0n);
    if (!first.#crosses()) return first;
    // While the first holds the line, the kernel has to put the second elsewhere.
    const second = Region.#map(libc, length, mapPrivate | mapAnonymous, -1, 0n);
    first.free();
    return second;
  }

  /** Memory shared with the kernel object behind `fd`. */
  static shared(libc: Libc, length: number, fd: number, offset: bigint): Region {
    return Region.#map(libc, length, mapShared | mapPopulate, fd, offset);
  }

  static #map(libc: Libc, length: number, flags: number, fd: number, offset: bigint): Region {
    const rounded = Math.ceil(length / 4096) * 4096;
    const pointer = libc.mmap(0n, BigInt(rounded), protRead | protWrite, flags, fd, offset);
    if (pointer === mapFailed || pointer === 0n) {
      throw new WeirError('map-failed', `Cannot map ${rounded} bytes: ${errnoName(libc.errno())}`);
    }
    return new Region(libc, pointer, rounded);
  }

  #crosses(): boolean {
    return this.low + this.#buffer.byteLength > 0x1_0000_0000;
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** Unmaps. Views made of `buffer` become empty (reads give undefined) instead of pointing at foreign memory. */
  free(): void {
    const length = this.#buffer.byteLength;
    if (length === 0) return;
    this.#buffer.transfer();
    this.#libc.munmap(this.pointer, BigInt(length));
  }
}
