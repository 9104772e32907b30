// RTP load for the relay bench: both sides of N calls at a given total rate, sent and received through io_uring on one thread,
// with loss and latency counted and every 61st packet looked into. A few sockets serve all calls: a relay tells calls apart
// by its own ports.
import { DestinationPool, type NativeDestination } from '../../../media/io/native/destination.ts';
import type { Libc } from '../../../media/io/native/libc.ts';
import { Region } from '../../../media/io/native/region.ts';
import { slotWords } from '../../../media/io/native/slots.ts';
import { UdpSockets } from '../../../media/io/native/udp-socket.ts';
import { Buffers, bufferGroup } from '../../../media/io/uring/buffers.ts';
import { Ring } from '../../../media/io/uring/ring.ts';
import { Latency, type LatencyReport } from './latency.ts';
import { type CallKeys, fillPayload, RtpStream, rtpBytes, streamNumber } from './rtp-stream.ts';

export interface BenchCall {
  /** The relay's port that takes what side A sends, and the one for side B. */
  readonly a: number;
  readonly b: number;
  /** Side A speaks SRTP. */
  readonly keys?: CallKeys;
}

export interface RunOptions {
  /** Another one is another relay: sequence numbers and keys start anew. */
  readonly relay: number;
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
  /** Of those looked into: not what was sent, or not authentic. */
  readonly damaged: number;
  /** Packets still on their way when the last one was sent: more than a few ms worth is a queue that grows. */
  readonly backlog: number;
  /** The most packets the generator was behind its plan; a large one means the generator is the limit. */
  readonly behind: number;
  readonly seconds: number;
  readonly latency: LatencyReport;
}

const socketsPerSide = 8;
/** Few, so that they stay in the cache; the kernel has read a burst when it was submitted. */
const sendSlots = 256;
const sendStride = 256;
const burst = 48;
/** Time after the last send in which stragglers still count. */
const settleMs = 300;
/** Odd, and no divisor of any number of calls that is likely: every stream has its turn. */
const lookEvery = 61;
const opRecv = 27;
const opSend = 26;
const bufferSelect = 1 << 5;
const cqeSkipSuccess = 1 << 6;
const recvMultishot = 1 << 1;

interface Lane {
  readonly fd: number;
  readonly to: NativeDestination;
  readonly stream: RtpStream;
}

interface SendSlot {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class Generator {
  /** Ports of side A and of side B; call i uses number i % length of each. */
  readonly portsA: readonly number[];
  readonly portsB: readonly number[];
  readonly #ring: Ring;
  readonly #buffers: Buffers;
  readonly #destinations: DestinationPool;
  readonly #memory: Region;
  readonly #slots: SendSlot[];
  readonly #received: DataView;
  readonly #fdsA: number[] = [];
  readonly #fdsB: number[] = [];
  #relay = -1;
  #lanes: Lane[] = [];
  #latency = new Latency();
  #count = 0;
  #damaged = 0;
  #sendSlot = 0;
  #begin = 0;

  constructor(libc: Libc, address: string) {
    this.#ring = new Ring(libc, { submissions: 1024, completions: 32_768 });
    this.#buffers = new Buffers(libc, this.#ring, 2048, 0);
    this.#destinations = new DestinationPool(libc);
    this.#memory = Region.anonymous(libc, sendSlots * sendStride);
    this.#slots = Array.from({ length: sendSlots }, (_, slot) => {
      const bytes = new Uint8Array(this.#memory.buffer, slot * sendStride, sendStride);
      fillPayload(bytes);
      return { bytes, view: new DataView(this.#memory.buffer, slot * sendStride, sendStride) };
    });
    this.#received = new DataView(this.#buffers.slots.words.buffer);
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
    if (options.relay !== this.#relay) this.#prepare(options);
    const planned = Math.floor(options.packetsPerSecond * options.seconds);
    const perMs = options.packetsPerSecond / 1000;
    this.#latency = new Latency();
    this.#count = 0;
    this.#damaged = 0;
    this.#begin = performance.now();
    let sent = 0;
    let behind = 0;
    while (sent < planned) {
      const now = performance.now();
      const due = Math.min(planned, Math.floor((now - this.#begin) * perMs)) - sent;
      if (due > behind) behind = due;
      for (let n = Math.min(due, burst); n > 0; n--) this.#send(sent++, now);
      this.#ring.submit();
      this.#reap();
    }
    const ended = performance.now();
    const backlog = sent - this.#count;
    while (performance.now() - ended < settleMs && this.#count < sent) {
      this.#ring.submitAndWait(10);
      this.#reap();
    }
    const lost = sent - this.#count;
    const seconds = (ended - this.#begin) / 1000;
    return { sent, received: this.#count, lost, damaged: this.#damaged, backlog, behind, seconds, latency: this.#latency.report() };
  }

  #prepare({ relay, address, calls }: RunOptions): void {
    this.#relay = relay;
    for (const lane of this.#lanes) {
      lane.stream.free();
      this.#destinations.forget(lane.to);
    }
    this.#destinations.reclaim();
    this.#lanes = calls.flatMap(({ a, b, keys }, index) => [
      {
        fd: this.#fdsA[index % socketsPerSide]!,
        to: this.#destinations.make(address, a),
        stream: new RtpStream(index * 2, keys?.send, undefined),
      },
      {
        fd: this.#fdsB[index % socketsPerSide]!,
        to: this.#destinations.make(address, b),
        stream: new RtpStream(index * 2 + 1, undefined, keys?.receive),
      },
    ]);
  }

  #send(index: number, now: number): void {
    const lane = this.#lanes[index % this.#lanes.length];
    const number = this.#sendSlot;
    const slot = this.#slots[number];
    if (lane === undefined || slot === undefined) return;
    this.#sendSlot = (number + 1) % sendSlots;
    const length = lane.stream.write(slot.bytes, slot.view, now * 1000);
    const at = this.#ring.next();
    if (at < 0) throw new Error('The submission queue is stuck');
    const { sqes } = this.#ring;
    sqes[at] = opSend | (cqeSkipSuccess << 8);
    sqes[at + 1] = lane.fd;
    sqes[at + 2] = lane.to.low;
    sqes[at + 3] = lane.to.high;
    sqes[at + 4] = this.#memory.low + number * sendStride;
    sqes[at + 5] = this.#memory.high;
    sqes[at + 6] = length;
    sqes[at + 7] = 0;
    sqes[at + 8] = 0;
    sqes[at + 9] = 1;
    sqes[at + 10] = 0;
    sqes[at + 11] = lane.to.bytes;
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
      if ((flags & 1) !== 0) this.#arrived(flags >>> 16, words[at + 2] ?? 0, now);
      if ((flags & 2) === 0) this.#arm(words[at] ?? 0);
    }
    ring.taken(position);
    this.#buffers.publish();
  }

  #arrived(slot: number, length: number, now: number): void {
    const at = slot * slotWords * 4;
    const latencyUs = (((now * 1000) >>> 0) - this.#received.getUint32(at + 4)) >>> 0;
    // Stragglers of the last run are not of this one.
    if (length >= rtpBytes && latencyUs <= (now - this.#begin) * 1000 + 1) {
      this.#latency.add(latencyUs);
      if (this.#count++ % lookEvery === 0) {
        const bytes = this.#buffers.slots.bytes[slot];
        const stream = this.#lanes[streamNumber(this.#received, at)]?.stream;
        if (bytes === undefined || stream?.intact(bytes, length) !== true) this.#damaged++;
      }
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
