// The portable backend: node:dgram on the event loop, where node:ffi is off or the system is not Linux. It copies each
// datagram into a slot once, so that the handler finds headroom, tailroom and stable bytes. It cannot set DSCP and does
// not see sends refused after the fact by ICMP.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { constants } from 'node:os';
import { WeirError } from '../../../shared/errors.ts';
import { type AddressWords, formatAddress, parseAddress } from '../address.ts';
import { dgramSlots, dgramTurnMs, sourceCacheEntries } from '../limits.ts';
import { type Destination, headroom, maxDatagram, type OpenOptions, type Packet, type PacketHost, type PacketIo } from '../packet-io.ts';
import { Slots } from './slots.ts';
import { Sources } from './sources.ts';

interface Entry {
  readonly number: number;
  readonly socket: Socket;
  /** Sends the event loop still holds; the number is free again when a closed socket has none. */
  inFlight: number;
  errors: number;
  open: boolean;
}

class DgramDestination implements Destination {
  readonly family: 4 | 6;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly port: number;
  readonly text: string;

  constructor(address: AddressWords, port: number) {
    this.family = address.family;
    this.a = address.a;
    this.b = address.b;
    this.c = address.c;
    this.d = address.d;
    this.port = port;
    this.text = formatAddress(address);
  }
}

/** One send in flight. Pooled with its callback, so that a packet costs no closure of ours. */
interface Flight {
  entry: Entry;
  slot: number;
  readonly done: (error: Error | null) => void;
}

const noSlot = -1;

// Addresses are literal: the default lookup would answer a tick later, when the slot may hold another packet already.
function lookupLiteral(address: string, _options: object, done: (error: null, address: string, family: number) => void): void {
  done(null, address, address.includes(':') ? 6 : 4);
}

export class DgramIo implements PacketIo {
  readonly name = 'dgram';
  readonly wakeFd = -1;
  readonly #slots: Slots;
  readonly #sources = new Sources(sourceCacheEntries);
  readonly #entries: (Entry | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  readonly #flights: Flight[] = [];
  readonly #packet: Packet;
  readonly #clones: Packet[] = [];
  #cloneCount = 0;
  #host: PacketHost | undefined;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #counters = { received: 0, sent: 0, sendErrors: 0, oversized: 0, starved: 0 };

  constructor(slotCount: number = dgramSlots) {
    this.#slots = new Slots(slotCount);
    this.#packet = this.#blankPacket();
  }

