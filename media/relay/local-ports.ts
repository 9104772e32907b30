// The sockets of one worker on one local address: opens random ports of its range, lets freed ones rest until nobody sends to them
// any more, and keeps some quiet ones open for the next calls, since opening is the dearest part of a call.
//
//    range --open--> leased --release--> resting --quiet for 2 s--> warm --reserve--> leased
//                                           \--noisy for 10 min, or enough warm ones--> closed, back to the range
import type { Rng } from '../../shared/rng.ts';
import type { Timer, Timers } from '../../shared/timer-queue.ts';
import type { PacketIo } from '../io/packet-io.ts';
import { openAttempts, restAtMostMs, restMs, warmPorts, warmPortsAtLeast, warmTurnover } from './limits.ts';
import type { OwnSockets } from './own-sockets.ts';
import { type LeaseKind, PortLease } from './port-lease.ts';
import { PortRange } from './port-range.ts';

export type LeaseResult = { readonly kind: 'leased'; readonly lease: PortLease } | { readonly kind: 'failed'; readonly errno: number };

export interface LocalPortsOptions {
  readonly address: string;
  readonly min: number;
  readonly max: number;
  readonly receiveBufferBytes: number;
  readonly io: PacketIo;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly own: OwnSockets;
}

const addressInUse = -98;
/** ENFILE, EMFILE: the system or the process has no descriptors left. */
const noDescriptors: readonly number[] = [-23, -24];

export class LocalPorts {
  readonly #options: LocalPortsOptions;
  readonly #range: PortRange;
  /** Oldest first. */
  readonly #resting = new Set<PortLease>();
  readonly #warm: Readonly<Record<LeaseKind, PortLease[]>> = { pair: [], mux: [] };
  /** Leases by socket while nobody owns them. */
  readonly #idle = new Map<number, PortLease>();
  #leased = 0;
  #timer: Timer | undefined;

  constructor(options: LocalPortsOptions) {
    this.#options = options;
    this.#range = new PortRange({ min: options.min, max: options.max, rng: options.rng });
  }

  /** Ports that sessions hold, or that are being opened for them. */
  get used(): number {
    return this.#leased * 2;
  }

  /** Ports a session could have now. Resting ones are neither used nor free. */
  get free(): number {
    return this.#range.free + (this.#warm.pair.length + this.#warm.mux.length) * 2;
  }

