// Error numbers and flags of the Linux interfaces the native backends use, where node:os does not name them.
import { constants } from 'node:os';

/** "EPERM" for 1; the number where the system has no name for it. */
export function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(constants.errno)) if (value === errno) return name;
  return `errno ${errno}`;
}

export const errnoOf = constants.errno;

export const afInet = 2;
export const afInet6 = 10;
export const msgDontwait = 0x40;
export const msgTrunc = 0x20;
export const msgNosignal = 0x4000;
/** SOCK_CLOEXEC, EFD_CLOEXEC and EPOLL_CLOEXEC are the same bit, SOCK_NONBLOCK and EFD_NONBLOCK too. */
export const cloexec = 0x80000;
export const nonblock = 0x800;