  open(options: OpenOptions, done: (socket: number) => void): void {
    const address = parseAddress(options.address);
    if (address === undefined || this.#stopped) {
      done(this.#stopped ? -constants.errno.ECANCELED : -constants.errno.EINVAL);
      return;
    }
    const socket = createSocket({
      type: address.family === 6 ? 'udp6' : 'udp4',
      ipv6Only: address.family === 6,
      lookup: lookupLiteral,
      recvBufferSize: options.receiveBufferBytes,
    });
    // Bind failures are thrown by bindSync; what comes later (a receive error) must neither stop us nor go unhandled.
    socket.on('error', () => {});
    try {
      socket.bindSync({ address: formatAddress(address), port: options.port });
    } catch (thrown) {
      socket.close();
      done(errnoOf(thrown));
      return;
    }
    const number = this.#freeNumbers.pop() ?? this.#entries.length;
    const entry: Entry = { number, socket, inFlight: 0, errors: 0, open: true };
    this.#entries[number] = entry;
    socket.on('message', (message, remote) => this.#receive(entry, message, remote));
    done(number);
  }

  close(socket: number): void {
    const entry = this.#entries[socket];
    if (entry === undefined || !entry.open) return;
    entry.open = false;
    entry.socket.close();
    this.#retire(entry);
  }

  setDscp(_socket: number, _dscp: number): void {}

  localPort(socket: number): number {
    const entry = this.#entries[socket];
    return entry?.open === true ? entry.socket.address().port : 0;
  }

  destination(address: string, port: number): Destination {
    const words = parseAddress(address);
    if (words === undefined || !Number.isInteger(port) || port < 1 || port > 65535) {
      throw new WeirError('bad-address', `Cannot send to "${address}" port ${port}: must be a literal IP and a port of 1-65535`);
    }
    return new DgramDestination(words, port);
  }

  forget(_destination: Destination): void {}

  send(socket: number, packet: Packet, to: Destination): void {
    this.#transmit(socket, packet.slot, packet.start, packet.length, to);
  }

  clone(packet: Packet): Packet | undefined {
    const slot = this.#slots.take();
    if (slot < 0) {
      this.#counters.starved++;
      return undefined;
    }
    let clone = this.#clones[this.#cloneCount];
    if (clone === undefined) {
      clone = this.#blankPacket();
      this.#clones.push(clone);
    }
    this.#cloneCount++;
    Object.assign(clone, packet);
    clone.slot = slot;
    clone.bytes = this.#slots.bytes(slot);
    clone.bytes.set(packet.bytes);
    return clone;
  }

  sendBytes(socket: number, bytes: Uint8Array, to: Destination): void {
    const slot = bytes.length > maxDatagram ? -1 : this.#slots.take();
    if (slot < 0) {
      this.#refused(this.#entries[socket]);
      return;
    }
    this.#slots.bytes(slot).set(bytes, headroom);
    this.#transmit(socket, slot, headroom, bytes.length, to);
    this.#slots.release(slot);
  }

  socketErrors(socket: number): number {
    return this.#entries[socket]?.errors ?? 0;
  }

  counters(): { received: number; sent: number; sendErrors: number; oversized: number; starved: number } {
    return { ...this.#counters };
  }

  run(host: PacketHost): void {
    this.#host = host;
    this.#turn();
  }

  stop(): void {
    this.#stopped = true;
    this.#host = undefined;
    clearTimeout(this.#timer);
    for (const entry of this.#entries) if (entry !== undefined) this.close(entry.number);
  }

  #turn(): void {
    const wait = this.#host?.turn(performance.now()) ?? dgramTurnMs;
    if (this.#host === undefined) return;
    // Clamped: a NaN or a huge number from a deadline would make setTimeout spin.
    this.#timer = setTimeout(() => this.#turn(), wait >= 1 ? Math.min(wait, dgramTurnMs) : 1);
  }

  #receive(entry: Entry, message: Buffer, remote: RemoteInfo): void {
    if (!entry.open || this.#host === undefined) return;
    if (message.length > maxDatagram) {
      this.#counters.oversized++;
      return;
    }
    const slot = this.#slots.take();
    if (slot < 0) {
      this.#counters.starved++;
      return;
    }
    this.#counters.received++;
    const packet = this.#packet;
    const source = this.#sources.words(remote.address);
    packet.bytes = this.#slots.bytes(slot);
    packet.bytes.set(message, headroom);
    packet.start = headroom;
    packet.length = message.length;
    packet.slot = slot;
    packet.socket = entry.number;
    packet.family = source.family;
    packet.a = source.a;
    packet.b = source.b;
    packet.c = source.c;
    packet.d = source.d;
    packet.port = remote.port;
    this.#deliver(packet, slot);
  }

  #deliver(packet: Packet, slot: number): void {
    try {
      this.#host?.packet(packet, performance.now());
    } finally {
      this.#slots.release(slot);
      for (let i = 0; i < this.#cloneCount; i++) this.#slots.release(this.#clones[i]?.slot ?? 0);
      this.#cloneCount = 0;
    }
  }

  #transmit(socket: number, slot: number, start: number, length: number, to: Destination): void {
    const entry = this.#entries[socket];
    if (entry === undefined || !entry.open || !(to instanceof DgramDestination)) {
      this.#refused(entry);
      return;
    }
    const flight = this.#flights.pop() ?? this.#newFlight(entry);
    flight.entry = entry;
    flight.slot = slot;
    entry.inFlight++;
    this.#slots.hold(slot);
    entry.socket.send(this.#slots.bytes(slot), start, length, to.port, to.text, flight.done);
    // With nothing queued the kernel has read the bytes already; only the news of it comes a tick later.
    if (entry.socket.getSendQueueCount() > 0) return;
    flight.slot = noSlot;
    this.#slots.release(slot);
  }

  #newFlight(entry: Entry): Flight {
    const flight: Flight = { entry, slot: 0, done: (error) => this.#landed(flight, error) };
    return flight;
  }

  #landed(flight: Flight, error: Error | null): void {
    const { entry, slot } = flight;
    if (slot !== noSlot) this.#slots.release(slot);
    this.#flights.push(flight);
    entry.inFlight--;
    if (error === null) this.#counters.sent++;
    else this.#refused(entry);
    if (!entry.open) this.#retire(entry);
  }

  #refused(entry: Entry | undefined): void {
    this.#counters.sendErrors++;
    if (entry !== undefined) entry.errors++;
  }

  /** Frees the number of a closed socket once no send of it is left. */
  #retire(entry: Entry): void {
    if (entry.inFlight > 0 || this.#entries[entry.number] !== entry) return;
    this.#entries[entry.number] = undefined;
    this.#freeNumbers.push(entry.number);
  }

  #blankPacket(): Packet {
    const bytes = this.#slots.bytes(0);
    return { bytes, start: 0, length: 0, pointer: 0n, slot: 0, socket: 0, family: 4, a: 0, b: 0, c: 0, d: 0, port: 0 };
  }
}

function errnoOf(thrown: unknown): number {
  if (thrown instanceof Error && 'errno' in thrown && typeof thrown.errno === 'number') return thrown.errno;
  return -constants.errno.EINVAL;
}
