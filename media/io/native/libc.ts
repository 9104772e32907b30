// The C library through node:ffi: every native function of the packet I/O is declared here and nowhere else. Functions
// behave as in C: -1 and `errno()`. An interface, so that tests can stand in for a kernel that refuses.
// Not for OpenSSL: media/srtp and media/dtls declare their own.

export interface Libc {
  /** Error of the last call that failed; read it before any other native call. */
  errno(): number;
  /** The memory at `pointer` without a copy; the caller keeps it mapped as long as the view is used. */
  view(pointer: bigint, length: number): ArrayBuffer;
  mmap(address: bigint, length: bigint, protection: number, flags: number, fd: number, offset: bigint): bigint;
  munmap(pointer: bigint, length: bigint): number;
  close(fd: number): number;
  eventfd(value: number, flags: number): number;
  read(fd: number, buffer: bigint, length: bigint): bigint;
  write(fd: number, buffer: bigint, length: bigint): bigint;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: bigint, length: number): number;
  getsockname(fd: number, address: bigint, length: bigint): number;
  setsockopt(fd: number, level: number, name: number, value: bigint, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: bigint, length: bigint): number;
  sendmsg(fd: number, message: bigint, flags: number): number;
  recvmsg(fd: number, message: bigint, flags: number): number;
  sendmmsg(fd: number, messages: bigint, count: number, flags: number): number;
  recvmmsg(fd: number, messages: bigint, count: number, flags: number, timeout: bigint): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, fd: number, event: bigint): number;
  epollWait(epoll: number, events: bigint, capacity: number, timeoutMs: number): number;
  usleep(microseconds: number): number;
  ioUringSetup(entries: number, params: bigint): number;
  ioUringEnter(ring: number, submit: number, complete: number, flags: number, argument: bigint, argumentBytes: number): number;
  ioUringRegister(ring: number, operation: number, argument: bigint, count: number): number;
}

export type LibcResult = { readonly kind: 'libc'; readonly libc: Libc } | { readonly kind: 'unavailable'; readonly reason: string };

// The numbers of the newer system calls are the same on every architecture.
const sysIoUringSetup = 425;
const sysIoUringEnter = 426;
const sysIoUringRegister = 427;

const declarations = {
  __errno_location: { return: 'pointer', arguments: [] },
  mmap: { return: 'pointer', arguments: ['pointer', 'u64', 'i32', 'i32', 'i32', 'i64'] },
  munmap: { return: 'i32', arguments: ['pointer', 'u64'] },
  close: { return: 'i32', arguments: ['i32'] },
  eventfd: { return: 'i32', arguments: ['u32', 'i32'] },
  read: { return: 'i64', arguments: ['i32', 'pointer', 'u64'] },
  write: { return: 'i64', arguments: ['i32', 'pointer', 'u64'] },
  socket: { return: 'i32', arguments: ['i32', 'i32', 'i32'] },
  bind: { return: 'i32', arguments: ['i32', 'pointer', 'u32'] },
  getsockname: { return: 'i32', arguments: ['i32', 'pointer', 'pointer'] },
  setsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'] },
  getsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer', 'pointer'] },
  sendmsg: { return: 'i32', arguments: ['i32', 'pointer', 'i32'] },
  recvmsg: { return: 'i32', arguments: ['i32', 'pointer', 'i32'] },
  sendmmsg: { return: 'i32', arguments: ['i32', 'pointer', 'u32', 'i32'] },
  recvmmsg: { return: 'i32', arguments: ['i32', 'pointer', 'u32', 'i32', 'pointer'] },
  epoll_create1: { return: 'i32', arguments: ['i32'] },
  epoll_ctl: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer'] },
  usleep: { return: 'i32', arguments: ['u32'] },
  epoll_wait: { return: 'i32', arguments: ['i32', 'pointer', 'i32', 'i32'] },
} as const;

/** Says why not where node:ffi is missing, switched off or denied, or the system is not Linux on a 64-bit little-endian CPU. */
export function loadLibc(): LibcResult {
  if (process.platform !== 'linux') return { kind: 'unavailable', reason: `the system is ${process.platform}, not linux` };
  if (process.arch !== 'x64' && process.arch !== 'arm64') return { kind: 'unavailable', reason: `the CPU is ${process.arch}` };
  const ffi = loadFfi();
  if (ffi === undefined) return { kind: 'unavailable', reason: 'node:ffi is switched off or missing in this node' };
  try {
    return { kind: 'libc', libc: bindLibc(ffi) };
  } catch (thrown) {
    return { kind: 'unavailable', reason: `node:ffi failed: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
}

// A static import would not even load under --no-experimental-ffi.
function loadFfi(): typeof import('node:ffi') | undefined {
  return process.getBuiltinModule('node:ffi');
}

function bindLibc(ffi: typeof import('node:ffi')): Libc {
  const c = ffi.dlopen(null, declarations).functions;
  // One library object holds one signature per symbol; `syscall` needs one for each call it stands for.
  const setup = ffi.dlopen(null, { syscall: { return: 'i32', arguments: ['i64', 'u32', 'pointer'] } } as const).functions.syscall;
  const enter = ffi.dlopen(null, {
    syscall: { return: 'i32', arguments: ['i64', 'i32', 'u32', 'u32', 'u32', 'pointer', 'u64'] },
  } as const).functions.syscall;
  const register = ffi.dlopen(null, { syscall: { return: 'i32', arguments: ['i64', 'i32', 'u32', 'pointer', 'u32'] } } as const).functions
    .syscall;
  const setupNumber = BigInt(sysIoUringSetup);
  const enterNumber = BigInt(sysIoUringEnter);
  const registerNumber = BigInt(sysIoUringRegister);
  return {
    errno: () => ffi.getInt32(c.__errno_location()),
    view: (pointer, length) => ffi.toArrayBuffer(pointer, length, false),
    mmap: c.mmap,
    munmap: c.munmap,
    close: c.close,
    eventfd: c.eventfd,
    read: c.read,
    write: c.write,
    socket: c.socket,
    bind: c.bind,
    getsockname: c.getsockname,
    setsockopt: c.setsockopt,
    getsockopt: c.getsockopt,
    sendmsg: c.sendmsg,
    recvmsg: c.recvmsg,
    sendmmsg: c.sendmmsg,
    recvmmsg: c.recvmmsg,
    epollCreate: c.epoll_create1,
    epollControl: c.epoll_ctl,
    epollWait: c.epoll_wait,
    usleep: c.usleep,
    ioUringSetup: (entries, params) => setup(setupNumber, entries, params),
    ioUringEnter: (ring, submit, complete, flags, argument, bytes) =>
      enter(enterNumber, ring, submit, complete, flags, argument, BigInt(bytes)),
    ioUringRegister: (ring, operation, argument, count) => register(registerNumber, ring, operation, argument, count),
  };
}
