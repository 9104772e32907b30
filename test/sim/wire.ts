// The network between Weir and the parties of a simulation: loses, doubles, delays and thereby reorders what it carries.

import type { Rng } from '../../shared/rng.ts';
import type { Timers } from '../../shared/timer-queue.ts';
import { chance, type Temper } from './temper.ts';

export class Wire {
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #rng: Rng;
  #temper: Pick<Temper, 'lost' | 'doubled' | 'delayMs'>;

  constructor(options: { timers: Timers; now: () => number; rng: Rng; temper: Temper }) {
    this.#timers = options.timers;
    this.#now = options.now;
    this.#rng = options.rng;
    this.#temper = options.temper;
  }

  /** From now on all arrives, once. */
  calm(): void {
    this.#temper = { ...this.#temper, lost: 0, doubled: 0 };
  }

  carry(arrive: (now: number) => void): void {
    const { lost, doubled, delayMs } = this.#temper;
    if (chance(this.#rng, lost)) return;
    for (let copies = chance(this.#rng, doubled) ? 2 : 1; copies > 0; copies--) {
      this.#timers.schedule(this.#now() + (delayMs === 0 ? 0 : 1 + this.#rng.int(delayMs)), arrive);
    }
  }
}
