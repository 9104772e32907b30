// What a media worker is told when its thread starts (workerData): which packet I/O, which local addresses, which slice of
// the port range. Fixed for the life of the thread; everything that changes comes as a command.
import type { Family, MediaAddress } from './session-state.ts';

/** One local address that media may use. Zone and family name it in `TransportRequest`. */
export interface MediaInterface {
  readonly name: string;
  readonly family: Family;
  /** Literal local IP to bind. */
  readonly address: string;
  /** Literal IP that peers are told. */
  readonly advertised: string;
  /** Networks (address or CIDR) that are fine as targets though the rules for this interface would refuse them. */
  readonly allowed: readonly string[];
  /** Networks to which nothing is sent before a packet came from there. */
  readonly denied: readonly string[];
}

export interface PortSlice {
  readonly min: number;
  readonly max: number;
}

export interface WorkerOptions {
  /** Number of the worker in its pool, for logs. */
  readonly worker: number;
  readonly io: 'auto' | 'uring' | 'epoll' | 'dgram';
  readonly receiveBufferBytes: number;
  readonly interfaces: readonly MediaInterface[];
  /** The worker's own part of the range, the same on each of its addresses. */
  readonly ports: PortSlice;
  /** Our SIP listeners and other sockets: never targets of media. */
  readonly ownEndpoints: readonly MediaAddress[];
  /**
   * Which media ports of the whole process are open: 65,536 bits for each distinct local address, in the order of
   * `interfaces`. Shared by all workers, so that each refuses to send to the others' ports.
   */
  readonly openPorts: SharedArrayBuffer;
}

/** The distinct local addresses in order: the planes of `openPorts`. */
export function localAddresses(interfaces: readonly MediaInterface[]): string[] {
  return [...new Set(interfaces.map((one) => one.address))];
}

export const openPortsBytesPerAddress = 8192;
