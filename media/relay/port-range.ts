// The port numbers of one worker on one local address. They are dealt in units of two, an even port for RTP and the odd one after it
// for RTCP (RFC 3550 section 11), in random order: the next port must not be guessable from the last. Numbers only, no sockets.
import type { Rng } from '../../shared/rng.ts';
import { foreignMs } from './limits.ts';

interface Foreign {
  readonly port: number;
  readonly until: number;
}

export class PortRange {
  readonly #rng: Rng;
  /** Even ports of the free units; the first `#count` entries are valid. */
  readonly #free: Uint16Array;
  #count = 0;
  /** Units in which another process holds a port, oldest first. */
  #foreign: Foreign[] = [];

  constructor(options: { readonly min: number; readonly max: number; readonly rng: Rng }) {
    this.#rng = options.rng;
    const first = options.min + (options.min & 1);
    const units = Math.max(0, Math.floor((options.max - first + 1) / 2));
    this.#free = new Uint16Array(units);
    for (let unit = 0; unit < units; unit++) this.give(first + unit * 2);
  }

  /** Ports, not units. */
  get free(): number {
    return this.#count * 2;
  }

  /** A random free unit's even port; undefined when none is left. */
  take(now: number): number | undefined {
    this.#reclaim(now);
    if (this.#count === 0) return undefined;
    const index = this.#rng.int(this.#count);
    const port = this.#free[index];
    this.#count--;
    this.#free[index] = this.#free[this.#count] ?? 0;
    return port;
  }

  /** Gives a taken unit back. */
  give(port: number): void {
    this.#free[this.#count++] = port;
  }

  /** Gives a taken unit back as held by another process: it is left alone for a while. */
  giveForeign(port: number, now: number): void {
    this.#foreign.push({ port, until: now + foreignMs });
  }

  #reclaim(now: number): void {
    let due = 0;
    for (const entry of this.#foreign) {
      if (entry.until > now) break;
      this.give(entry.port);
      due++;
    }
    if (due > 0) this.#foreign = this.#foreign.slice(due);
  }
}
