// Source addresses come from node:dgram as text with every packet; parsing it each time would cost more than the relay
// itself. A capped cache from text to words does it once per peer.
import { type AddressWords, parseAddress } from '../address.ts';

const nowhere: AddressWords = { family: 4, a: 0, b: 0, c: 0, d: 0 };

export class Sources {
  readonly #cache = new Map<string, AddressWords>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#cache.size;
  }

  words(address: string): AddressWords {
    const known = this.#cache.get(address);
    if (known !== undefined) return known;
    // Emptied as a whole: no order of use to keep per packet, and the peers that matter are back after one packet each.
    if (this.#cache.size >= this.#capacity) this.#cache.clear();
    // Link-local sources carry a zone index ("%eth0") that is no part of the address.
    const percent = address.indexOf('%');
    const words = parseAddress(percent < 0 ? address : address.slice(0, percent)) ?? nowhere;
    this.#cache.set(address, words);
    return words;
  }
}
