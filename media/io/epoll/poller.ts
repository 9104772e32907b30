// epoll(7), level-triggered, with a 64-bit tag per descriptor: the socket number and a generation, so that an event of a
// closed socket is not taken for its successor. Also holds the eventfd that ends a wait.
import { WeirError } from '../../../shared/errors.ts';
import { cloexec, errnoName, nonblock } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { Region } from '../native/region.ts';

const epollin = 1;
const add = 1;
const remove = 2;
const capacity = 512;
/** struct epoll_event is packed on x86-64 only: 12 bytes there, 16 elsewhere. */
const eventWords = process.arch === 'x64' ? 3 : 4;
const tagWord = eventWords - 2;
export const wakeNumber = 0xffffffff;

export class Poller {
  readonly wakeFd: number;
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #region: Region;
  readonly #words: Uint32Array;
  readonly #scratch: bigint;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#epoll = libc.epollCreate(cloexec);
    if (this.#epoll < 0) throw new WeirError('epoll-failed', `Cannot create an epoll instance: ${errnoName(libc.errno())}`);
    this.wakeFd = libc.eventfd(0, cloexec | nonblock);
    if (this.wakeFd < 0) {
      const name = errnoName(libc.errno());
      libc.close(this.#epoll);
      throw new WeirError('epoll-failed', `Cannot create an eventfd: ${name}`);
    }
    this.#region = Region.anonymous(libc, (capacity + 2) * 16);
    this.#words = new Uint32Array(this.#region.buffer);
    this.#scratch = this.#region.pointer + BigInt((capacity + 1) * 16);
    this.add(this.wakeFd, wakeNumber, 0);
  }

  /** 0, or -errno. */
  add(fd: number, number: number, generation: number): number {
    const at = (capacity + 1) * 4;
    this.#words[at] = epollin;
    this.#words[at + tagWord] = number;
    this.#words[at + tagWord + 1] = generation;
    return this.#libc.epollControl(this.#epoll, add, fd, this.#scratch) < 0 ? -this.#libc.errno() : 0;
  }

  remove(fd: number): void {
    this.#libc.epollControl(this.#epoll, remove, fd, this.#scratch);
  }

  /** Number of events; a signal or an error counts as none. */
  wait(timeoutMs: number): number {
    return Math.max(0, this.#libc.epollWait(this.#epoll, this.#region.pointer, capacity, timeoutMs));
  }

  number(event: number): number {
    return this.#words[event * eventWords + tagWord] ?? 0;
  }

  generation(event: number): number {
    return this.#words[event * eventWords + tagWord + 1] ?? 0;
  }

  /** Empties the eventfd, or the next wait would end at once. */
  drainWake(): void {
    this.#libc.read(this.wakeFd, this.#scratch, 8n);
  }

  free(): void {
    this.#libc.close(this.#epoll);
    this.#region.free();
  }
}
