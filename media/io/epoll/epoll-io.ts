// The middle backend: epoll_wait + recvmmsg + sendmmsg through node:ffi, where io_uring is denied (Docker's seccomp
// profile, older kernels) but native calls are not. Blocks its thread; what a batch of datagrams sends is out when the
// batch ends, so no slot outlives it.
import { parseAddress } from '../address.ts';
import { epollBatch, epollClones, gatherCompletions, timerSlackUs } from '../limits.ts';
import { DestinationPool, NativeDestination } from '../native/destination.ts';
import { DirectSend } from '../native/direct-send.ts';
import { errnoOf } from '../native/errno.ts';
import type { Libc } from '../native/libc.ts';
import { Moderation } from '../native/moderation.ts';
import { Pacing } from '../native/pacing.ts';
import { blankPacket, copyPacket, fitsSlot, placePacket } from '../native/packet.ts';
import { NativeSlots, slotWords } from '../native/slots.ts';
import { readSource } from '../native/source.ts';
import { UdpSockets } from '../native/udp-socket.ts';
import {
  type Destination,
  headroom,
  type IoCounters,
  type OpenOptions,
  type Packet,
  type PacketHost,
  type PacketIo,
} from '../packet-io.ts';
import { Poller, wakeNumber } from './poller.ts';
import { ReceiveBatch } from './receive-batch.ts';
import { SendBatch } from './send-batch.ts';

interface EpollSocket {
  readonly number: number;
  readonly fd: number;
  readonly family: 4 | 6;
  open: boolean;
  errors: number;
  /** How many datagrams to ask for: one while they come singly, since asking for more costs a second look at an empty queue. */
  hint: number;
}

