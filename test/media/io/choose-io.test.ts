// The choice of a backend, with C libraries that stand for kernels and seccomp filters that refuse one thing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseIo, type IoName } from '../../../media/io/choose-io.ts';
import { errnoOf } from '../../../media/io/native/errno.ts';
import type { Libc } from '../../../media/io/native/libc.ts';
import type { PacketIo } from '../../../media/io/packet-io.ts';
import { backends, nativeDescriptors, nativeLibc, unavailable } from './stage.ts';

type Denial = (fail: (errno: number) => number) => Partial<Libc>;

/** The real library but for what `denial` puts in its place; `fail` makes a call return -1 with that errno. */
function denying(real: Libc, denial: Denial): Libc {
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
function withoutOpcode(real: Libc, opcode: number): Libc {
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

interface Case {
  readonly name: string;
  readonly libc: Libc;
  readonly io: IoName;
  readonly why: RegExp;
  /** Denying one step of io_uring needs the steps before it. */
  readonly needs?: 'uring';
}

function casesWith(real: Libc): readonly Case[] {
  return [
    { name: 'takes uring where everything works', needs: 'uring', libc: real, io: 'uring', why: /^uring: the fastest one/ },
    {
      name: 'takes epoll where seccomp denies io_uring',
      libc: denying(real, (fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM) })),
      io: 'epoll',
      why: /^epoll: uring does not work here: .*seccomp.*io_uring_disabled \(EPERM\)$/,
    },
    {
      name: 'takes epoll where the kernel has no io_uring',
      libc: denying(real, (fail) => ({ ioUringSetup: () => fail(errnoOf.ENOSYS) })),
      io: 'epoll',
      why: /^epoll: .*no io_uring.*ENOSYS/,
    },
    {
      name: 'takes epoll where the kernel does not know the set-up flags',
      libc: denying(real, (fail) => ({ ioUringSetup: () => fail(errnoOf.EINVAL) })),
      io: 'epoll',
      why: /^epoll: .*too old.*6\.1 is needed/,
    },
    {
      name: 'takes epoll where provided-buffer rings are refused',
      needs: 'uring',
      libc: denying(real, (fail) => ({
        ioUringRegister: (ring, operation, argument, count) =>
          operation === registerPbufRing ? fail(errnoOf.EINVAL) : real.ioUringRegister(ring, operation, argument, count),
      })),
      io: 'epoll',
      why: /^epoll: .*provided-buffer ring \(EINVAL\)/,
    },
    {
      name: 'takes epoll where io_uring_enter is denied',
      needs: 'uring',
      libc: denying(real, (fail) => ({ ioUringEnter: () => fail(errnoOf.EPERM) })),
      io: 'epoll',
      why: /^epoll: .*Cannot enter the ring: EPERM/,
    },
    {
      name: 'takes epoll where multishot RECVMSG is refused',
      needs: 'uring',
      libc: withoutOpcode(real, opRecvmsg),
      io: 'epoll',
      why: /^epoll: .*multishot RECVMSG requests \(EINVAL\)/,
    },
    {
      name: 'takes epoll where SEND with an address is refused',
      needs: 'uring',
      libc: withoutOpcode(real, opSend),
      io: 'epoll',
      why: /^epoll: .*SEND requests with an address/,
    },
    {
      name: 'takes dgram where epoll is denied as well',
      libc: denying(real, (fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM), epollCreate: () => fail(errnoOf.EPERM) })),
      io: 'dgram',
      why: /^dgram: uring does not work here: .*; epoll does not work here: Cannot create an epoll instance: EPERM$/,
    },
    {
      name: 'takes dgram where recvmmsg is denied',
      libc: denying(real, (fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM), recvmmsg: () => fail(errnoOf.EPERM) })),
      io: 'dgram',
      why: /^dgram: .*epoll does not work here: a datagram sent over loopback did not come back$/,
    },
  ];
}

const withoutNative = unavailable('epoll');
const withoutUring = unavailable('uring');

if (withoutNative !== '') test('chooseIo under denials', { skip: withoutNative }, () => {});
else
  for (const one of casesWith(nativeLibc()))
    test(`chooseIo ${one.name}`, { skip: (one.needs !== undefined && withoutUring) || false }, () => play(one));

function play({ libc, io, why }: Case): void {
  const before = nativeDescriptors();
  const chosen = chooseIo({ libc: { kind: 'libc', libc } });
  end(chosen.io);
  assert.equal(nativeDescriptors(), before, 'what did not work is closed');
  assert.equal(chosen.io.name, io, chosen.why);
  assert.match(chosen.why, why);
}

function end(io: PacketIo): void {
  io.stop();
  if (io.wakeFd >= 0) nativeLibc().close(io.wakeFd);
}

test('chooseIo takes dgram where node:ffi is off, and says so', () => {
  const chosen = chooseIo({ libc: { kind: 'unavailable', reason: 'node:ffi is switched off or missing in this node' } });
  assert.equal(chosen.io.name, 'dgram');
  assert.match(chosen.why, /^dgram: native calls are not available: node:ffi is switched off/);
  end(chosen.io);
});

for (const name of backends) {
  test(`chooseIo takes ${name} where it is forced`, { skip: unavailable(name) || false }, () => {
    const chosen = chooseIo({ force: name });
    assert.equal(chosen.io.name, name);
    assert.match(chosen.why, new RegExp(`^${name}: forced by configuration`));
    end(chosen.io);
  });
}

test('chooseIo throws where the forced one does not work', () => {
  for (const force of ['uring', 'epoll'] as const) {
    assert.throws(() => chooseIo({ force, libc: { kind: 'unavailable', reason: 'it is off' } }), {
      code: 'io-unavailable',
      message: `Cannot use the packet I/O "${force}": it is off`,
    });
  }
});

test('chooseIo names the denial where the forced one is denied', { skip: withoutNative || false }, () => {
  const libc = denying(nativeLibc(), (fail) => ({ ioUringSetup: () => fail(errnoOf.EPERM) }));
  assert.throws(() => chooseIo({ force: 'uring', libc: { kind: 'libc', libc } }), { code: 'io-unavailable', message: /EPERM/ });
});
