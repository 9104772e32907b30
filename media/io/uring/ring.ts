// One io_uring instance: set-up, the submission and completion queues in shared memory, and the one system call that
// serves both (io_uring_setup(2), io_uring_enter(2)). One thread submits and reaps. Knows nothing of sockets.
//
//   SQE, 64 bytes, as 32-bit words:
//   0 opcode|flags|ioprio  1 fd  2-3 addr2/off  4-5 addr  6 len  7 op flags  8-9 user data  10 buf group|personality
//   11 addr len  12-15 zero
//   CQE, 16 bytes:  0-1 user data  2 result  3 flags (upper half: buffer)
import { WeirError } from '../../../shared/errors.ts';
import { errnoName, errnoOf } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { Region } from '../native/region.ts';

const setupCqsize = 1 << 3;
const setupSubmitAll = 1 << 7;
const setupSingleIssuer = 1 << 12;
const setupDeferTaskrun = 1 << 13;
const featSingleMmap = 1 << 0;
const featNodrop = 1 << 1;
const featSubmitStable = 1 << 2;
const featExtArg = 1 << 8;
const featCqeSkip = 1 << 11;
const enterGetevents = 1;
const enterExtArg = 1 << 3;
const offSqRing = 0n;
const offSqes = 0x10000000n;
const sqeWords = 16;
const cqeWords = 4;
const featMinTimeout = 1 << 15;
const getEventsArgBytes = 24;
/** Word of the io_uring_getevents_arg that holds the shortest wait in microseconds. */
const minWaitWord = 3;
/** Where the timespec lies behind the io_uring_getevents_arg. */
const timespecOffset = 64;

export interface RingOptions {
  /** Powers of two. */
  readonly submissions: number;
  readonly completions: number;
}

export class Ring {
  readonly fd: number;
  /** The submission entries: write the 12 words at the index `next` returned. */
  readonly sqes: Uint32Array;
  /** The rings as words; completions lie at `completion(position)`. */
  readonly words: Int32Array;
  readonly #libc: Libc;
  readonly #rings: Region;
  readonly #sqeRegion: Region;
  readonly #argument: Region;
  readonly #argumentWords: Uint32Array;
  readonly #timespec: Uint32Array;
  readonly #canGather: boolean;
  readonly #sqMask: number;
  readonly #sqSize: number;
  readonly #sqHeadAt: number;
  readonly #sqTailAt: number;
  readonly #cqMask: number;
  readonly #cqHeadAt: number;
  readonly #cqTailAt: number;
  readonly #cqesAt: number;
  #sqTail: number;

