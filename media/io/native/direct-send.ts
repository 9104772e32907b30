// Sends a copy of some JavaScript bytes at once with sendmsg(2): STUN, RTCP of ours, DTLS. One system call each, no slot
// of the packet path held. Not for relayed packets.
import { maxDatagram } from '../packet-io.ts';
import type { NativeDestination } from './destination.ts';
import { errnoOf, msgDontwait, msgNosignal } from './errno.ts';
import type { Libc } from './libc.ts';
import { writeMessage } from './message-header.ts';
import { Region } from './region.ts';

const bytesOffset = 128;

export class DirectSend {
  readonly #libc: Libc;
  readonly #region: Region;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#region = Region.anonymous(libc, bytesOffset + maxDatagram);
    this.#words = new Uint32Array(this.#region.buffer);
    this.#bytes = new Uint8Array(this.#region.buffer, bytesOffset, maxDatagram);
  }

  /** 0, or -errno. */
  send(fd: number, bytes: Uint8Array, to: NativeDestination): number {
    if (bytes.length > maxDatagram) return -errnoOf.EMSGSIZE;
    this.#bytes.set(bytes);
    const { low, high } = this.#region;
    writeMessage(this.#words, 0, { nameLow: to.low, nameHigh: to.high, nameBytes: to.bytes, vectorLow: low + 64, vectorHigh: high });
    this.#words[16] = low + bytesOffset;
    this.#words[17] = high;
    this.#words[18] = bytes.length;
    this.#words[19] = 0;
    return this.#libc.sendmsg(fd, this.#region.pointer, msgDontwait | msgNosignal) < 0 ? -this.#libc.errno() : 0;
  }

  free(): void {
    this.#region.free();
  }
}
