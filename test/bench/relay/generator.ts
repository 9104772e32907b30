// RTP load for the relay bench: both sides of N calls, 172-byte G.711 packets at a given total rate, sent and received
// through io_uring on one thread. Each payload carries its send time and stream, so that latency and loss are counted.
// A few sockets serve all calls: a relay tells calls apart by its own ports.
import { DestinationPool, type NativeDestination } from '../../../media/io/native/destination.ts';
import type { Libc } from '../../../media/io/native/libc.ts';
import { Region } from '../../../media/io/native/region.ts';
import { slotWords } from '../../../media/io/native/slots.ts';
import { UdpSockets } from '../../../media/io/native/udp-socket.ts';
import { Buffers, bufferGroup } from '../../../media/io/uring/buffers.ts';
import { Ring } from '../../../media/io/uring/ring.ts';
import { Latency, type LatencyReport } from './latency.ts';

export interface BenchCall {
  /** The relay's port that takes what side A sends, and the one for side B. */
  readonly a: number;
  readonly b: number;
}

export interface RunOptions {
  readonly address: string;
  readonly calls: readonly BenchCall[];
  readonly packetsPerSecond: number;
  readonly seconds: number;
}

export interface RunResult {
  readonly sent: number;
  readonly received: number;
  /** Negative when something is duplicated. */
  readonly lost: number;
  /** Packets still on their way when the last one was sent: more than a few ms worth is a queue that grows. */
  readonly backlog: number;
  /** The most packets the generator was behind its plan; a large one means the generator is the limit. */
  readonly behind: number;
  readonly seconds: number;
  readonly latency: LatencyReport;
}

const rtpBytes = 172;
const socketsPerSide = 8;
/** Few, so that they stay in the cache; the kernel has read a burst when it was submitted. */
const sendSlots = 256;
const sendStride = 256;
const burst = 48;
/** Time after the last send in which stragglers still count. */
const settleMs = 300;
const opRecv = 27;
const opSend = 26;
const bufferSelect = 1 << 5;
const cqeSkipSuccess = 1 << 6;
const recvMultishot = 1 << 1;
/** Payload behind the RTP header: number of the run, time of sending. */
const runOffset = 12;
const timeOffset = 16;

interface Stream {
  readonly fd: number;
  readonly to: NativeDestination;
  sequence: number;
}

export class Generator {
  /** Ports of side A and of side B; call i uses number i % length of each. */
  readonly portsA: readonly number[];
  readonly portsB: readonly number[];
  readonly #ring: Ring;
  readonly #buffers: Buffers;
  readonly #destinations: DestinationPool;
  readonly #memory: Region;
  readonly #view: DataView;
  readonly #slotView: DataView;
  readonly #fdsA: number[] = [];
  readonly #fdsB: number[] = [];
  #latency = new Latency();
  #received = 0;
  #sendSlot = 0;
  #run = 0;

