// A stage for packet I/O stories: a story is a generator that yields a condition and goes on in the turn in which it
// holds. One way to write a test for backends that block their thread and for one that does not.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { chooseIo } from '../../../media/io/choose-io.ts';
import { DgramIo } from '../../../media/io/dgram/dgram-io.ts';
import { EpollIo } from '../../../media/io/epoll/epoll-io.ts';
import { type Libc, loadLibc } from '../../../media/io/native/libc.ts';
import type { Destination, Packet, PacketIo } from '../../../media/io/packet-io.ts';
import { UringIo } from '../../../media/io/uring/uring-io.ts';
import { errorMessage } from '../../../shared/errors.ts';

export const backends = ['uring', 'epoll', 'dgram'] as const;
export type Backend = (typeof backends)[number];
export type Story = (stage: Stage) => Generator<() => boolean, void>;

const smallSizes = { submissions: 8, completions: 16, slots: 16, spareSlots: 4 };
/** A story that is not done by then has failed: far beyond any wait a working backend makes. */
const deadlineMs = 20_000;

export interface Heard {
  readonly socket: number;
  readonly family: 4 | 6;
  readonly words: readonly number[];
  readonly port: number;
  readonly bytes: readonly number[];
}

export class Stage {
  readonly io: PacketIo;
  /** What the native backends use; counts the memory they hold. */
  readonly libc: CountingLibc | undefined;
  readonly backend: Backend;
  /** What came in, in order, unless the story set `onPacket`. */
  readonly heard: Heard[] = [];
  onPacket: ((packet: Packet, now: number) => void) | undefined;
  /** What the turn asks for between two looks at the condition. */
  waitMs = 1;
  /** Looked at after the backend has stopped. */
  afterwards: () => void = () => {};
  /** Thrown out of the next packet, past the stage. */
  throwFromPacket: Error | undefined;
  #ended = false;
  #failure: unknown;

  constructor(backend: Backend, small: 'small' | 'normal' = 'normal') {
    this.backend = backend;
    if (backend === 'dgram') {
      this.io = small === 'small' ? new DgramIo(16) : new DgramIo();
      return;
    }
    this.libc = countingLibc();
    if (backend === 'epoll') this.io = new EpollIo(this.libc);
    else this.io = new UringIo(this.libc, small === 'small' ? smallSizes : undefined);
  }

  /** The number of a socket that must open. */
  open(address = '127.0.0.1', port = 0, dscp = 0): number {
    const socket = this.tryOpen(address, port, dscp);
    assert.ok(socket >= 0, `open ${address}:${port} failed: errno ${-socket}`);
    return socket;
  }

  tryOpen(address: string, port = 0, dscp = 0): number {
    let result = Number.NaN;
    this.io.open({ address, port, receiveBufferBytes: 8 << 20, dscp }, (socket) => {
      result = socket;
    });
    return result;
  }

  to(socket: number, address = '127.0.0.1'): Destination {
    return this.io.destination(address, this.io.localPort(socket));
  }

  say(socket: number, to: Destination, ...bytes: number[]): void {
    this.io.sendBytes(socket, Uint8Array.from(bytes), to);
  }

  /** Ends the story from within a packet. */
  finish(failure?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.io.stop();
  }

  /** Runs the story to its end; resolves when the backend has stopped. */
  async play(story: Story): Promise<void> {
    const steps = story(this);
    let condition: () => boolean = () => true;
    const began = performance.now();
    const onward = (now: number): void => {
      while (!this.#ended && condition()) {
        const step = steps.next();
        if (step.done === true) this.finish();
        else condition = step.value;
      }
      if (!this.#ended && now - began > deadlineMs) throw new Error(`The story waits in vain for ${condition}`);
    };
    try {
      this.io.run({
        packet: (packet, now) => {
          if (this.throwFromPacket !== undefined) throw this.throwFromPacket;
          this.#guard(() => this.#packet(packet, now));
        },
        turn: (now) => {
          this.#guard(() => onward(now));
          return this.waitMs;
        },
      });
    } catch (thrown) {
      if (thrown !== this.throwFromPacket) throw thrown;
      this.finish();
    }
    while (!this.#ended) await new Promise((resolve) => setTimeout(resolve, 1));
    // What the event loop still holds of a closed socket would come in the next few rounds.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure !== undefined) throw this.#failure;
    this.afterwards();
  }

  #packet(packet: Packet, now: number): void {
    if (this.onPacket !== undefined) this.onPacket(packet, now);
    else this.heard.push(hear(packet));
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.finish(thrown);
    }
  }
}

/** '' when the backend works on this machine, else why not. */
export function unavailable(backend: Backend): string {
  try {
    const { io } = chooseIo({ force: backend });
    io.stop();
    if (io.wakeFd >= 0) nativeLibc().close(io.wakeFd);
    return '';
  } catch (thrown) {
    return errorMessage(thrown);
  }
}

export function hasIPv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1') === true);
}

export interface CountingLibc extends Libc {
  /** Bytes mapped and not unmapped. */
  mapped(): bigint;
}

function countingLibc(): CountingLibc {
  const libc = nativeLibc();
  let bytes = 0n;
  return {
    ...libc,
    mapped: () => bytes,
    mmap: (address, length, protection, flags, fd, offset) => {
      bytes += length;
      return libc.mmap(address, length, protection, flags, fd, offset);
    },
    munmap: (pointer, length) => {
      bytes -= length;
      return libc.munmap(pointer, length);
    },
  };
}

export function nativeLibc(): Libc {
  const found = loadLibc();
  if (found.kind === 'unavailable') throw new Error(found.reason);
  return found.libc;
}

/** Open sockets, rings, epoll instances and eventfds of the process. */
export function nativeDescriptors(): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link.startsWith('socket:') || link.startsWith('anon_inode:')).length;
}

function hear(packet: Packet): Heard {
  return {
    socket: packet.socket,
    family: packet.family,
    words: [packet.a, packet.b, packet.c, packet.d],
    port: packet.port,
    bytes: [...packet.bytes.subarray(packet.start, packet.start + packet.length)],
  };
}
