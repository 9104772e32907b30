// UDP sockets as the native backends want them: non-blocking, bound, never connected (learning needs to see strangers),
// with the receive buffer and DSCP of the media interface. Returns -errno where the kernel refuses.
import { parseAddress } from '../address.ts';
import type { OpenOptions } from '../packet-io.ts';
import { afInet, afInet6, cloexec, errnoOf, nonblock } from './errno.ts';
import type { Libc } from './libc.ts';
import { Region } from './region.ts';
import { encodeSockaddr } from './sockaddr.ts';

const sockDgram = 2;
const solSocket = 1;
const soRcvbuf = 8;
const soRcvbufforce = 33;
const solIp = 0;
const ipTos = 1;
const solIpv6 = 41;
const ipv6V6only = 26;
const ipv6Tclass = 67;

export class UdpSockets {
  readonly #libc: Libc;
  readonly #scratch: Region;
  readonly #view: DataView;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#scratch = Region.anonymous(libc, 4096);
    this.#view = new DataView(this.#scratch.buffer);
  }

  /** A bound socket's fd, or -errno. */
  open(options: OpenOptions): number {
    const address = parseAddress(options.address);
    if (address === undefined || !Number.isInteger(options.port) || options.port < 0 || options.port > 65535) return -errnoOf.EINVAL;
    const fd = this.#libc.socket(address.family === 4 ? afInet : afInet6, sockDgram | cloexec | nonblock, 0);
    if (fd < 0) return -this.#libc.errno();
    if (address.family === 6) this.#set(fd, solIpv6, ipv6V6only, 1);
    // SO_RCVBUFFORCE goes beyond net.core.rmem_max with CAP_NET_ADMIN; without it the clamped SO_RCVBUF remains.
    if (this.#set(fd, solSocket, soRcvbufforce, options.receiveBufferBytes) < 0) {
      this.#set(fd, solSocket, soRcvbuf, options.receiveBufferBytes);
    }
    this.setDscp(fd, address.family, options.dscp);
    const length = encodeSockaddr(this.#view, 0, address, options.port);
    if (this.#libc.bind(fd, this.#scratch.pointer, length) < 0) {
      const errno = this.#libc.errno();
      this.#libc.close(fd);
      return -errno;
    }
    return fd;
  }

  /** RFC 2474: the DSCP is the upper six bits of the octet. */
  setDscp(fd: number, family: 4 | 6, dscp: number): void {
    const octet = (dscp & 0x3f) << 2;
    if (family === 4) this.#set(fd, solIp, ipTos, octet);
    else this.#set(fd, solIpv6, ipv6Tclass, octet);
  }

  localPort(fd: number): number {
    this.#view.setUint32(64, 32, true);
    if (this.#libc.getsockname(fd, this.#scratch.pointer, this.#scratch.pointer + 64n) < 0) return 0;
    return this.#view.getUint16(2);
  }

  free(): void {
    this.#scratch.free();
  }

  #set(fd: number, level: number, name: number, value: number): number {
    this.#view.setInt32(0, value, true);
    return this.#libc.setsockopt(fd, level, name, this.#scratch.pointer, 4);
  }
}
