// Picks the packet I/O backend of a worker: the fastest one that this kernel, its seccomp filter and this node let work,
// found by trying, not by version. `why` is one sentence for the start log.
import { errorMessage, WeirError } from '../../shared/errors.ts';
import { DgramIo } from './dgram/dgram-io.ts';
import { EpollIo } from './epoll/epoll-io.ts';
import { probeSizes } from './limits.ts';
import { type Libc, type LibcResult, loadLibc } from './native/libc.ts';
import type { PacketIo } from './packet-io.ts';
import { selfTest } from './self-test.ts';
import { UringIo } from './uring/uring-io.ts';

export type IoName = PacketIo['name'];

export interface ChooseIoOptions {
  /** `auto` takes the best that works; a name takes that one or throws. */
  readonly force?: IoName | 'auto';
  /** The C library to use; tests hand in one that refuses. */
  readonly libc?: LibcResult;
}

export interface ChosenIo {
  readonly io: PacketIo;
  readonly why: string;
}

/** Call it on the thread that will run the backend. Throws WeirError 'io-unavailable' when the forced one does not work. */
export function chooseIo(options: ChooseIoOptions = {}): ChosenIo {
  const force = options.force ?? 'auto';
  if (force === 'dgram') return { io: new DgramIo(), why: 'dgram: forced by configuration' };
  const found = options.libc ?? loadLibc();
  if (found.kind === 'unavailable') return withoutNative(force, found.reason);
  const { libc } = found;
  const reasons: string[] = [];
  for (const name of ['uring', 'epoll'] as const) {
    if (force !== 'auto' && force !== name) continue;
    const failure = tryBackend(name, libc);
    if (failure === undefined)
      return { io: name === 'uring' ? new UringIo(libc) : new EpollIo(libc), why: reasonFor(name, force, reasons) };
    reasons.push(`${name} does not work here: ${failure}`);
  }
  if (force !== 'auto') throw new WeirError('io-unavailable', `Cannot use the packet I/O "${force}": ${reasons.join('; ')}`);
  return { io: new DgramIo(), why: `dgram: ${reasons.join('; ')}` };
}

function withoutNative(force: IoName | 'auto', reason: string): ChosenIo {
  if (force !== 'auto') throw new WeirError('io-unavailable', `Cannot use the packet I/O "${force}": ${reason}`);
  return { io: new DgramIo(), why: `dgram: native calls are not available: ${reason}` };
}

function reasonFor(name: IoName, force: IoName | 'auto', reasons: readonly string[]): string {
  if (force === name) return `${name}: forced by configuration, tested over loopback`;
  if (reasons.length > 0) return `${name}: ${reasons.join('; ')}`;
  return `${name}: the fastest one, tested over loopback`;
}

/** What is wrong with a backend here, undefined if nothing. */
function tryBackend(name: 'uring' | 'epoll', libc: Libc): string | undefined {
  try {
    if (name === 'epoll') return outcome(new EpollIo(libc), libc);
    const io = new UringIo(libc, probeSizes);
    const failure = outcome(io, libc);
    return failure === undefined || io.fault === '' ? failure : io.fault;
  } catch (thrown) {
    return errorMessage(thrown);
  }
}

function outcome(io: PacketIo, libc: Libc): string | undefined {
  try {
    return selfTest(io);
  } finally {
    // Nobody was told of it yet.
    libc.close(io.wakeFd);
  }
}