  /** Throws WeirError 'uring-unavailable' naming what the kernel lacks or denies. */
  constructor(libc: Libc, options: RingOptions) {
    this.#libc = libc;
    this.#argument = Region.anonymous(libc, 4096);
    const params = new Uint32Array(this.#argument.buffer, 1024, 30);
    params[1] = options.completions;
    // Completions are worked on only when we ask for them, on the one thread that asks: no interruptions, no locking.
    params[2] = setupCqsize | setupSubmitAll | setupSingleIssuer | setupDeferTaskrun;
    this.fd = libc.ioUringSetup(options.submissions, this.#argument.pointer + 1024n);
    if (this.fd < 0) {
      const errno = libc.errno();
      this.#argument.free();
      throw new WeirError('uring-unavailable', setupFailure(errno));
    }
    const word = (index: number): number => params[index] ?? 0;
    try {
      requireFeatures(word(5));
      const array = word(16);
      const ringBytes = Math.max(word(25) + word(1) * cqeWords * 4, array + word(0) * 4);
      this.#rings = Region.shared(libc, ringBytes, this.fd, offSqRing);
      this.#sqeRegion = Region.shared(libc, word(0) * sqeWords * 4, this.fd, offSqes);
    } catch (thrown) {
      libc.close(this.fd);
      this.#argument.free();
      throw thrown;
    }
    this.words = new Int32Array(this.#rings.buffer);
    this.sqes = new Uint32Array(this.#sqeRegion.buffer);
    this.#sqSize = word(0);
    this.#sqMask = word(0) - 1;
    this.#sqHeadAt = word(10) / 4;
    this.#sqTailAt = word(11) / 4;
    this.#cqMask = word(1) - 1;
    this.#cqHeadAt = word(20) / 4;
    this.#cqTailAt = word(21) / 4;
    this.#cqesAt = word(25) / 4;
    this.#sqTail = this.words[this.#sqTailAt] ?? 0;
    // The indirection array of the submission queue stays the identity for good.
    for (let index = 0; index < this.#sqSize; index++) this.words[word(16) / 4 + index] = index;
    this.#canGather = (word(5) & featMinTimeout) !== 0;
    this.#argumentWords = new Uint32Array(this.#argument.buffer, 0, getEventsArgBytes / 4);
    this.#timespec = new Uint32Array(this.#argument.buffer, timespecOffset, 4);
    new BigUint64Array(this.#argument.buffer)[2] = this.#argument.pointer + BigInt(timespecOffset);
  }

  /** Entries written but not yet read by the kernel. */
  get pending(): number {
    return (this.#sqTail - Atomics.load(this.words, this.#sqHeadAt)) | 0;
  }

  /** Word index of the next submission entry, or -1 when the queue is full and the kernel takes nothing. */
  next(): number {
    if (this.pending >= this.#sqSize && (this.submit() < 0 || this.pending >= this.#sqSize)) return -1;
    const at = (this.#sqTail & this.#sqMask) * sqeWords;
    this.#sqTail = (this.#sqTail + 1) | 0;
    return at;
  }

  /** Hands everything written to the kernel and lets it do work that is due, without waiting. 0, or -errno. */
  submit(): number {
    return this.#enter(0, 0n, 0);
  }

  /** As `submit`, then waits until there is a completion, at most `waitMs`. 0, or -errno; a timeout is 0. */
  submitAndWait(waitMs: number): number {
    if (waitMs <= 0) return this.#enter(0, 0n, 0);
    this.#argumentWords[minWaitWord] = 0;
    this.#timespec[2] = Math.min(Math.ceil(waitMs * 1e6), 999_999_999);
    return this.#enter(1, this.#argument.pointer, getEventsArgBytes);
  }

  /**
   * As `submitAndWait`, but returns for a single completion only when `gatherUs` are over, for `enough` of them at once
   * (IORING_FEAT_MIN_TIMEOUT, Linux 6.12; older kernels return at the first).
   */
  submitAndGather(waitMs: number, gatherUs: number, enough: number): number {
    if (!this.#canGather || waitMs * 1000 <= gatherUs) return this.submitAndWait(waitMs);
    this.#argumentWords[minWaitWord] = gatherUs;
    this.#timespec[2] = Math.min(Math.ceil(waitMs * 1e6), 999_999_999);
    return this.#enter(enough, this.#argument.pointer, getEventsArgBytes);
  }

  /** Position of the first completion not yet taken. */
  get head(): number {
    return this.words[this.#cqHeadAt] ?? 0;
  }

  get tail(): number {
    return Atomics.load(this.words, this.#cqTailAt);
  }

  /** Word index of the completion at a position between head and tail. */
  completion(position: number): number {
    return this.#cqesAt + (position & this.#cqMask) * cqeWords;
  }

  /** Gives all completions before `position` back to the kernel. */
  taken(position: number): void {
    Atomics.store(this.words, this.#cqHeadAt, position);
  }

  register(operation: number, argument: bigint, count: number): number {
    return this.#libc.ioUringRegister(this.fd, operation, argument, count) < 0 ? -this.#libc.errno() : 0;
  }

  /** Only when no request is left: the kernel still writes to the memory of those. */
  free(): void {
    this.#libc.close(this.fd);
    this.#rings.free();
    this.#sqeRegion.free();
    this.#argument.free();
  }

  /**
   * For requests that would not end: the kernel cancels them in its own time after the close, and the memory they may
   * write to stays mapped. Leaked once is better than someone else's overwritten.
   */
  abandon(): void {
    this.#libc.close(this.fd);
  }

  #enter(complete: number, argument: bigint, argumentBytes: number): number {
    Atomics.store(this.words, this.#sqTailAt, this.#sqTail);
    const flags = argumentBytes > 0 ? enterGetevents | enterExtArg : enterGetevents;
    if (this.#libc.ioUringEnter(this.fd, this.pending, complete, flags, argument, argumentBytes) >= 0) return 0;
    const errno = this.#libc.errno();
    return errno === errnoOf.ETIME || errno === errnoOf.EINTR ? 0 : -errno;
  }
}

function setupFailure(errno: number): string {
  switch (errno) {
    case errnoOf.ENOSYS:
      return 'the kernel has no io_uring, or a seccomp filter hides it (io_uring_setup: ENOSYS)';
    case errnoOf.EPERM:
      return 'io_uring is denied by a seccomp filter (as in Docker by default) or by sysctl kernel.io_uring_disabled (EPERM)';
    case errnoOf.EINVAL:
      return 'the kernel is too old for single-issuer rings with deferred task work, 6.1 is needed (io_uring_setup: EINVAL)';
    case errnoOf.ENOMEM:
      return 'no memory for the rings, see the locked-memory limit (io_uring_setup: ENOMEM)';
    default:
      return `io_uring_setup: ${errnoName(errno)}`;
  }
}

function requireFeatures(features: number): void {
  const needed = featSingleMmap | featNodrop | featSubmitStable | featExtArg | featCqeSkip;
  const lacking = needed & ~features;
  if (lacking !== 0) throw new WeirError('uring-unavailable', `the kernel's io_uring lacks features 0x${lacking.toString(16)}`);
}