  constructor(libc: Libc, address: string) {
    this.#ring = new Ring(libc, { submissions: 1024, completions: 32_768 });
    this.#buffers = new Buffers(libc, this.#ring, 2048, 0);
    this.#destinations = new DestinationPool(libc);
    this.#memory = Region.anonymous(libc, sendSlots * sendStride);
    this.#view = new DataView(this.#memory.buffer);
    this.#slotView = new DataView(this.#buffers.slots.words.buffer);
    const udp = new UdpSockets(libc);
    const open = (fds: number[]): number => {
      const fd = udp.open({ address, port: 0, receiveBufferBytes: 16 << 20, dscp: 0 });
      if (fd < 0) throw new Error(`Cannot open a generator socket: errno ${-fd}`);
      fds.push(fd);
      this.#arm(fd);
      return udp.localPort(fd);
    };
    this.portsA = Array.from({ length: socketsPerSide }, () => open(this.#fdsA));
    this.portsB = Array.from({ length: socketsPerSide }, () => open(this.#fdsB));
    this.#ring.submit();
  }

  run(options: RunOptions): RunResult {
    const streams = this.#streams(options);
    const planned = Math.floor(options.packetsPerSecond * options.seconds);
    this.#latency = new Latency();
    this.#received = 0;
    this.#run++;
    const begin = performance.now();
    const perMs = options.packetsPerSecond / 1000;
    let sent = 0;
    let behind = 0;
    let next = 0;
    while (sent < planned) {
      const now = performance.now();
      const due = Math.min(planned, Math.floor((now - begin) * perMs)) - sent;
      if (due > behind) behind = due;
      for (let n = Math.min(due, burst); n > 0; n--) {
        const stream = streams[next];
        if (stream !== undefined) this.#send(stream, next, now);
        next = next + 1 === streams.length ? 0 : next + 1;
        sent++;
      }
      this.#ring.submit();
      this.#reap();
    }
    const ended = performance.now();
    const backlog = sent - this.#received;
    while (performance.now() - ended < settleMs && this.#received < sent) {
      this.#ring.submitAndWait(10);
      this.#reap();
    }
    for (const stream of streams) this.#destinations.forget(stream.to);
    this.#destinations.reclaim();
    return {
      sent,
      received: this.#received,
      lost: sent - this.#received,
      backlog,
      behind,
      seconds: (ended - begin) / 1000,
      latency: this.#latency.report(),
    };
  }

  #streams(options: RunOptions): Stream[] {
    return options.calls.flatMap((call, index) => [
      { fd: this.#fdsA[index % socketsPerSide]!, to: this.#destinations.make(options.address, call.a), sequence: 0 },
      { fd: this.#fdsB[index % socketsPerSide]!, to: this.#destinations.make(options.address, call.b), sequence: 0 },
    ]);
  }

  #send(stream: Stream, number: number, now: number): void {
    const slot = this.#sendSlot;
    this.#sendSlot = (slot + 1) % sendSlots;
    const offset = slot * sendStride;
    const view = this.#view;
    const sequence = stream.sequence++;
    view.setUint32(offset, 0x80000000 | (sequence & 0xffff));
    view.setUint32(offset + 4, (sequence * 160) >>> 0);
    view.setUint32(offset + 8, 0x10000 + number);
    view.setUint32(offset + runOffset, this.#run);
    view.setFloat64(offset + timeOffset, now, true);
    const at = this.#ring.next();
    if (at < 0) throw new Error('The submission queue is stuck');
    const { sqes } = this.#ring;
    sqes[at] = opSend | (cqeSkipSuccess << 8);
    sqes[at + 1] = stream.fd;
    sqes[at + 2] = stream.to.low;
    sqes[at + 3] = stream.to.high;
    sqes[at + 4] = this.#memory.low + offset;
    sqes[at + 5] = this.#memory.high;
    sqes[at + 6] = rtpBytes;
    sqes[at + 7] = 0;
    sqes[at + 8] = 0;
    sqes[at + 9] = 1;
    sqes[at + 10] = 0;
    sqes[at + 11] = stream.to.bytes;
  }

  #reap(): void {
    const ring = this.#ring;
    const { words } = ring;
    const { tail } = ring;
    let position = ring.head;
    if (position === tail) return;
    const now = performance.now();
    for (; position !== tail; position = (position + 1) | 0) {
      const at = ring.completion(position);
      const flags = words[at + 3] ?? 0;
      if (words[at + 1] !== 0) continue;
      if ((flags & 1) !== 0) this.#count(flags >>> 16, words[at + 2] ?? 0, now);
      if ((flags & 2) === 0) this.#arm(words[at] ?? 0);
    }
    ring.taken(position);
    this.#buffers.publish();
  }

  #count(slot: number, length: number, now: number): void {
    const at = slot * slotWords * 4;
    // Stragglers of the last run are not of this one.
    if (length === rtpBytes && this.#slotView.getUint32(at + runOffset) === this.#run) {
      this.#received++;
      this.#latency.add((now - this.#slotView.getFloat64(at + timeOffset, true)) * 1000);
    }
    this.#buffers.hold(slot);
    this.#buffers.release(slot);
  }

  #arm(fd: number): void {
    const at = this.#ring.next();
    if (at < 0) throw new Error('The submission queue is stuck');
    const { sqes } = this.#ring;
    sqes.fill(0, at, at + 16);
    sqes[at] = opRecv | (bufferSelect << 8) | (recvMultishot << 16);
    sqes[at + 1] = fd;
    sqes[at + 8] = fd;
    sqes[at + 10] = bufferGroup;
  }
}
