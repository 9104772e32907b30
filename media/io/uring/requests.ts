// The submission entries Weir uses, and how their completions are told apart: the upper word of the user data carries the
// kind in two bits and the socket number above, the lower word the slot of a send.

import type { NativeDestination } from '../native/destination.ts';
import { msgDontwait, msgNosignal } from '../native/errno.ts';
import { bufferGroup } from './buffers.ts';

const opRecvmsg = 10;
const opAsyncCancel = 14;
const opRead = 22;
const opSend = 26;
const bufferSelect = 1 << 5;
const recvMultishot = 1 << 1;

export const kindReceive = 0;
export const kindSend = 1;
export const kindWake = 2;
export const kindCancel = 3;
export const kindBits = 2;
export const kindMask = 3;

/** Multishot: one request reports datagrams until its buffers run out, it fails or is cancelled. */
export function writeReceive(sqes: Uint32Array, at: number, fd: number, socket: number, message: { low: number; high: number }): void {
  sqes[at] = opRecvmsg | (bufferSelect << 8) | (recvMultishot << 16);
  sqes[at + 1] = fd;
  sqes[at + 2] = 0;
  sqes[at + 3] = 0;
  sqes[at + 4] = message.low;
  sqes[at + 5] = message.high;
  sqes[at + 6] = 1;
  sqes[at + 7] = 0;
  sqes[at + 8] = 0;
  sqes[at + 9] = kindReceive | (socket << kindBits);
  sqes[at + 10] = bufferGroup;
  sqes[at + 11] = 0;
}

/** MSG_DONTWAIT: with a full send buffer the datagram is refused at once, never sent late behind its successors. */
export function writeSend(
  sqes: Uint32Array,
  at: number,
  fd: number,
  socket: number,
  slot: number,
  low: number,
  high: number,
  length: number,
  to: NativeDestination,
): void {
  sqes[at] = opSend;
  sqes[at + 1] = fd;
  sqes[at + 2] = to.low;
  sqes[at + 3] = to.high;
  sqes[at + 4] = low;
  sqes[at + 5] = high;
  sqes[at + 6] = length;
  sqes[at + 7] = msgDontwait | msgNosignal;
  sqes[at + 8] = slot;
  sqes[at + 9] = kindSend | (socket << kindBits);
  sqes[at + 10] = 0;
  sqes[at + 11] = to.bytes;
}

/** Reads the eventfd's 8 bytes; completes when somebody wrote to it. */
export function writeWake(sqes: Uint32Array, at: number, fd: number, memory: { low: number; high: number }): void {
  sqes[at] = opRead;
  sqes[at + 1] = fd;
  sqes[at + 2] = 0;
  sqes[at + 3] = 0;
  sqes[at + 4] = memory.low;
  sqes[at + 5] = memory.high;
  sqes[at + 6] = 8;
  sqes[at + 7] = 0;
  sqes[at + 8] = 0;
  sqes[at + 9] = kindWake;
  sqes[at + 10] = 0;
  sqes[at + 11] = 0;
}

/** Cancels the request whose user data is (0, upper). */
export function writeCancel(sqes: Uint32Array, at: number, upper: number): void {
  sqes[at] = opAsyncCancel;
  sqes[at + 1] = -1;
  sqes[at + 2] = 0;
  sqes[at + 3] = 0;
  sqes[at + 4] = 0;
  sqes[at + 5] = upper;
  sqes[at + 6] = 0;
  sqes[at + 7] = 0;
  sqes[at + 8] = 0;
  sqes[at + 9] = kindCancel;
  sqes[at + 10] = 0;
  sqes[at + 11] = 0;
}
