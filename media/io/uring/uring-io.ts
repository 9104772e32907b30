// The fast backend: raw io_uring through node:ffi. Each socket has one multishot RECVMSG request that fills provided
// buffers and tells the source of every datagram; sends are queued and go to the kernel with the one io_uring_enter per
// turn that also waits. A slot belongs to the kernel until its completions are seen.

import { WeirError } from '../../../shared/errors.ts';
import { parseAddress } from '../address.ts';
import { gatherCompletions, maxCloseRounds, maxDrainRounds, type UringSizes, uringSizes } from '../limits.ts';
import { DestinationPool, NativeDestination } from '../native/destination.ts';
import { DirectSend } from '../native/direct-send.ts';
import { cloexec, errnoName, errnoOf, msgTrunc } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { Moderation } from '../native/moderation.ts';
import { Pacing } from '../native/pacing.ts';
import { blankPacket, copyPacket, fitsSlot, placePacket } from '../native/packet.ts';
import { Region } from '../native/region.ts';
import { slotWords } from '../native/slots.ts';
import { readSource } from '../native/source.ts';
import { UdpSockets } from '../native/udp-socket.ts';
import {
  type Destination,
  headroom,
  type IoCounters,
  maxDatagram,
  type OpenOptions,
  type Packet,
  type PacketHost,
  type PacketIo,
} from '../packet-io.ts';
import { Buffers, messageFlagsWord, payloadLengthWord, recvmsgOutBytes } from './buffers.ts';
import { Receiver } from './receiver.ts';
import { kindBits, kindMask, kindReceive, kindSend, kindWake, writeCancel, writeSend, writeWake } from './requests.ts';
import { Ring } from './ring.ts';
import { SocketTable, type UringSocket } from './uring-socket.ts';

const flagBuffer = 1;
const flagMore = 2;
const bufferShift = 16;

export class UringIo implements PacketIo {
  readonly name = 'uring';
  readonly wakeFd: number;
  readonly #libc: Libc;
  readonly #ring: Ring;
  readonly #buffers: Buffers;
  readonly #udp: UdpSockets;
  readonly #direct: DirectSend;
  readonly #destinations: DestinationPool;
  readonly #receiver: Receiver;
  /** The 8 bytes the eventfd is read into. */
  readonly #wakeBytes: Region;
  readonly #sockets = new SocketTable();
  readonly #packet: Packet;
  readonly #clones: Packet[] = [];
  #cloneCount = 0;
  readonly #pacing = new Pacing();
  readonly #moderation = new Moderation();
  #host: PacketHost | undefined;
  #position = 0;
  #wakeArmed = false;
  #stopped = false;
  #received = 0;
  #sent = 0;
  #sendErrors = 0;
  #oversized = 0;
  #clonesMissed = 0;
  #sendFault = '';

  /** Throws WeirError 'uring-unavailable' where the kernel lacks or denies what it needs. */
  constructor(libc: Libc, sizes: UringSizes = uringSizes) {
    this.#libc = libc;
    this.#ring = new Ring(libc, { submissions: sizes.submissions, completions: sizes.completions });
    this.wakeFd = libc.eventfd(0, cloexec);
    try {
      if (this.wakeFd < 0) throw new WeirError('uring-unavailable', `no eventfd: ${errnoName(libc.errno())}`);
      this.#buffers = new Buffers(libc, this.#ring, sizes.slots, sizes.spareSlots);
    } catch (thrown) {
      this.#ring.free();
      if (this.wakeFd >= 0) libc.close(this.wakeFd);
      throw thrown;
    }
    this.#udp = new UdpSockets(libc);
    this.#direct = new DirectSend(libc);
    this.#destinations = new DestinationPool(libc);
    this.#packet = blankPacket(this.#buffers.slots);
    this.#receiver = new Receiver(libc, this.#ring);
    this.#wakeBytes = Region.anonymous(libc, 4096);
    this.#armWake();
  }

  /** The first request the kernel failed for a reason that is not the network's; '' while there was none. */
  get fault(): string {
    return this.#receiver.fault === '' ? this.#sendFault : this.#receiver.fault;
  }

  open(options: OpenOptions, done: (socket: number) => void): void {
    const fd = this.#stopped ? -errnoOf.ECANCELED : this.#udp.open(options);
    if (fd < 0) {
      done(fd);
      return;
    }
    const socket = this.#sockets.add(fd, parseAddress(options.address)?.family ?? 4);
    this.#receiver.arm(socket);
    done(socket.number);
  }

