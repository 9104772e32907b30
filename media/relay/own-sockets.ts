// Which address:port pairs are our own: open media ports of all workers, and the listeners of the process. Nothing is ever sent
// there, and nothing learned from there: a call routed back into itself would feed on its own packets.
import { localAddresses, openPortsBytesPerAddress, type WorkerOptions } from '../../shared/relay/worker-options.ts';
import { type AddressWords, parseAddress } from '../io/address.ts';

interface OwnAddress {
  readonly words: AddressWords;
  /** Where its bits start in the shared bitmap. */
  readonly plane: number;
}

interface OwnEndpoint {
  readonly words: AddressWords;
  readonly port: number;
}

export class OwnSockets {
  readonly #open: Uint8Array;
  readonly #planes: readonly string[];
  readonly #addresses: readonly OwnAddress[];
  readonly #endpoints: readonly OwnEndpoint[];

  constructor(options: Pick<WorkerOptions, 'interfaces' | 'openPorts' | 'ownEndpoints'>) {
    this.#open = new Uint8Array(options.openPorts);
    this.#planes = localAddresses(options.interfaces);
    this.#addresses = options.interfaces.flatMap((one) => {
      const plane = this.#planes.indexOf(one.address) * openPortsBytesPerAddress;
      // A packet sent to the advertised address comes back to the local one (hairpin of the router in front).
      return [one.address, one.advertised].flatMap((text) => wordsOf(text).map((words) => ({ words, plane })));
    });
    this.#endpoints = options.ownEndpoints.flatMap((one) => wordsOf(one.address).map((words) => ({ words, port: one.port })));
  }

  /** Marks a media port of ours on one local address as open or closed. Workers own disjoint bytes, but not disjoint words. */
  mark(address: string, port: number, state: 'open' | 'closed'): void {
    const index = this.#planes.indexOf(address) * openPortsBytesPerAddress + (port >>> 3);
    const bit = 1 << (port & 7);
    if (state === 'open') Atomics.or(this.#open, index, bit);
    else Atomics.and(this.#open, index, ~bit);
  }

  has(address: AddressWords, port: number): boolean {
    for (const own of this.#addresses) {
      if (sameAddress(own.words, address) && this.#isOpen(own.plane, port)) return true;
    }
    for (const own of this.#endpoints) {
      if (own.port === port && (sameAddress(own.words, address) || (isZero(own.words) && this.#isLocal(address)))) return true;
    }
    return false;
  }

  #isOpen(plane: number, port: number): boolean {
    return ((this.#open[plane + (port >>> 3)] ?? 0) & (1 << (port & 7))) !== 0;
  }

  #isLocal(address: AddressWords): boolean {
    return this.#addresses.some((own) => sameAddress(own.words, address));
  }
}

export function sameAddress(one: AddressWords, other: AddressWords): boolean {
  return one.a === other.a && one.b === other.b && one.c === other.c && one.d === other.d && one.family === other.family;
}

/** 0.0.0.0 or ::, a listener on all addresses. */
function isZero(address: AddressWords): boolean {
  return address.a === 0 && address.b === 0 && address.c === 0 && address.d === 0;
}

function wordsOf(text: string): AddressWords[] {
  const words = parseAddress(text);
  return words === undefined ? [] : [words];
}
