// A UDP socket that tells the TOS / traffic class octet of what it receives (IP_RECVTOS, IPV6_RECVTCLASS), through libc.

import { parseAddress } from '../../../media/io/address.ts';
import { Region } from '../../../media/io/native/region.ts';
import { encodeSockaddr } from '../../../media/io/native/sockaddr.ts';
import { nativeLibc } from './stage.ts';

const nonblockingDatagram = 2 | 0x800;

export class TosReceiver {
  readonly port: number;
  readonly #libc = nativeLibc();
  readonly #memory = Region.anonymous(this.#libc, 4096);
  readonly #view = new DataView(this.#memory.buffer);
  readonly #fd: number;

  constructor(family: 4 | 6) {
    const at = (offset: number): bigint => this.#memory.pointer + BigInt(offset);
    this.#fd = this.#libc.socket(family === 4 ? 2 : 10, nonblockingDatagram, 0);
    const length = encodeSockaddr(this.#view, 0, parseAddress(family === 4 ? '127.0.0.1' : '::1')!, 0);
    if (this.#libc.bind(this.#fd, at(0), length) < 0) throw new Error('bind');
    this.#view.setUint32(64, 32, true);
    this.#libc.getsockname(this.#fd, at(0), at(64));
    this.port = this.#view.getUint16(2);
    this.#view.setInt32(0, 1, true);
    const failed = family === 4 ? this.#libc.setsockopt(this.#fd, 0, 13, at(0), 4) : this.#libc.setsockopt(this.#fd, 41, 66, at(0), 4);
    if (failed < 0) throw new Error('setsockopt');
  }

  /** The octet of the next datagram, undefined when none is there. */
  receive(): number | undefined {
    // msghdr at 0, iovec at 64, control at 128 (64 bytes), data at 256.
    this.#view.setBigUint64(0, 0n, true);
    this.#view.setUint32(8, 0, true);
    this.#view.setBigUint64(16, this.#memory.pointer + 64n, true);
    this.#view.setBigUint64(24, 1n, true);
    this.#view.setBigUint64(32, this.#memory.pointer + 128n, true);
    this.#view.setBigUint64(40, 64n, true);
    this.#view.setBigUint64(64, this.#memory.pointer + 256n, true);
    this.#view.setBigUint64(72, 100n, true);
    if (this.#libc.recvmsg(this.#fd, this.#memory.pointer, 0) < 0) return undefined;
    // struct cmsghdr: length 8, level 4, type 4, then the value (one byte for IPv4, an int for IPv6).
    return this.#view.getUint8(128 + 16);
  }

  close(): void {
    this.#libc.close(this.#fd);
    this.#memory.free();
  }
}
