// Peers' addresses prepared for the kernel: a pool of encoded sockaddrs in native memory. Made and forgotten at control
// rate, read by number on the packet path.
import { WeirError } from '../../../shared/errors.ts';
import { type AddressWords, parseAddress } from '../address.ts';
import type { Destination } from '../packet-io.ts';
import type { Libc } from './libc.ts';
import { Region } from './region.ts';
import { encodeSockaddr } from './sockaddr.ts';

const stride = 32;
const chunkEntries = 2048;

interface Chunk {
  readonly region: Region;
  readonly view: DataView;
}

export class NativeDestination implements Destination {
  readonly family: 4 | 6;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly port: number;
  /** Address of the sockaddr as two words. */
  readonly low: number;
  readonly high: number;
  readonly entry: number;
  /** Bytes of the sockaddr; 0 once forgotten, so that a stale object cannot send to whom the entry belongs next. */
  bytes: number;

  constructor(address: AddressWords, port: number, place: { low: number; high: number; entry: number; bytes: number }) {
    this.family = address.family;
    this.a = address.a;
    this.b = address.b;
    this.c = address.c;
    this.d = address.d;
    this.port = port;
    this.low = place.low;
    this.high = place.high;
    this.entry = place.entry;
    this.bytes = place.bytes;
  }
}

export class DestinationPool {
  readonly #libc: Libc;
  readonly #chunks: Chunk[] = [];
  readonly #freeEntries: number[] = [];
  /** Forgotten, but perhaps named by a send the kernel has not read yet. */
  #forgotten: number[] = [];

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  make(address: string, port: number): NativeDestination {
    const words = parseAddress(address);
    if (words === undefined || !Number.isInteger(port) || port < 1 || port > 65535) {
      throw new WeirError('bad-address', `Cannot send to "${address}" port ${port}: must be a literal IP and a port of 1-65535`);
    }
    const entry = this.#freeEntries.pop() ?? this.#grow();
    const chunk = this.#chunks[Math.floor(entry / chunkEntries)];
    if (chunk === undefined) throw new RangeError(`No chunk for destination ${entry}`);
    const offset = (entry % chunkEntries) * stride;
    const bytes = encodeSockaddr(chunk.view, offset, words, port);
    const { low, high } = chunk.region;
    return new NativeDestination(words, port, { low: low + offset, high, entry, bytes });
  }

  forget(destination: Destination): void {
    if (!(destination instanceof NativeDestination) || destination.bytes === 0) return;
    destination.bytes = 0;
    this.#forgotten.push(destination.entry);
  }

  /** To be called when the kernel has read every send queued so far. */
  reclaim(): void {
    if (this.#forgotten.length === 0) return;
    for (const entry of this.#forgotten) this.#freeEntries.push(entry);
    this.#forgotten = [];
  }

  free(): void {
    for (const chunk of this.#chunks) chunk.region.free();
    this.#chunks.length = 0;
    this.#freeEntries.length = 0;
  }

  #grow(): number {
    const region = Region.anonymous(this.#libc, chunkEntries * stride);
    const first = this.#chunks.length * chunkEntries;
    this.#chunks.push({ region, view: new DataView(region.buffer) });
    for (let entry = first + chunkEntries - 1; entry > first; entry--) this.#freeEntries.push(entry);
    return first;
  }
}
