// The small interface between the packet loop and the kernel: three backends (uring, epoll, dgram) fulfil it with the
// same behaviour. A worker owns one PacketIo, made and used on its own thread. Nothing here knows RTP.

/**
 * One received datagram. A backend refills ONE such object for every packet (and a second one per `clone`): it is valid
 * only during the `packet` call. The handler may rewrite the bytes in place and move `start` and `length`; `headroom`
 * bytes lie free before the first byte received and `tailroom` after the last byte that can be received (SRTP tags, MKI).
 */
export interface Packet {
  /** The slot of `slotBytes` the datagram lies in; one Uint8Array per slot, the same one whenever that slot is used again. */
  bytes: Uint8Array;
  /** Offset of the first byte of the datagram in `bytes`; `headroom` on delivery. */
  start: number;
  length: number;
  /** Address in memory of bytes[0], for native crypto: constant per slot, so sums with it can be kept. 0n where FFI is off. */
  pointer: bigint;
  /** Small dense number of the slot. */
  slot: number;
  /** Our socket it came in on, as `open` returned it. */
  socket: number;
  /** Source: IPv4 as one unsigned 32-bit word in `a` (b, c, d are 0), IPv6 as four words. v4-mapped IPv6 comes as IPv4. */
  family: 4 | 6;
  a: number;
  b: number;
  c: number;
  d: number;
  port: number;
}

export const headroom = 64;
export const tailroom = 192;
/** Longest datagram taken; longer ones are dropped and counted as oversized (Ethernet MTU plus tunnels' slack). */
export const maxDatagram = 1792;
export const slotBytes = headroom + maxDatagram + tailroom;

/** A peer's address prepared for sending; made at control rate, opaque to all but its backend. */
export interface Destination {
  readonly family: 4 | 6;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly port: number;
}

export interface OpenOptions {
  /** Literal local IP. IPv6 sockets take IPv6 only. */
  readonly address: string;
  /** 0 = any free one; `localPort` tells which. */
  readonly port: number;
  /** SO_RCVBUF; the kernel's default loses bursts. Where the process may, the system's maximum is exceeded. */
  readonly receiveBufferBytes: number;
  /** 0-63, written to IP_TOS / IPV6_TCLASS. dgram has no way to set it and sends 0. */
  readonly dscp: number;
}

export interface PacketHost {
  packet(packet: Packet, now: number): void;
  /**
   * Commands and timers: when woken, when the wait it asked for is over (at most 100 ms), and within about 1 ms of packets.
   * Returns the milliseconds until it wants the next turn.
   */
  turn(now: number): number;
}

export interface IoCounters {
  readonly received: number;
  /** Taken by the kernel. */
  readonly sent: number;
  /** Refused by the kernel (buffer full, no route, too long) or dropped by us for want of a slot. */
  readonly sendErrors: number;
  /** Datagrams longer than maxDatagram. */
  readonly oversized: number;
  /** Times the receive buffers ran out; what did not fit waits in the socket's own buffer. */
  readonly starved: number;
}

export interface PacketIo {
  readonly name: 'uring' | 'epoll' | 'dgram';
  /**
   * An eventfd: writing 8 bytes to it ends the wait of `run`. -1 where the event loop runs anyway: the host then listens
   * to its MessagePort as usual instead of draining it in `turn`. Not closed by `stop`: whoever writes to it closes it, or
   * the 8 bytes of a late writer would go to the next owner of the number.
   */
  readonly wakeFd: number;
  /** Binds. Calls `done` (maybe at once) with a socket number >= 0, or with -errno. Socket numbers are small and dense. */
  open(options: OpenOptions, done: (socket: number) => void): void;
  /**
   * No packet of this socket is delivered after the call and its port is free at once; its number is reused only after
   * its last operation ended.
   */
  close(socket: number): void;
  setDscp(socket: number, dscp: number): void;
  /** The port the socket is bound to; 0 for a closed one. */
  localPort(socket: number): number;
  /** Throws WeirError 'bad-address' unless `address` is a literal IP and `port` 1-65535. */
  destination(address: string, port: number): Destination;
  forget(destination: Destination): void;
  /**
   * Sends bytes[start, start + length) as they are now; only during the packet call. May be called for several sockets and
   * destinations, but the bytes must stay as they are after the first send: take `clone` for a differing copy. Sends leave
   * in order; `sendBytes` may overtake them.
   */
  send(socket: number, packet: Packet, to: Destination): void;
  /** A second packet with the same content in a slot of its own; undefined when slots ran out. Valid like `packet`. */
  clone(packet: Packet): Packet | undefined;
  /** At control rate (RTCP of ours, STUN, DTLS): copies, may be called at any time on the worker's thread. */
  sendBytes(socket: number, bytes: Uint8Array, to: Destination): void;
  /** Counted send failures of one socket since it was opened. */
  socketErrors(socket: number): number;
  counters(): IoCounters;
  /**
   * uring, epoll: blocks until `stop`, waiting at most 100 ms a turn, then frees everything. dgram: returns at once, the
   * event loop drives it.
   */
  run(host: PacketHost): void;
  /**
   * Ends `run`; closes all sockets and frees all memory, at once when `run` is not on the stack. Afterwards `open`
   * fails and nothing is sent.
   */
  stop(): void;
}
