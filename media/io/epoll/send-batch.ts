// Sends of one socket collected while a batch of received datagrams is handled: one goes out by sendmsg(2), several by
// sendmmsg(2). Sending through another socket flushes first, so the order of sends is kept.
import type { NativeDestination } from '../native/destination.ts';
import { msgDontwait, msgNosignal } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { writeMessage } from '../native/message-header.ts';
import { Region } from '../native/region.ts';

const headerWords = 16;
const headerBytes = 64;
const flags = msgDontwait | msgNosignal;

export class SendBatch {
  readonly #libc: Libc;
  readonly #capacity: number;
  readonly #region: Region;
  readonly #words: Uint32Array;
  /** Address of each header: sendmmsg goes on behind a refused datagram. */
  readonly #pointers: bigint[] = [];
  #fd = -1;
  #count = 0;
  sent = 0;
  /** Refused by the kernel in the last flush. */
  refused = 0;

  constructor(libc: Libc, capacity: number) {
    this.#libc = libc;
    this.#capacity = capacity;
    this.#region = Region.anonymous(libc, capacity * (headerBytes + 16));
    this.#words = new Uint32Array(this.#region.buffer);
    for (let index = 0; index < capacity; index++) {
      const vector = this.#region.pointer + BigInt(capacity * headerBytes + index * 16);
      const vectorLow = Number(vector & 0xffffffffn);
      writeMessage(this.#words, index * headerWords, {
        nameLow: 0,
        nameHigh: 0,
        nameBytes: 0,
        vectorLow,
        vectorHigh: Number(vector >> 32n),
      });
      this.#pointers.push(this.#region.pointer + BigInt(index * headerBytes));
    }
  }

  /** Whether `add` for this fd needs a flush before. */
  mustFlush(fd: number): boolean {
    return this.#count === this.#capacity || (this.#fd !== fd && this.#count > 0);
  }

  add(fd: number, bytesLow: number, bytesHigh: number, length: number, to: NativeDestination): void {
    const words = this.#words;
    const header = this.#count * headerWords;
    const vector = this.#capacity * headerWords + this.#count * 4;
    this.#fd = fd;
    words[header] = to.low;
    words[header + 1] = to.high;
    words[header + 2] = to.bytes;
    words[vector] = bytesLow;
    words[vector + 1] = bytesHigh;
    words[vector + 2] = length;
    this.#count++;
  }

  flush(): void {
    const count = this.#count;
    this.#count = 0;
    this.refused = 0;
    if (count === 1) {
      if (this.#libc.sendmsg(this.#fd, this.#pointers[0] ?? 0n, flags) < 0) this.refused = 1;
      else this.sent++;
      return;
    }
    let done = 0;
    while (done < count) {
      const taken = this.#libc.sendmmsg(this.#fd, this.#pointers[done] ?? 0n, count - done, flags);
      // It stops at the first datagram the kernel refuses and reports that one only as the first of a call.
      if (taken <= 0) {
        this.refused++;
        done++;
      } else {
        this.sent += taken;
        done += taken;
      }
    }
  }

  free(): void {
    this.#region.free();
  }
}