export class EpollIo implements PacketIo {
  readonly name = 'epoll';
  readonly wakeFd: number;
  readonly #libc: Libc;
  readonly #slots: NativeSlots;
  readonly #poller: Poller;
  readonly #udp: UdpSockets;
  readonly #direct: DirectSend;
  readonly #destinations: DestinationPool;
  readonly #receiving: ReceiveBatch;
  readonly #sending: SendBatch;
  readonly #sockets: (EpollSocket | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  readonly #generations: number[] = [];
  readonly #packet: Packet;
  readonly #clones: Packet[] = [];
  #clonesUsed = 0;
  /** Whose sends wait in #sending. */
  #sender: EpollSocket | undefined;
  readonly #pacing = new Pacing();
  readonly #moderation = new Moderation();
  /** Datagrams of the last look. */
  #found = 0;
  #running = false;
  #stopped = false;
  #received = 0;
  #directSent = 0;
  #sendErrors = 0;
  #oversized = 0;
  #starved = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#poller = new Poller(libc);
    this.wakeFd = this.#poller.wakeFd;
    this.#slots = new NativeSlots(libc, epollBatch + epollClones);
    this.#udp = new UdpSockets(libc);
    this.#direct = new DirectSend(libc);
    this.#destinations = new DestinationPool(libc);
    this.#receiving = new ReceiveBatch(libc, this.#slots, epollBatch);
    this.#sending = new SendBatch(libc, epollBatch);
    this.#packet = blankPacket(this.#slots);
    for (let i = 0; i < epollClones; i++) {
      const clone = blankPacket(this.#slots);
      placePacket(clone, this.#slots, epollBatch + i);
      this.#clones.push(clone);
    }
  }

  open(options: OpenOptions, done: (socket: number) => void): void {
    const fd = this.#stopped ? -errnoOf.ECANCELED : this.#udp.open(options);
    if (fd < 0) {
      done(fd);
      return;
    }
    const number = this.#freeNumbers.pop() ?? this.#sockets.length;
    const generation = ((this.#generations[number] ?? 0) + 1) >>> 0;
    const result = this.#poller.add(fd, number, generation);
    if (result < 0) {
      this.#libc.close(fd);
      this.#freeNumbers.push(number);
      done(result);
      return;
    }
    this.#generations[number] = generation;
    this.#sockets[number] = { number, fd, family: parseAddress(options.address)?.family ?? 4, open: true, errors: 0, hint: 1 };
    done(number);
  }

  close(socket: number): void {
    const entry = this.#sockets[socket];
    if (entry === undefined) return;
    if (this.#sender === entry) this.#flush();
    entry.open = false;
    this.#poller.remove(entry.fd);
    this.#libc.close(entry.fd);
    this.#sockets[socket] = undefined;
    this.#freeNumbers.push(socket);
  }

  setDscp(socket: number, dscp: number): void {
    const entry = this.#sockets[socket];
    if (entry !== undefined) this.#udp.setDscp(entry.fd, entry.family, dscp);
  }

  localPort(socket: number): number {
    const entry = this.#sockets[socket];
    return entry === undefined ? 0 : this.#udp.localPort(entry.fd);
  }

  destination(address: string, port: number): Destination {
    return this.#destinations.make(address, port);
  }

  forget(destination: Destination): void {
    this.#destinations.forget(destination);
  }

  send(socket: number, packet: Packet, to: Destination): void {
    const entry = this.#sockets[socket];
    if (entry === undefined || !(to instanceof NativeDestination) || to.bytes === 0 || !fitsSlot(packet, this.#slots)) {
      this.#refuse(entry, 1);
      return;
    }
    if (this.#sending.mustFlush(entry.fd)) this.#flush();
    this.#sender = entry;
    const { slot } = packet;
    this.#sending.add(entry.fd, (this.#slots.low[slot] ?? 0) + packet.start, this.#slots.high[slot] ?? 0, packet.length, to);
  }

  clone(packet: Packet): Packet | undefined {
    const clone = this.#clones[this.#clonesUsed];
    if (clone === undefined) {
      this.#starved++;
      return undefined;
    }
    this.#clonesUsed++;
    copyPacket(clone, packet);
    return clone;
  }

  sendBytes(socket: number, bytes: Uint8Array, to: Destination): void {
    const entry = this.#sockets[socket];
    const sendable = entry !== undefined && to instanceof NativeDestination && to.bytes > 0;
    if (sendable && this.#direct.send(entry.fd, bytes, to) === 0) this.#directSent++;
    else this.#refuse(entry, 1);
  }

  socketErrors(socket: number): number {
    return this.#sockets[socket]?.errors ?? 0;
  }

  counters(): IoCounters {
    return {
      received: this.#received,
      sent: this.#sending.sent + this.#directSent,
      sendErrors: this.#sendErrors,
      oversized: this.#oversized,
      starved: this.#starved,
    };
  }

  run(host: PacketHost): void {
    this.#running = true;
    try {
      let now = performance.now();
      while (!this.#stopped) {
        if (this.#pacing.isDue(now)) this.#pacing.turned(now, host.turn(now));
        if (this.#stopped) break;
        this.#gather(now);
        const events = this.#poller.wait(Math.ceil(this.#pacing.waitMs(now)));
        now = performance.now();
        this.#handle(events, host, now);
        this.#destinations.reclaim();
      }
    } finally {
      this.#stopped = true;
      this.#running = false;
      this.#free();
    }
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.#running) this.#free();
  }

  /** While the last look found few packets at a high rate; a loop that has enough to do must not sleep. */
  #gather(now: number): void {
    const gatherUs = this.#moderation.gatherUs(now);
    if (gatherUs > 0 && this.#found < gatherCompletions) this.#libc.usleep(Math.max(1, gatherUs - timerSlackUs));
    this.#found = 0;
  }

  #handle(events: number, host: PacketHost, now: number): void {
    for (let event = 0; event < events; event++) {
      const number = this.#poller.number(event);
      if (number === wakeNumber) {
        this.#poller.drainWake();
        this.#pacing.woken();
        continue;
      }
      const entry = this.#sockets[number];
      if (entry !== undefined && this.#generations[number] === this.#poller.generation(event)) this.#receive(entry, host, now);
    }
  }

  /** One batch; what is left in the socket's queue makes the next epoll_wait return at once, after all others had their turn. */
  #receive(entry: EpollSocket, host: PacketHost, now: number): void {
    const count = this.#receiving.receive(entry.fd, entry.hint);
    entry.hint = count === entry.hint ? Math.min(entry.hint * 2, epollBatch) : Math.max(1, count);
    if (count > 0) this.#pacing.handled();
    this.#moderation.handled(count);
    this.#found += count;
    const packet = this.#packet;
    for (let index = 0; index < count; index++) {
      const length = this.#receiving.take(index);
      if (!entry.open || this.#stopped) continue;
      if (length < 0) {
        this.#oversized++;
        continue;
      }
      this.#received++;
      placePacket(packet, this.#slots, index);
      packet.start = headroom;
      packet.length = length;
      packet.socket = entry.number;
      readSource(packet, this.#slots.words, index * slotWords);
      host.packet(packet, now);
      // Clones live until the flush; half of them must be free for each packet.
      if (this.#clonesUsed > epollClones / 2) this.#flush();
    }
    this.#flush();
  }

  #flush(): void {
    this.#clonesUsed = 0;
    const sender = this.#sender;
    if (sender === undefined) return;
    this.#sender = undefined;
    this.#sending.flush();
    if (this.#sending.refused > 0) this.#refuse(sender, this.#sending.refused);
  }

  #refuse(entry: EpollSocket | undefined, count: number): void {
    this.#sendErrors += count;
    if (entry !== undefined) entry.errors += count;
  }

  #free(): void {
    for (const entry of this.#sockets) if (entry !== undefined) this.close(entry.number);
    this.#poller.free();
    this.#receiving.free();
    this.#sending.free();
    this.#direct.free();
    this.#udp.free();
    this.#destinations.free();
    this.#slots.free();
  }
}
