// The choice of a backend, with C libraries that stand for kernels and seccomp filters that refuse one thing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseIo, type IoName } from '../../../media/io/choose-io.ts';
import { errnoOf } from '../../../media/io/native/errno.ts';
import type { Libc } from '../../../media/io/native/libc.ts';
import { nativeDescriptors, nativeLibc } from './stage.ts';

const real = nativeLibc();
type Denial = (fail: (errno: number) => number) => Partial<Libc>;

/** The real library but for what `denial` puts in its place; `fail` makes a call return -1 with that errno. */
function denying(denial: Denial): Libc {
  let forced = 0;
  const fail = (errno: number): number => {
    forced = errno;
    return -1;
  };
  const errno = (): number => {
    const value = forced === 0 ? real.errno() : forced;
    forced = 0;
    return value;
  };
  return { ...real, errno, ...denial(fail) };
}

const opSend = 26;
const opRecvmsg = 10;
const registerPbufRing = 22;

/** A kernel that does not know some opcode: turns it into one that no kernel knows just before it is submitted. */
function withoutOpcode(opcode: number): Libc {
  const maps: { pointer: bigint; length: bigint }[] = [];
  return {
    ...real,
    mmap: (address, length, protection, flags, fd, offset) => {
      const pointer = real.mmap(address, length, protection, flags, fd, offset);
      if (offset === 0x10000000n) maps.push({ pointer, length });
      return pointer;
    },
    munmap: (pointer, length) => {
      const index = maps.findIndex((map) => map.pointer === pointer);
      if (index >= 0) maps.splice(index, 1);
      return real.munmap(pointer, length);
    },
    ioUringEnter: (...parameters) => {
      for (const map of maps) {
        const sqes = new Uint8Array(real.view(map.pointer, Number(map.length)));
        for (let at = 0; at < sqes.length; at += 64) if (sqes[at] === opcode) sqes[at] = 250;
      }
      return real.ioUringEnter(...parameters);
    },
  };
}

const cases: readonly { name: string; libc: Libc; io: IoName; why: RegExp }[] = [
  { name: 'takes uring where everything works', libc: real, io: 'uring', why: /^uring: the fastest one/ },
  {
    name: 'takes epoll where seccomp denies io_uring',
    libc: denying((fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM) })),
    io: 'epoll',
    why: /^epoll: uring does not work here: .*seccomp.*io_uring_disabled \(EPERM\)$/,
  },
  {
    name: 'takes epoll where the kernel has no io_uring',
    libc: denying((fail) => ({ ioUringSetup: () => fail(errnoOf.ENOSYS) })),
    io: 'epoll',
    why: /^epoll: .*no io_uring.*ENOSYS/,
  },
  {
    name: 'takes epoll where the kernel does not know the set-up flags',
    libc: denying((fail) => ({ ioUringSetup: () => fail(errnoOf.EINVAL) })),
    io: 'epoll',
    why: /^epoll: .*too old.*6\.1 is needed/,
  },
  {
    name: 'takes epoll where provided-buffer rings are refused',
    libc: denying((fail) => ({
      ioUringRegister: (ring, operation, argument, count) =>
        operation === registerPbufRing ? fail(errnoOf.EINVAL) : real.ioUringRegister(ring, operation, argument, count),
    })),
    io: 'epoll',
    why: /^epoll: .*provided-buffer ring \(EINVAL\)/,
  },
  {
    name: 'takes epoll where io_uring_enter is denied',
    libc: denying((fail) => ({ ioUringEnter: () => fail(errnoOf.EPERM) })),
    io: 'epoll',
    why: /^epoll: .*Cannot enter the ring: EPERM/,
  },
  {
    name: 'takes epoll where multishot RECVMSG is refused',
    libc: withoutOpcode(opRecvmsg),
    io: 'epoll',
    why: /^epoll: .*multishot RECVMSG requests \(EINVAL\)/,
  },
  {
    name: 'takes epoll where SEND with an address is refused',
    libc: withoutOpcode(opSend),
    io: 'epoll',
    why: /^epoll: .*SEND requests with an address/,
  },
  {
    name: 'takes dgram where epoll is denied as well',
    libc: denying((fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM), epollCreate: () => fail(errnoOf.EPERM) })),
    io: 'dgram',
    why: /^dgram: uring does not work here: .*; epoll does not work here: Cannot create an epoll instance: EPERM$/,
  },
  {
    name: 'takes dgram where recvmmsg is denied',
    libc: denying((fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM), recvmmsg: () => fail(errnoOf.EPERM) })),
    io: 'dgram',
    why: /^dgram: .*epoll does not work here: a datagram sent over loopback did not come back$/,
  },
];

for (const { name, libc, io, why } of cases) {
  test(`chooseIo ${name}`, () => {
    const before = nativeDescriptors();
    const chosen = chooseIo({ libc: { kind: 'libc', libc } });
    chosen.io.stop();
    if (chosen.io.wakeFd >= 0) real.close(chosen.io.wakeFd);
    assert.equal(nativeDescriptors(), before, 'what did not work is closed');
    assert.equal(chosen.io.name, io, chosen.why);
    assert.match(chosen.why, why);
  });
}

test('chooseIo takes dgram where node:ffi is off, and says so', () => {
  const chosen = chooseIo({ libc: { kind: 'unavailable', reason: 'node:ffi is switched off or missing in this node' } });
  assert.equal(chosen.io.name, 'dgram');
  assert.match(chosen.why, /^dgram: native calls are not available: node:ffi is switched off/);
  chosen.io.stop();
});

test('chooseIo takes the forced one', () => {
  for (const name of ['uring', 'epoll', 'dgram'] as const) {
    const chosen = chooseIo({ force: name });
    assert.equal(chosen.io.name, name);
    assert.match(chosen.why, new RegExp(`^${name}: forced by configuration`));
    chosen.io.stop();
    if (chosen.io.wakeFd >= 0) real.close(chosen.io.wakeFd);
  }
});

test('chooseIo throws when the forced one does not work', () => {
  const denied = denying((fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM) }));
  assert.throws(() => chooseIo({ force: 'uring', libc: { kind: 'libc', libc: denied } }), {
    code: 'io-unavailable',
    message: /^Cannot use the packet I\/O "uring": .*EPERM/,
  });
  assert.throws(() => chooseIo({ force: 'epoll', libc: { kind: 'unavailable', reason: 'off' } }), { code: 'io-unavailable' });
});