  close(number: number): void {
    const socket = this.#sockets.get(number);
    if (socket === undefined || !socket.open) return;
    socket.open = false;
    const at = socket.armed ? this.#ring.next() : -1;
    if (at >= 0) writeCancel(this.#ring.sqes, at, kindReceive | (number << kindBits));
    // The request holds the socket, and with it the port, until it has ended. A busy kernel does other work first.
    let seen = this.#position;
    for (let round = 0; round < maxCloseRounds; round++) {
      this.#ring.submit();
      if (at < 0 || this.#endsBetween(seen, this.#ring.tail, number)) break;
      seen = this.#ring.tail;
    }
    this.#libc.close(socket.fd);
    this.#sockets.retire(socket);
  }

  setDscp(number: number, dscp: number): void {
    const socket = this.#openSocket(number);
    if (socket !== undefined) this.#udp.setDscp(socket.fd, socket.family, dscp);
  }

  localPort(number: number): number {
    const socket = this.#openSocket(number);
    return socket === undefined ? 0 : this.#udp.localPort(socket.fd);
  }

  destination(address: string, port: number): Destination {
    return this.#destinations.make(address, port);
  }

  forget(destination: Destination): void {
    this.#destinations.forget(destination);
  }

  send(number: number, packet: Packet, to: Destination): void {
    const socket = this.#openSocket(number);
    const { slots } = this.#buffers;
    if (socket === undefined || !(to instanceof NativeDestination) || to.bytes === 0 || !fitsSlot(packet, slots)) {
      this.#refuse(socket);
      return;
    }
    const at = this.#ring.next();
    if (at < 0) {
      this.#refuse(socket);
      return;
    }
    const { slot } = packet;
    const low = (slots.low[slot] ?? 0) + packet.start;
    writeSend(this.#ring.sqes, at, socket.fd, number, slot, low, slots.high[slot] ?? 0, packet.length, to);
    this.#buffers.hold(slot);
    socket.inFlight++;
  }

  clone(packet: Packet): Packet | undefined {
    const slot = this.#buffers.takeSpare();
    if (slot < 0) {
      this.#clonesMissed++;
      return undefined;
    }
    let clone = this.#clones[this.#cloneCount];
    if (clone === undefined) {
      clone = blankPacket(this.#buffers.slots);
      this.#clones.push(clone);
    }
    this.#cloneCount++;
    placePacket(clone, this.#buffers.slots, slot);
    copyPacket(clone, packet);
    return clone;
  }

  sendBytes(number: number, bytes: Uint8Array, to: Destination): void {
    const socket = this.#openSocket(number);
    const sendable = socket !== undefined && to instanceof NativeDestination && to.bytes > 0;
    if (sendable && this.#direct.send(socket.fd, bytes, to) === 0) this.#sent++;
    else this.#refuse(socket);
  }

  socketErrors(number: number): number {
    return this.#openSocket(number)?.errors ?? 0;
  }

  counters(): IoCounters {
    return {
      received: this.#received,
      sent: this.#sent,
      sendErrors: this.#sendErrors,
      oversized: this.#oversized,
      starved: this.#receiver.starved + this.#clonesMissed,
    };
  }

  run(host: PacketHost): void {
    this.#host = host;
    try {
      let now = performance.now();
      while (!this.#stopped) {
        if (this.#pacing.isDue(now)) this.#pacing.turned(now, host.turn(now));
        if (this.#stopped) break;
        this.#receiver.rearm(now, this.#buffers.available);
        if (!this.#wakeArmed) this.#armWake();
        this.#enter(now);
        now = performance.now();
        this.#reap(now);
      }
    } finally {
      this.#stopped = true;
      this.#host = undefined;
      this.#free();
    }
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#host === undefined) this.#free();
  }

  #openSocket(number: number): UringSocket | undefined {
    const socket = this.#sockets.get(number);
    return socket?.open === true ? socket : undefined;
  }

  #enter(now: number): void {
    const waitMs = this.#receiver.waiting ? 0 : this.#pacing.waitMs(now);
    const gatherUs = this.#moderation.gatherUs(now);
    const ring = this.#ring;
    const result = gatherUs > 0 ? ring.submitAndGather(waitMs, gatherUs, gatherCompletions) : ring.submitAndWait(waitMs);
    // EAGAIN and EBUSY pass when completions are taken; anything else will not get better.
    if (result < 0 && result !== -errnoOf.EAGAIN && result !== -errnoOf.EBUSY) {
      throw new WeirError('uring-failed', `Cannot enter the ring: ${errnoName(-result)}`);
    }
    if (this.#ring.pending === 0) this.#destinations.reclaim();
  }

  #reap(now: number): void {
    const ring = this.#ring;
    const { words } = ring;
    const { tail } = ring;
    this.#position = ring.head;
    try {
      while (this.#position !== tail) {
        const at = ring.completion(this.#position);
        this.#position = (this.#position + 1) | 0;
        const upper = words[at + 1] ?? 0;
        const result = words[at + 2] ?? 0;
        const kind = upper & kindMask;
        if (kind === kindReceive) this.#receiveEnded(upper >>> kindBits, result, words[at + 3] ?? 0, now);
        else if (kind === kindSend) this.#sendEnded(upper >>> kindBits, words[at] ?? 0, result);
        else if (kind === kindWake) this.#woken();
      }
    } finally {
      ring.taken(this.#position);
      this.#buffers.publish();
    }
  }

  #receiveEnded(number: number, result: number, flags: number, now: number): void {
    const socket = this.#sockets.get(number);
    if (socket === undefined) return;
    const wanted = socket.open && !this.#stopped;
    // First the request, then the datagram: what its handler throws must not leave the request looking alive.
    if ((flags & flagMore) === 0) {
      socket.armed = false;
      if (socket.open) this.#receiver.ended(socket, result);
      else this.#sockets.retire(socket);
    }
    if ((flags & flagBuffer) === 0) return;
    const slot = flags >>> bufferShift;
    this.#buffers.hold(slot);
    if (wanted && result >= headroom) this.#deliver(socket, slot, now);
    this.#buffers.release(slot);
  }

  #deliver(socket: UringSocket, slot: number, now: number): void {
    const { slots } = this.#buffers;
    const { words } = slots;
    const at = slot * slotWords;
    const length = words[at + payloadLengthWord] ?? 0;
    if (((words[at + messageFlagsWord] ?? 0) & msgTrunc) !== 0 || length > maxDatagram) {
      this.#oversized++;
      return;
    }
    this.#received++;
    this.#pacing.handled();
    this.#moderation.handled(1);
    const packet = this.#packet;
    placePacket(packet, slots, slot);
    packet.start = headroom;
    packet.length = length;
    packet.socket = socket.number;
    readSource(packet, words, at + recvmsgOutBytes / 4);
    this.#host?.packet(packet, now);
    for (; this.#cloneCount > 0; this.#cloneCount--) this.#buffers.release(this.#clones[this.#cloneCount - 1]?.slot ?? 0);
  }

  #sendEnded(number: number, slot: number, result: number): void {
    this.#buffers.release(slot);
    const socket = this.#sockets.get(number);
    if (socket === undefined) return;
    socket.inFlight--;
    if (result >= 0) this.#sent++;
    else this.#sendFailed(socket, -result);
    if (!socket.open) this.#sockets.retire(socket);
  }

  #sendFailed(socket: UringSocket, errno: number): void {
    this.#refuse(socket);
    if (errno === errnoOf.EINVAL && this.#sendFault === '')
      this.#sendFault = 'the kernel refuses SEND requests with an address (EINVAL), 6.1 is needed';
  }

  #woken(): void {
    this.#wakeArmed = false;
    this.#pacing.woken();
    if (!this.#stopped) this.#armWake();
  }

  #armWake(): void {
    const at = this.#ring.next();
    if (at < 0) return;
    writeWake(this.#ring.sqes, at, this.wakeFd, this.#wakeBytes);
    this.#wakeArmed = true;
  }

  /** Whether the last completion of a receive request is among those in the queue from `from` to `to`. */
  #endsBetween(from: number, to: number, number: number): boolean {
    const ring = this.#ring;
    const upper = kindReceive | (number << kindBits);
    for (let position = from; position !== to; position = (position + 1) | 0) {
      const at = ring.completion(position);
      if (ring.words[at + 1] === upper && ((ring.words[at + 3] ?? 0) & flagMore) === 0) return true;
    }
    return false;
  }

  #refuse(socket: UringSocket | undefined): void {
    this.#sendErrors++;
    if (socket !== undefined) socket.errors++;
  }

  /** Ends every request, waits for the completions, and only then frees what they may write to. */
  #free(): void {
    for (const socket of this.#sockets.all()) this.close(socket.number);
    const at = this.#ring.next();
    if (at >= 0) writeCancel(this.#ring.sqes, at, kindWake);
    for (let round = 0; round < maxDrainRounds && (this.#wakeArmed || !this.#sockets.idle); round++) {
      this.#ring.submitAndWait(10);
      this.#reap(0);
    }
    this.#direct.free();
    this.#udp.free();
    if (this.#wakeArmed || !this.#sockets.idle) {
      this.#ring.abandon();
      return;
    }
    this.#buffers.free();
    this.#ring.free();
    this.#receiver.free();
    this.#wakeBytes.free();
    this.#destinations.free();
  }
}
