// A packet I/O of arrays: tests deliver datagrams by hand and read what was sent. Sockets open at once unless `hold` is set.
import { formatAddress, parseAddress } from '../../media/io/address.ts';
import type { Destination, IoCounters, OpenOptions, Packet, PacketHost, PacketIo } from '../../media/io/packet-io.ts';

export interface Sent {
  /** Our socket's port. */
  readonly from: number;
  /** address:port, IPv6 in brackets. */
  readonly to: string;
  readonly bytes: Uint8Array;
}

export const addressInUse = -98;

export class MemoryIo implements PacketIo {
  readonly name = 'dgram';
  readonly wakeFd = -1;
  readonly sent: Sent[] = [];
  readonly dscp = new Map<number, number>();
  /** Destinations made and not forgotten. */
  destinations = 0;
  /** Ports whose opening fails, with the errno. */
  readonly refuse = new Map<number, number>();
  /** While set, `open` waits for `proceed`. */
  hold = false;
  opened = 0;
  /** Thrown by `send`. */
  failure: Error | undefined;
  readonly #held: (() => void)[] = [];
  readonly #sockets: (OpenOptions | undefined)[] = [];

  get openSockets(): number {
    return this.#sockets.filter((socket) => socket !== undefined).length;
  }

  open(options: OpenOptions, done: (socket: number) => void): void {
    const proceed = (): void => {
      const errno = this.refuse.get(options.port) ?? (this.socketOf(options.address, options.port) >= 0 ? addressInUse : 0);
      if (errno < 0) {
        done(errno);
        return;
      }
      const free = this.#sockets.indexOf(undefined);
      const socket = free < 0 ? this.#sockets.length : free;
      this.#sockets[socket] = options;
      this.opened++;
      done(socket);
    };
    if (this.hold) this.#held.push(proceed);
    else proceed();
  }

  proceed(): void {
    for (const one of this.#held.splice(0)) one();
  }

  close(socket: number): void {
    this.#sockets[socket] = undefined;
  }

  setDscp(socket: number, dscp: number): void {
    this.dscp.set(socket, dscp);
  }

  localPort(socket: number): number {
    return this.#sockets[socket]?.port ?? 0;
  }

  destination(address: string, port: number): Destination {
    const words = parseAddress(address);
    if (words === undefined) throw new Error(`not an address: ${address}`);
    this.destinations++;
    return { ...words, port };
  }

  forget(_destination: Destination): void {
    this.destinations--;
  }

  send(socket: number, packet: Packet, to: Destination): void {
    this.sendBytes(socket, packet.bytes.subarray(packet.start, packet.start + packet.length), to);
  }

  clone(packet: Packet): Packet {
    return { ...packet, bytes: packet.bytes.slice() };
  }

  sendBytes(socket: number, bytes: Uint8Array, to: Destination): void {
    if (this.failure !== undefined) throw this.failure;
    this.sent.push({ from: this.localPort(socket), to: `${formatAddress(to)}:${to.port}`, bytes: bytes.slice() });
  }

  socketErrors(): number {
    return 0;
  }

  counters(): IoCounters {
    return { received: 0, sent: this.sent.length, sendErrors: 0, oversized: 0, starved: 0 };
  }

  run(_host: PacketHost): void {}
  stop(): void {}

  socketOf(address: string, port: number): number {
    return this.#sockets.findIndex((socket) => socket?.port === port && socket.address === address);
  }

  /** What was sent since the last call. */
  take(): Sent[] {
    return this.sent.splice(0);
  }

  /** A datagram from `source` ("ip:port") as the backend would deliver it on one of our ports. */
  datagram(source: string, address: string, port: number, payload: Uint8Array): Packet {
    return datagramFrom(source, payload, this.socketOf(address, port));
  }
}

/** A received datagram with some room before and after it. */
export function datagramFrom(source: string, payload: Uint8Array, socket = 0): Packet {
  const colon = source.lastIndexOf(':');
  const words = parseAddress(source.slice(0, colon));
  if (words === undefined) throw new Error(`not an address: ${source}`);
  const start = 64;
  const bytes = new Uint8Array(start + payload.length + 64);
  bytes.set(payload, start);
  return { bytes, start, length: payload.length, pointer: 0n, slot: 0, socket, ...words, port: Number(source.slice(colon + 1)) };
}
