// The multishot receive requests of all sockets: arming them, and what to do when one ends, which it does whenever buffers
// run out, an empty datagram comes, the completion queue overflows or the kernel reports an error.
import { retryMs } from '../limits.ts';
import { errnoName, errnoOf } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { writeMessage } from '../native/message-header.ts';
import { Region } from '../native/region.ts';
import { headroom } from '../packet-io.ts';
import { recvmsgOutBytes } from './buffers.ts';
import { writeReceive } from './requests.ts';
import type { Ring } from './ring.ts';
import type { UringSocket } from './uring-socket.ts';

export class Receiver {
  /** Times the buffers ran out. */
  starved = 0;
  /** The first error of a request that is not a passing one; '' while there was none. */
  fault = '';
  readonly #ring: Ring;
  /** The msghdr all requests are made from. */
  readonly #template: Region;
  /** To be armed when this turn's buffers are back with the kernel. */
  #next: UringSocket[] = [];
  /** To be tried again when some time has passed: an error that stays must not spin the loop. */
  #later: UringSocket[] = [];
  #retryAt = 0;

  constructor(libc: Libc, ring: Ring) {
    this.#ring = ring;
    this.#template = Region.anonymous(libc, 4096);
    // The kernel reserves the whole name length before the payload: with 48 the payload begins at the headroom's end.
    const parts = { nameLow: 0, nameHigh: 0, nameBytes: headroom - recvmsgOutBytes, vectorLow: 0, vectorHigh: 0 };
    writeMessage(new Uint32Array(this.#template.buffer), 0, parts);
  }

  arm(socket: UringSocket): void {
    const at = this.#ring.next();
    if (at < 0) {
      this.#later.push(socket);
      return;
    }
    writeReceive(this.#ring.sqes, at, socket.fd, socket.number, this.#template);
    socket.armed = true;
  }

  /** The request of an open socket has ended with this result. */
  ended(socket: UringSocket, result: number): void {
    if (result >= 0) {
      this.#next.push(socket);
    } else if (result === -errnoOf.ENOBUFS) {
      this.starved++;
      this.#next.push(socket);
    } else {
      this.#later.push(socket);
      if (this.fault === '') this.fault = `the kernel refuses multishot RECVMSG requests (${errnoName(-result)}), 6.0 is needed`;
    }
  }

  /** Sockets wait for `rearm`: the loop must not sleep. */
  get waiting(): boolean {
    return this.#next.length > 0;
  }

  /**
   * Once per turn, when the last one's buffers were given back. No more requests than free buffers: with fewer buffers than
   * sockets that have something to read, the others would only end again, at the cost of a packet each.
   */
  rearm(now: number, freeBuffers: number): void {
    if (this.#later.length > 0 && now >= this.#retryAt) {
      this.#next.push(...this.#later.splice(0, 1024));
      this.#retryAt = now + retryMs;
    }
    if (this.#next.length === 0) return;
    // First come, first served: `ended` appends, so no socket waits for ever.
    const sockets = this.#next;
    this.#next = sockets.length > freeBuffers ? sockets.slice(freeBuffers) : [];
    const count = Math.min(sockets.length, freeBuffers);
    for (let i = 0; i < count; i++) {
      const socket = sockets[i];
      if (socket?.open === true && !socket.armed) this.arm(socket);
    }
  }

  free(): void {
    this.#template.free();
  }
}