  /** Calls `done`, maybe at once, with open sockets or with -errno (0: no port left). */
  lease(kind: LeaseKind, now: number, done: (result: LeaseResult) => void): void {
    this.#leased++;
    const warm = this.#takeWarm(kind, now);
    if (warm !== undefined) {
      done({ kind: 'leased', lease: warm });
      return;
    }
    this.#openOrShed(kind, now, (result) => {
      if (result.kind === 'failed') this.#leased--;
      done(result);
    });
  }

  /** For `PortLease.release`. */
  release(lease: PortLease, now: number): void {
    this.#leased--;
    lease.restingSince = now;
    lease.noisyAt = Number.NEGATIVE_INFINITY;
    this.#idle.set(lease.rtpSocket, lease);
    if (lease.rtcpSocket >= 0) this.#idle.set(lease.rtcpSocket, lease);
    this.#rest(lease, now);
  }

  /** A packet came in on a socket that no session owns; says whether the socket is one of this address. */
  noise(socket: number, now: number): boolean {
    const lease = this.#idle.get(socket);
    if (lease === undefined) return false;
    lease.noisyAt = now;
    return true;
  }

  #rest(lease: PortLease, now: number): void {
    this.#resting.add(lease);
    this.#timer ??= this.#options.timers.schedule(now + restMs, (due) => this.#wake(due));
  }

  /** Looks at the ports that have rested long enough, some at a time: not more often than every eighth of the rest. */
  #wake(now: number): void {
    this.#timer = undefined;
    for (const lease of this.#resting) {
      if (lease.restingSince + restMs > now) break;
      if (lease.noisyAt + restMs <= now) this.#retire(lease);
      else if (lease.restingSince + restAtMostMs <= now) this.#close(lease);
    }
    if (this.#resting.size > 0) this.#timer = this.#options.timers.schedule(now + restMs / 8, (due) => this.#wake(due));
  }

  /** A quiet port is kept warm, if there is room and luck. */
  #retire(lease: PortLease): void {
    const warm = this.#warm[lease.kind];
    if (warm.length >= warmPorts || (warm.length >= warmPortsAtLeast && this.#options.rng.int(warmTurnover) === 0)) {
      this.#close(lease);
      return;
    }
    this.#resting.delete(lease);
    warm.push(lease);
  }

  #close(lease: PortLease): void {
    this.#resting.delete(lease);
    this.#forget(lease);
    this.#closeSocket(lease.rtpSocket, lease.port);
    if (lease.rtcpSocket >= 0) this.#closeSocket(lease.rtcpSocket, lease.port + 1);
    this.#range.give(lease.port);
  }

  #forget(lease: PortLease): void {
    this.#idle.delete(lease.rtpSocket);
    if (lease.rtcpSocket >= 0) this.#idle.delete(lease.rtcpSocket);
  }

  #closeSocket(socket: number, port: number): void {
    this.#options.io.close(socket);
    this.#options.own.mark(this.#options.address, port, 'closed');
  }

  #takeWarm(kind: LeaseKind, now: number): PortLease | undefined {
    const warm = this.#warm[kind];
    const enough = this.#range.free > 0 ? warmPortsAtLeast : 1;
    while (warm.length >= enough) {
      const index = this.#options.rng.int(warm.length);
      const lease = warm[index];
      const last = warm.pop();
      if (lease === undefined || last === undefined) return undefined;
      if (last !== lease) warm[index] = last;
      // Somebody has found it while it was idle: not quiet any more.
      if (lease.noisyAt + restMs <= now) {
        this.#forget(lease);
        return lease;
      }
      lease.restingSince = now;
      this.#rest(lease, now);
    }
    return undefined;
  }

  /** Ports kept for later are the first to go when descriptors run out. */
  #openOrShed(kind: LeaseKind, now: number, done: (result: LeaseResult) => void): void {
    this.#open(kind, now, openAttempts, (result) => {
      const kept = this.#warm.pair.length + this.#warm.mux.length;
      if (result.kind === 'leased' || !noDescriptors.includes(result.errno) || kept === 0) {
        done(result);
        return;
      }
      for (const warm of [this.#warm.pair, this.#warm.mux]) for (const lease of warm.splice(0)) this.#close(lease);
      this.#open(kind, now, openAttempts, done);
    });
  }

  #open(kind: LeaseKind, now: number, attempts: number, done: (result: LeaseResult) => void): void {
    const port = attempts > 0 ? this.#range.take(now) : undefined;
    if (port === undefined) {
      done({ kind: 'failed', errno: 0 });
      return;
    }
    this.#openUnit(kind, port, (result) => {
      if (result.kind === 'leased') {
        done(result);
      } else if (result.errno === addressInUse) {
        this.#range.giveForeign(port, now);
        this.#open(kind, now, attempts - 1, done);
      } else {
        this.#range.give(port);
        done(result);
      }
    });
  }

  /** Opens both ports of a unit at once, or only the even one. One failure closes the other. */
  #openUnit(kind: LeaseKind, port: number, done: (result: LeaseResult) => void): void {
    const sockets = { rtp: -1, rtcp: -1 };
    let waiting = kind === 'pair' ? 2 : 1;
    let errno = 0;
    const opened = (name: 'rtp' | 'rtcp', socket: number): void => {
      if (socket < 0) errno = socket;
      else sockets[name] = socket;
      if (--waiting > 0) return;
      if (errno === 0) {
        const { address } = this.#options;
        done({
          kind: 'leased',
          lease: new PortLease({ owner: this, kind, address, port, rtpSocket: sockets.rtp, rtcpSocket: sockets.rtcp }),
        });
        return;
      }
      if (sockets.rtp >= 0) this.#closeSocket(sockets.rtp, port);
      if (sockets.rtcp >= 0) this.#closeSocket(sockets.rtcp, port + 1);
      done({ kind: 'failed', errno });
    };
    this.#openSocket(port, (socket) => opened('rtp', socket));
    if (kind === 'pair') this.#openSocket(port + 1, (socket) => opened('rtcp', socket));
  }

  #openSocket(port: number, done: (socket: number) => void): void {
    const { io, address, receiveBufferBytes, own } = this.#options;
    io.open({ address, port, receiveBufferBytes, dscp: 0 }, (socket) => {
      if (socket >= 0) own.mark(address, port, 'open');
      done(socket);
    });
  }
}
